"""The report for programs: an array in the shape of Ruff's, so what reads one reads the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from datalint.report.links import page_url
from datalint.report.outcome import PLAIN
from datalint.source.fingerprint import fingerprint, fingerprints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.finding import Finding, Fix, Span
    from datalint.report.outcome import Look, Problem, Report
    from datalint.source.text import Text


def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
    """Findings and files that were not analysed, in one order."""
    keys = fingerprints(report.findings, sources)
    entries = [
        *(_finding(finding, key) for finding, key in zip(report.findings, keys, strict=True)),
        *map(_problem, report.problems),
    ]
    entries.sort(key=_order)
    # ASCII only, as no terminal or half a surrogate in a path can spoil that.
    return json.dumps(entries, indent=2) + "\n"


def _order(entry: dict[str, Any]) -> tuple[str, int, int, int]:
    place = entry["location"]
    return entry["filename"], entry["cell"] or 0, place["row"], place["column"]


def _finding(finding: Finding, key: str) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "code": finding.rule,
        "filename": finding.path,
        **_locations(finding.span),
        "cell": finding.span.cell,
        "message": finding.message,
        "url": page_url(finding.rule),
        "fix": finding.fix and _fix(finding.fix),
        "confidence": finding.confidence,
        "related": [
            {
                "filename": note.path,
                **_locations(note.span),
                "cell": note.span.cell,
                "message": note.message,
            }
            for note in finding.notes
        ],
        "fingerprint": key,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    place = {"row": problem.row, "column": problem.column}
    return {
        "rule": problem.rule,
        "code": problem.rule,
        "filename": problem.path,
        "location": place,
        "end_location": place,
        "cell": problem.cell,
        "message": problem.reason,
        "url": None,
        "fix": None,
        "confidence": None,
        "related": [],
        "fingerprint": fingerprint(problem.path, problem.rule, problem.reason),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability,
        "message": fix.message,
        "edits": [{"content": edit.content, **_locations(edit.span)} for edit in fix.edits],
    }


def _locations(span: Span) -> dict[str, dict[str, int]]:
    return {
        "location": {"row": span.row, "column": span.column},
        "end_location": {"row": span.end_row, "column": span.end_column},
    }
