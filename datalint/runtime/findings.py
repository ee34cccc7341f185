"""Corruptions as findings, which any reporter prints, with what the linter says of the place."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.check import check_source
from datalint.finding import Confidence, Finding, Level, NotAnalysed, Note, Span
from datalint.flow.project import Project
from datalint.report import Report
from datalint.runtime.corruption import Kind
from datalint.runtime.story import linter, story, what
from datalint.source.text import Text, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datalint.runtime.corruption import Corruption, Place

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
    unplaced: list[Corruption] = field(default_factory=list)
    _linted: dict[str, Sequence[Finding]] = field(default_factory=dict)
    _project: Project = field(default_factory=Project)

    def report(self, corruptions: Iterable[Corruption]) -> Report:
        """A finding for each expression that corrupted something, by paths from here.

        Of all that one has overwritten it shows that whose gradient is the most wrong. What has no
        place in a file that can be read is in `unplaced`.
        """
        groups: dict[tuple[str, str, Span], list[Corruption]] = {}
        for corruption in map(_from_here, corruptions):
            primary = self._primary(corruption)
            if primary is None:
                self.unplaced.append(corruption)
            else:
                groups.setdefault(primary, []).append(corruption)
        found = [self._finding(*primary, group) for primary, group in groups.items()]
        found.sort(key=lambda finding: finding.order())
        return Report(tuple(found), checked=len(self.sources))

    def _primary(self, corruption: Corruption) -> tuple[str, str, Span] | None:
        """The rule, file and expression: what the linter names, else the one to change."""
        said = self._same(corruption)
        if said is not None:
            return said.rule, said.path, said.span
        place = next(filter(self._can_be_shown, _places(corruption)), None)
        return None if place is None else (_rule(corruption), place.path, _span(place))

    def _finding(self, rule: str, path: str, span: Span, group: list[Corruption]) -> Finding:
        worst = max(group, key=_wrongness)
        said = self._same(worst)
        notes = [
            Note(text, at.path, _span(at))
            for text, at in story(worst)
            if at is not None and self._can_be_shown(at)
        ]
        return Finding(
            rule,
            Level.ERROR,
            path,
            span,
            f"{what(worst, len(group) - 1)}; {linter(said)}",
            said.help if said is not None and said.help else _CURE,
            Confidence.HIGH,
            tuple(notes),
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


def _wrongness(corruption: Corruption) -> float:
    return max((g.off / (g.meant or 1e-30) for g in corruption.gradients[:1]), default=-1.0)


def _rule(corruption: Corruption) -> str:
    """The rule that ought to report it."""
    if corruption.kind is Kind.SWAPPED or ".data" in corruption.through or not corruption.through:
        return "write-after-save"
    return "blind-write"


def _span(place: Place) -> Span:
    return Span(place.row, place.column, place.end_row, place.end_column)
