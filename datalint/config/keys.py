"""What may stand in `[tool.datalint]`: the one table that all else is made from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datalint.config.config import Config
from datalint.config.forms import ByPattern, Choice, File, Key, Matches, Patterns, Section, Words
from datalint.finding import Confidence
from datalint.ops.stated import Stated
from datalint.selection import RULES

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from datalint.ops.stated import Place

#: Not `\w`, which means ASCII alone to the editors that read the schema.
_FIRST, _LATER = r"[^\s\x00-@\[-^`{-\x7f]", r"[^\s\x00-/:-@\[-^`{-\x7f]"
_NAME = f"{_FIRST}{_LATER}*"
_DOTTED = rf"{_NAME}(?:\.{_NAME})*"
_MUTATION = rf"(?P<function>{_DOTTED})(?::(?:(?P<at>[0-9]{{1,3}})|(?P<by>{_NAME})))?"
_RULES = Words((*RULES, "all"), "rule")

FACTS = {
    "mutates": Key(
        Matches(_MUTATION, '"f", "f:1" or "f:out"'),
        "The function writes an argument, or the tensors in it: the first one, or that of a"
        " position (from 0) or a keyword.",
    ),
    "returns-tensor": Key(
        Matches(_DOTTED, '"f" or "mylib.ops.f"'),
        "The result is a tensor, so that its `.data` is one's.",
    ),
    "modules": Key(
        Matches(_DOTTED, '"Base" or "mylib.Base"'),
        "Calling the class, or a class made from it, makes an `nn.Module`.",
    ),
}
KEYS = {
    "select": Key(
        replace(_RULES, least=1),
        "The rules to check instead of the default ones; `all` is every rule.",
    ),
    "extend-select": Key(_RULES, "Rules to check as well."),
    "ignore": Key(_RULES, "Rules not to check."),
    "per-file-ignores": Key(
        ByPattern(_RULES), "By a pattern for paths, the rules that are not reported there."
    ),
    "min-confidence": Key(
        Choice(tuple(map(str, Confidence))), "Show no finding that assumes more than this."
    ),
    "exclude": Key(
        Patterns(), "Patterns for what is passed over, instead of `.venv`, `build` and the like."
    ),
    "extend-exclude": Key(Patterns(), "Patterns for what is passed over as well."),
    "baseline": Key(File(), "The file with the findings that are known and not shown."),
    "facts": Key(Section(FACTS), "What is known of code that datalint cannot read."),
}


def config(path: str, values: Mapping[str, Any]) -> Config:
    """The values of `KEYS`, as they were read."""
    given = {name.replace("-", "_"): value for name, value in values.items() if name != "facts"}
    return Config(path=path, stated=_stated(values.get("facts", {})), **given)


def _stated(facts: Mapping[str, tuple[re.Match[str], ...]]) -> Stated:
    return Stated(
        tuple(_mutation(match) for match in facts.get("mutates", ())),
        frozenset(match[0] for match in facts.get("returns-tensor", ())),
        frozenset(match[0] for match in facts.get("modules", ())),
    )


def _mutation(match: re.Match[str]) -> tuple[str, Place]:
    return match["function"], match["by"] or int(match["at"] or 0)
