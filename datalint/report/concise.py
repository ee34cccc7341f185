"""The report of one line a finding, as editors and `grep` like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level
from datalint.report.outcome import PLAIN
from datalint.report.screen import visible
from datalint.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.report.outcome import Look, Report


def render(report: Report, sources: Mapping[str, str], look: Look = PLAIN) -> str:
    """`path:row:column: level[rule] message`, then the summary."""
    lines = [
        _line(found.path, found.span.row, found.span.column, found.level, found.rule, found.message)
        for found in report.findings
    ]
    lines += [
        _line(
            problem.path, problem.row, problem.column, Level.ERROR, "not-analysed", problem.reason
        )
        for problem in report.problems
    ]
    if look.summary:
        lines.append(summary(report))
    return "".join(f"{line}\n" for line in lines)


def _line(path: str, row: int, column: int, level: Level, rule: str, message: str) -> str:
    return f"{visible(path)}:{row}:{column}: {level}[{rule}] {visible(message)}"
