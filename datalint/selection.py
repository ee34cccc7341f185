"""Which rules are checked, and how sure a finding has to be to be shown."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Confidence
from datalint.refusal import Refusal
from datalint.source.near import did_you_mean
from datalint.source.text import DATA, Sought

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.finding import Finding
    from datalint.source.ignores import Line

#: The rules, and whether each is checked by default. Told here because to import them all takes
#: longer than most runs; a test holds it against `datalint.rules.ALL`.
RULES = {
    "write-after-save": True,
    "untracked-write": True,
    "unchecked-write": True,
    "data-write": False,
    "data-assignment": False,
    "write-without-effect": False,
    "data-read": False,
    "blind-write": False,
    "unused-suppression": True,
}
_SURENESS = {confidence: rank for rank, confidence in enumerate(Confidence)}


@dataclass(frozen=True, slots=True)
class PerFile:
    """Which rules are not reported in which files: patterns from the folder `base` on."""

    base: str = ""
    ignores: tuple[tuple[Line, frozenset[str]], ...] = ()

    @classmethod
    def read(cls, base: str, ignores: Iterable[tuple[str, tuple[str, ...]]]) -> PerFile:
        """From patterns as `.gitignore` has them, and names of rules, `all` among them.

        A pattern that begins with `!` is for all files but those.
        """
        if not (ignores := tuple(ignores)):
            return cls()
        from pathlib import Path

        from datalint.source.ignores import Line

        made = tuple(
            (line, frozenset(RULES if "all" in names else names))
            for pattern, names in ignores
            if (line := Line.read(pattern))
        )
        return cls(str(Path(base).absolute()), made)

    def rules(self, path: str) -> frozenset[str]:
        """The rules that are not reported in a file."""
        if not self.ignores:
            return frozenset()
        from datalint.source.ignores import below

        inside = below(self.base, path)
        held = (rules for line, rules in self.ignores if line.matches(inside) is line.excludes)
        return frozenset[str]().union(*held)


class BadSelection(Refusal):
    """Rules that cannot be selected; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which findings are shown; rules are named as their user named them, `all` among them."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: Confidence = Confidence.MEDIUM
    per_file: PerFile = PerFile()

    def __post_init__(self) -> None:
        if self.select or self.extend_select or self.ignore:
            self.rules()  # A mistyped rule is an error though no file has a finding.

    def rules(self) -> frozenset[str]:
        """The names of the selected rules."""
        return _selected(self.select, self.extend_select, self.ignore)

    def rules_in(self, path: str) -> frozenset[str]:
        """Those of them that are reported in a file."""
        return self.rules() - self.per_file.rules(path)

    def sought(self) -> Sought:
        """What is looked for: `.data` in any case, whose writes are counted if not shown."""
        if not self.select and not self.extend_select:
            return Sought()
        from datalint.rules import ALL

        rules = [rule for rule in ALL if rule.name in self.rules()]
        ways = frozenset({DATA}).union(*(rule.ways for rule in rules))
        return Sought(ways, any(rule.of_reads for rule in rules))

    def is_sure(self, finding: Finding) -> bool:
        """Whether a finding is of the confidence asked for."""
        return _SURENESS[finding.confidence] >= _SURENESS[self.min_confidence]


@functools.cache
def _selected(
    select: tuple[str, ...], extend_select: tuple[str, ...], ignore: tuple[str, ...]
) -> frozenset[str]:
    def named(names: tuple[str, ...]) -> set[str]:
        return {rule for name in names for rule in ([name] if name != "all" else known)}

    known = list(RULES)
    default = {name for name, checked in RULES.items() if checked}
    for name in (*select, *extend_select, *ignore):
        if name not in (*known, "all"):
            raise BadSelection(f"no rule is named {name!r}{did_you_mean(name, [*known, 'all'])}")
    rules = ((named(select) or default) | named(extend_select)) - named(ignore)
    if not rules:
        raise BadSelection("no rule is left to check: all that are selected are ignored")
    return frozenset(rules)


def explain_rules(names: tuple[str, ...]) -> str:
    """The pages of rules, each under its name, level and whether it is checked by default."""
    from datalint.rules import ALL

    wanted = _selected(names, (), ())
    return "\n\n".join(
        f"{rule.name} ({rule.level}, {'on by default' if rule.default else 'opt-in'})\n\n"
        f"{rule.page.strip()}\n"
        for rule in ALL
        if rule.name in wanted
    )
