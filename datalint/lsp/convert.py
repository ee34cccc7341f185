"""Findings in the client's terms: URIs, positions that count from 0 in its units, severities."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from datalint.finding import Level, place_name
from datalint.report.links import page_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pygls.workspace import PositionCodec

    from datalint.config import BadConfig
    from datalint.finding import Edit, Finding, Span
    from datalint.lsp.documents import Document
    from datalint.lsp.judge import Outcome
    from datalint.report import Problem

SOURCE = "datalint"
_SEVERITIES = {
    Level.ERROR: types.DiagnosticSeverity.Error,
    Level.WARNING: types.DiagnosticSeverity.Warning,
    Level.NOTE: types.DiagnosticSeverity.Information,
}
#: A character behind the end of any line, which LSP takes for its end.
_LINE_END = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Marked:
    """A diagnostic, and the finding that it tells."""

    diagnostic: types.Diagnostic
    finding: Finding


@dataclass(slots=True)
class Terms:
    """The terms of one outcome: what its places are called, and how they are counted."""

    outcome: Outcome
    #: By their paths what the client calls the texts that it has open.
    uris: Mapping[str, str]
    codec: PositionCodec
    _lines: dict[str, Sequence[str]] = field(default_factory=dict)

    def uri(self, path: str, cell: int | None) -> str:
        """What the client calls a file or a cell."""
        unit = self.outcome.unit
        if path == unit.path:
            return unit.parts[cell].uri
        return self.uris.get(path) or Path(path).as_uri()

    def range(self, path: str, span: Span) -> types.Range:
        """Where a span is."""
        lines = self._lines_of(path, span.cell)
        begin = types.Position(span.row - 1, span.column - 1)
        end = types.Position(span.end_row - 1, span.end_column - 1)
        return self.codec.range_to_client_units(lines, types.Range(begin, end))

    def _lines_of(self, path: str, cell: int | None) -> Sequence[str]:
        if path == self.outcome.unit.path:
            return self.outcome.unit.parts[cell].lines
        name = place_name(path, cell)
        if name not in self._lines:
            self._lines[name] = self.outcome.sources[name].lines()
        return self._lines[name]

    def marked(self, finding: Finding) -> Marked:
        """A finding as a diagnostic of its document."""
        advice = f"\nhelp: {finding.help}" if finding.help else ""
        return Marked(
            types.Diagnostic(
                range=self.range(finding.path, finding.span),
                severity=_SEVERITIES[finding.level],
                source=SOURCE,
                code=finding.rule,
                code_description=types.CodeDescription(page_url(finding.rule)),
                message=finding.message + advice,
                related_information=[
                    types.DiagnosticRelatedInformation(
                        types.Location(
                            self.uri(note.path, note.span.cell), self.range(note.path, note.span)
                        ),
                        note.message,
                    )
                    for note in finding.notes
                ],
            ),
            finding,
        )

    def unit_part(self, problem: Problem) -> Document:
        """The document that a problem is in; of a whole notebook, the first."""
        parts = self.outcome.unit.parts
        return parts.get(problem.cell) or next(iter(parts.values()))

    def problem(self, problem: Problem) -> types.Diagnostic:
        """What could not be analysed: no more than information, as it is so while one types."""
        document = self.unit_part(problem)
        place = types.Position(problem.row - 1, problem.column - 1)
        begin = self.codec.position_to_client_units(document.lines, place)
        return types.Diagnostic(
            range=types.Range(begin, types.Position(begin.line, _LINE_END)),
            severity=types.DiagnosticSeverity.Information,
            source=SOURCE,
            code=problem.rule,
            message=f"not analysed: {problem.reason}",
        )

    def edits(self, edits: Iterable[Edit], newline: str) -> list[types.TextEdit]:
        """Edits of one document, whose lines end in `newline`."""
        path = self.outcome.unit.path
        return [
            types.TextEdit(self.range(path, e.span), e.content.replace("\n", newline))
            for e in edits
        ]


def bad_config(error: BadConfig) -> types.Diagnostic:
    """What is wrong with a configuration, in its file."""
    begin = types.Position(error.row - 1, error.column - 1)
    return types.Diagnostic(
        range=types.Range(begin, types.Position(begin.line, _LINE_END)),
        severity=types.DiagnosticSeverity.Error,
        source=SOURCE,
        message=error.reason,
    )
