"""What changed since a git revision: findings that no changed line has a part in are sieved out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from datalint.finding import NotAnalysed, place_name
from datalint.source.notebook import texts
from datalint.source.repository import BadRevision, Repositories, new_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from datalint.finding import Finding
    from datalint.source.text import Text

#: A row in a file, or in a cell, by its name in reports.
_Row = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Changed:
    """As a sieve it takes out the findings that have no part in a changed line.

    Files are compared as they were judged, with what they held where HEAD and the revision part:
    what is uncommitted counts as changed, and a file that git does not know is new.
    """

    where: ClassVar = "on unchanged lines"
    repositories: Repositories

    @classmethod
    def since(cls, revision: str, named: Iterable[str]) -> Changed:
        """Since a revision in the repositories of the paths named; raises `BadRevision`."""
        if revision.startswith(("-", "^")):
            raise BadRevision(f"{revision!r} is no name of a revision")
        repositories = Repositories(revision)
        for path in named:
            repositories.enter(path)
        return cls(repositories)

    def keep(
        self, path: str, findings: Sequence[Finding], sources: Mapping[str, Text]
    ) -> list[Finding]:
        """The findings of which a row changed, of the expression or of a step of the story."""

        @cache
        def changed(file: str) -> frozenset[_Row]:
            return self._changed(file, sources)

        return [
            finding
            for finding in findings
            if any(not changed(file).isdisjoint(rows) for file, rows in _places(finding))
        ]

    def _changed(self, path: str, sources: Mapping[str, Text]) -> frozenset[_Row]:
        now = _lines(path, sources)
        try:
            before = self.repositories.before(path)
        except BadRevision as error:
            raise NotAnalysed(f"cannot be compared: {error}") from None
        try:
            old = {} if before is None else _lines(path, texts(before, path))
        except NotAnalysed:
            old = {}  # what it was could not be read, so all of it is new
        rows = list(now)
        new = new_lines(list(old.values()), list(now.values()))
        return frozenset(row for each in new for row in rows[each])


def _places(finding: Finding) -> Iterable[tuple[str, list[_Row]]]:
    for path, span in (
        (finding.path, finding.span),
        *((note.path, note.span) for note in finding.notes),
    ):
        name = place_name(path, span.cell)
        yield path, [(name, row) for row in range(span.row, span.end_row + 1)]


def _lines(path: str, sources: Mapping[str, Text]) -> dict[_Row, str]:
    """The lines of a file, or of all cells of a notebook, in their order."""
    return {
        (name, row): line
        for name, text in sources.items()
        if name == path or name.startswith(f"{path}:cell ")
        for row, line in enumerate(text.lines(), 1)
    }
