"""The line that ends a report for people: it says what was checked and what is not shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from datalint.finding import Applicability

if TYPE_CHECKING:
    from datalint.report.outcome import Report


def summary(report: Report) -> str:
    """One line, without its line end."""
    files = f"{count(report.checked, 'file')} checked"
    for what, number in Counter(problem.rule for problem in report.problems).items():
        files += f", {number} {what.replace('-', ' ')}"
    line = f"{files}: {count(len(report.findings), 'finding')}"
    line += _fixes(report)
    for where, number in report.sifted.items():
        line += f"; {number} {where}" if number else ""
    if report.doubtful:
        line += f"; {report.doubtful} of medium confidence: --min-confidence medium"
    if report.hidden:
        writes = count(report.hidden, "write")
        line += f"; {writes} through .data not shown to be harmful: --select all"
    return line


def _fixes(report: Report) -> str:
    fixes = Counter(f.fix.applicability for f in report.findings if f.fix)
    told = ""
    if report.fixed is not None:
        told += f"; {report.fixed} fixed"
        if unsafe := fixes[Applicability.UNSAFE]:
            told += f"; {unsafe} can be changed by --unsafe-fixes"
    elif safe := fixes[Applicability.SAFE]:
        told += f"; {safe} can be fixed: --fix"
    return told


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
