"""Which rules are checked, and how sure a finding has to be to be shown."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Confidence
from datalint.flow.events import DATA
from datalint.source.near import did_you_mean

if TYPE_CHECKING:
    from datalint.finding import Finding

_SURENESS = {confidence: rank for rank, confidence in enumerate(Confidence)}


class BadSelection(Exception):
    """Rules that cannot be selected; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which findings are shown; rules are named as their user named them, `all` among them."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: Confidence = Confidence.MEDIUM

    def __post_init__(self) -> None:
        if self.select or self.extend_select or self.ignore:
            self.rules()  # A mistyped rule is an error though no file has a finding.

    def rules(self) -> frozenset[str]:
        """The names of the selected rules."""
        return _selected(self.select, self.extend_select, self.ignore)

    def ways(self) -> frozenset[str]:
        """What is looked for: `.data` in any case, whose writes are counted if not shown."""
        if not self.select and not self.extend_select:
            return frozenset({DATA})
        from datalint.rules import ALL

        return frozenset({DATA}).union(*(r.ways for r in ALL if r.name in self.rules()))

    def is_sure(self, finding: Finding) -> bool:
        """Whether a finding is of the confidence asked for."""
        return _SURENESS[finding.confidence] >= _SURENESS[self.min_confidence]


@functools.cache
def _selected(
    select: tuple[str, ...], extend_select: tuple[str, ...], ignore: tuple[str, ...]
) -> frozenset[str]:
    from datalint.rules import ALL

    def named(names: tuple[str, ...]) -> set[str]:
        return {rule for name in names for rule in ([name] if name != "all" else known)}

    known = [rule.name for rule in ALL]
    default = {rule.name for rule in ALL if rule.default}
    for name in (*select, *extend_select, *ignore):
        if name not in (*known, "all"):
            raise BadSelection(f"no rule is named {name!r}{did_you_mean(name, [*known, 'all'])}")
    rules = ((named(select) or default) | named(extend_select)) - named(ignore)
    if not rules:
        raise BadSelection("no rule is left to check: --ignore takes away all that is selected")
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
