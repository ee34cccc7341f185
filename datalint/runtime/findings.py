"""Corruptions as findings, which any reporter prints, with what the linter says of the place."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.check import check_source
from datalint.finding import Confidence, Finding, Level, NotAnalysed, Note, Span
from datalint.flow.project import Project
from datalint.report import Report
from datalint.report.summary import count
from datalint.runtime.corruption import Kind
from datalint.selection import RULES
from datalint.source.text import Text, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datalint.runtime.corruption import Corruption, Gradient, Place

#: What the linter could have said of a corruption; the first that it did say counts.
_RULES = (
    "write-after-save",
    "untracked-write",
    "unchecked-write",
    "data-assignment",
    "data-write",
    "blind-write",
)
_CURE = "make the change out of place, on a clone, or after backward"


@dataclass(slots=True)
class Findings:
    """Turns corruptions into a report; reads and checks each file that they are in once."""

    sources: dict[str, Text] = field(default_factory=dict)
    _linted: dict[str, Sequence[Finding]] = field(default_factory=dict)
    _project: Project = field(default_factory=Project)

    def report(self, corruptions: Iterable[Corruption]) -> Report:
        """A finding for each corruption that has a place in some source, by paths from here."""
        corruptions = map(_from_here, corruptions)
        found = [f for c in corruptions if (f := self._finding(c)) is not None]
        found.sort(key=lambda finding: finding.order())
        return Report(tuple(found), checked=len(self.sources))

    def _finding(self, corruption: Corruption) -> Finding | None:
        place = next(filter(self._can_be_shown, _places(corruption)), None)
        if place is None:
            return None
        linted = self._same(corruption)
        notes = [
            Note(text, at.path, _span(at))
            for text, at in _story(corruption)
            if at is not None and self._can_be_shown(at)
        ]
        finding = Finding(
            _rule(corruption),
            Level.ERROR,
            place.path,
            _span(place),
            f"{_what(corruption)}; {_linter(linted)}",
            _CURE,
            Confidence.HIGH,
            tuple(notes),
        )
        if linted is None:
            return finding
        return replace(
            finding, rule=linted.rule, path=linted.path, span=linted.span, help=linted.help or _CURE
        )

    def _can_be_shown(self, place: Place | None) -> bool:
        """Whether there is such a row in such a file."""
        if place is None:
            return False
        if place.path not in self.sources:
            try:
                self.sources[place.path] = Text(decode(Path(place.path).read_bytes()))
            except (OSError, NotAnalysed, ValueError):
                return False  # a cell, `exec`, a file that is gone
        lines = self.sources[place.path].lines()
        return place.end_row <= len(lines) and place.column <= len(lines[place.row - 1]) + 1

    def _same(self, corruption: Corruption) -> Finding | None:
        """What the linter says of the expression that the write went through, or of the write."""
        at = [place for place in (corruption.alias, corruption.written) if place is not None]
        said = [
            finding
            for place in at
            if self._can_be_shown(place)
            for finding in self._lint(place.path)
            if finding.rule in _RULES
            and any(_meet(place, path, span) for path, span in _spans(finding))
        ]
        return min(said, key=lambda finding: _RULES.index(finding.rule), default=None)

    def _lint(self, path: str) -> Sequence[Finding]:
        """What the linter finds in a file, by any rule and whether or not a comment silences it."""
        if path not in self._linted:
            try:
                self._linted[path] = check_source(Path(path).read_bytes(), path, self._project)
            except NotAnalysed:
                self._linted[path] = ()
        return self._linted[path]


def _from_here(corruption: Corruption) -> Corruption:
    """With files named as one would name them for the linter: from here, where they lie below."""
    here = os.getcwd() + os.sep

    def shown(place: Place | None) -> Place | None:
        return place and replace(place, path=place.path.removeprefix(here))

    return replace(
        corruption,
        saved=shown(corruption.saved),
        alias=shown(corruption.alias),
        written=shown(corruption.written),
        backward=shown(corruption.backward),
    )


def _places(corruption: Corruption) -> list[Place]:
    """Where a finding can be, the expression to change first."""
    places = (corruption.alias, corruption.written, corruption.saved, corruption.backward)
    return [place for place in places if place is not None]


def _spans(finding: Finding) -> list[tuple[str, Span]]:
    """Where the linter says that it is read and written."""
    written = [note for note in finding.notes if "written" in note.message]
    return [(finding.path, finding.span), *((note.path, note.span) for note in written)]


def _meet(place: Place, path: str, span: Span) -> bool:
    if Path(path).absolute() != Path(place.path).absolute():
        return False
    begin, end = (place.row, place.column), (place.end_row, place.end_column)
    return (span.row, span.column) < end and begin < (span.end_row, span.end_column)


def _rule(corruption: Corruption) -> str:
    """The rule that ought to report it."""
    if corruption.kind is Kind.SWAPPED or ".data" in corruption.through or not corruption.through:
        return "write-after-save"
    return "blind-write"


def _what(corruption: Corruption) -> str:
    what = "the result" if corruption.result else "an operand"
    saved = f"{what} that `{corruption.node}` had saved"
    times = f" ({corruption.times} times)" if corruption.times > 1 else ""
    if corruption.kind is Kind.SWAPPED:
        return f"{saved} was given other memory by `.data = `: the gradient was wrong{times}"
    through = f" {corruption.through}" if corruption.through else ""
    return f"{saved} was overwritten{through} before backward: the gradient was wrong{times}"


def _linter(said: Finding | None) -> str:
    if said is None:
        return "`datalint check` misses it"
    option = "" if RULES[said.rule] else " --select all"
    return f"`datalint check{option}` reports it as {said.rule}"


def _story(corruption: Corruption) -> list[tuple[str, Place | None]]:
    what = "its result" if corruption.result else "an operand"
    steps = [
        (f"`{corruption.node}` saves {what} here", corruption.saved),
        ("the alias is taken here", corruption.alias),
        ("written here", corruption.written),
    ]
    if corruption.unknown:
        steps.append((corruption.unknown, corruption.backward))
    steps += [(text, corruption.backward) for text in _computed(corruption.gradients)]
    return steps


def _computed(gradients: Sequence[Gradient]) -> list[str]:
    """What backward was to compute, and what it did compute."""
    if not gradients:
        return ["backward here"]
    worst, more = gradients[0], len(gradients) - 1
    few = len(worst.meant_entries) < math.prod(worst.shape)
    meant, got = (
        "[" + ", ".join(f"{entry:.4g}" for entry in entries) + (", ...]" if few else "]")
        for entries in (worst.meant_entries, worst.got_entries)
    )
    others = f"; {count(more, 'other gradient')} wrong as well" if more else ""
    return [
        f"it is meant to be {meant}, of norm {worst.meant:.4g}: off by {worst.off:.4g}{others}",
        f"backward here makes the gradient of {worst.name} {got}, of norm {worst.got:.4g}",
    ]


def _span(place: Place) -> Span:
    return Span(place.row, place.column, place.end_row, place.end_column)
