"""The report of one line a finding, as editors and `grep` like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level, place_name
from datalint.report.outcome import PLAIN
from datalint.report.screen import visible
from datalint.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.report.outcome import Look, Report
    from datalint.source.text import Text


def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
    """`path:row:column: level[rule] message`, then the summary; `path:cell n` in a notebook."""
    shown = lines(report)
    if look.summary:
        shown.append(summary(report))
    return "".join(f"{line}\n" for line in shown)


def lines(report: Report) -> list[str]:
    """A line for each finding, then for each problem."""
    found = [
        _line(f.path, f.span.cell, f.span.row, f.span.column, f"{f.level}[{f.rule}]", f.message)
        for f in report.findings
    ]
    return found + [
        _line(p.path, p.cell, p.row, p.column, f"{Level.ERROR}[{p.rule}]", p.reason)
        for p in report.problems
    ]


def _line(path: str, cell: int | None, row: int, column: int, what: str, message: str) -> str:
    return f"{visible(place_name(path, cell))}:{row}:{column}: {what} {visible(message)}"
