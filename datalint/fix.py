"""Fixes made: round by round, each result read and judged again before it counts."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Applicability, NotAnalysed
from datalint.source.edit import edited
from datalint.source.notebook import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.finding import Edit, Finding, Fix
    from datalint.lint import Linted, Linter
    from datalint.write import Put

#: From where to where an edit goes: cell, row and column.
_Extent = tuple[tuple[int, int, int], tuple[int, int, int]]

#: A fix may bring another finding to light, and that its own fix, but not for ever.
_MORE_ROUNDS = 10


@dataclass(slots=True)
class Fixer:
    """A linter that fixes what it finds, and reports what is left."""

    linter: Linter
    put: Put
    #: Whether fixes that can change what the program does are made as well.
    unsafe: bool = False
    #: Whether there was anything to fix.
    found: bool = False

    def lint(self, source: bytes, path: str) -> Linted:
        """What is left in a file that held `source`; what it holds with the fixes was put.

        Raises `NotAnalysed` as a linter does, `NotEdited`, and what `put` raises.
        """
        linted = self.linter.lint(source, path)
        fixes = self._fixes(linted.findings)
        self.found = self.found or bool(fixes)
        fixed, total, seen = source, 0, {source}
        for _ in range(len(fixes) + _MORE_ROUNDS):
            made = self._round(fixed, path, fixes, seen) if fixes else None
            if made is None:
                break
            fixed, linted, count = made
            fixes = self._fixes(linted.findings)
            total += count
        if fixed != source:
            self.put(path, source, fixed)
        return linted._replace(fixed=total)

    def _fixes(self, findings: Iterable[Finding]) -> list[Fix]:
        """The fixes that may be made, in the order of their places; the same one only once."""
        wanted = {f.fix: None for f in findings if f.fix and self._may_make(f.fix)}
        return sorted(wanted, key=lambda fix: _extent(fix.edits[0]))

    def _may_make(self, fix: Fix) -> bool:
        return self.unsafe or fix.applicability is Applicability.SAFE

    def _round(
        self, source: bytes, path: str, fixes: list[Fix], seen: set[bytes]
    ) -> tuple[bytes, Linted, int] | None:
        """As many fixes as go together, or else the first that goes; None where none does."""
        for chosen in (_apart(fixes), *([fix] for fix in fixes)):
            fixed = edited(source, path, [edit for fix in chosen for edit in fix.edits])
            if fixed in seen:
                continue
            seen.add(fixed)
            try:
                parse(fixed, path)  # where no `.data` is left the linter does not
                return fixed, self.linter.lint(fixed, path), len(chosen)
            except NotAnalysed:
                continue  # the others may still do
        return None


def _apart(fixes: Iterable[Fix]) -> list[Fix]:
    """Of fixes in their order those that touch none before them, one of each group."""
    chosen: list[Fix] = []
    taken: list[_Extent] = []
    groups: set[int] = set()
    for fix in fixes:
        wanted = sorted(_extent(edit) for edit in fix.edits)
        if fix.group in groups or any(_overlaps(extent, taken) for extent in wanted):
            continue
        chosen.append(fix)
        groups |= {fix.group} - {0}
        for extent in wanted:
            taken.insert(bisect(taken, extent), extent)
    return chosen


def _extent(edit: Edit) -> _Extent:
    span, cell = edit.span, edit.span.cell or 0
    return (cell, span.row, span.column), (cell, span.end_row, span.end_column)


def _overlaps(extent: _Extent, taken: list[_Extent]) -> bool:
    """Whether an edit shares a character, or the place of an insertion, with one of others."""
    at = bisect(taken, extent)
    return any(
        other[0] == extent[0] or (other[0] < extent[1] and extent[0] < other[1])
        for other in taken[max(at - 1, 0) : at + 1]
    )
