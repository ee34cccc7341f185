"""What a file came to as JSON, and back.

The path of the file is left out: who asks knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datalint.finding import (
    Applicability,
    Confidence,
    Edit,
    Finding,
    Fix,
    Level,
    NotAnalysed,
    Note,
    Span,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The findings of a file, or why it has none or not all.
Verdict = list[Finding] | NotAnalysed

_Span = tuple[int, int, int, int, int | None]


def dumped(verdict: Verdict) -> Any:
    """What `json` can write of it."""
    if isinstance(verdict, NotAnalysed):
        why = [verdict.reason, verdict.row, verdict.column, verdict.cell]
        made = verdict.findings
        return {"refused": why} | ({} if made is None else {"found": _dump_findings(made)})
    return {"found": _dump_findings(verdict)}


def loaded(value: Any, path: str) -> Verdict:
    """What was found in the file at `path`, from what `dumped` made of it."""
    made = value.get("found")
    found = None if made is None else [_load_finding(path, *finding) for finding in made]
    if "refused" not in value:
        return found or []
    reason, row, column, cell = value["refused"]
    return NotAnalysed(reason, row, column, cell, None if found is None else tuple(found))


def _dump_findings(findings: Iterable[Finding]) -> list[Any]:
    return [_dump_finding(finding) for finding in findings]


def _dump_finding(finding: Finding) -> list[Any]:
    notes = [
        [note.message, None if note.path == finding.path else note.path, _dump_span(note.span)]
        for note in finding.notes
    ]
    fix = finding.fix and [
        finding.fix.applicability,
        finding.fix.message,
        [[_dump_span(edit.span), edit.content] for edit in finding.fix.edits],
        finding.fix.group,
    ]
    return [
        *(finding.rule, finding.level, _dump_span(finding.span), finding.message, finding.help),
        *(finding.confidence, notes, fix),
    ]


def _load_finding(
    path: str,
    rule: str,
    level: str,
    span: _Span,
    message: str,
    advice: str,
    confidence: str,
    notes: list[tuple[str, str | None, _Span]],
    fix: list[Any] | None,
) -> Finding:
    told = tuple(
        Note(text, path if other is None else other, Span(*at)) for text, other, at in notes
    )
    return Finding(
        *(rule, Level(level), path, Span(*span), message, advice, Confidence(confidence), told),
        None if fix is None else _load_fix(*fix),
    )


def _load_fix(applicability: str, message: str, edits: list[tuple[_Span, str]], group: int) -> Fix:
    made = tuple(Edit(Span(*span), content) for span, content in edits)
    return Fix(Applicability(applicability), message, made, group)


def _dump_span(span: Span) -> _Span:
    return span.row, span.column, span.end_row, span.end_column, span.cell
