"""The line that ends a report for people: it says what was checked and what is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datalint.report.outcome import Report


def summary(report: Report) -> str:
    """One line, without its line end."""
    files = f"{_count(report.checked, 'file')} checked"
    if report.problems:
        files += f", {len(report.problems)} not analysed"
    line = f"{files}: {_count(len(report.findings), 'finding')}"
    if report.doubtful:
        line += f"; {report.doubtful} of medium confidence: --min-confidence medium"
    if report.hidden:
        writes = _count(report.hidden, "write")
        line += f"; {writes} through .data not shown to be harmful: --select all"
    return line


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
