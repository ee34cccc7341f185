"""The report for people: each finding with its source, its story drawn under the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level
from datalint.report.excerpt import Gutter, Mark, excerpt
from datalint.report.outcome import PLAIN
from datalint.report.screen import paint, visible
from datalint.report.summary import summary
from datalint.source.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datalint.finding import Finding
    from datalint.report.outcome import Look, Problem, Report

_BOLD, _BLUE = "1", "1;34"
_LEVELS = {Level.ERROR: "1;31", Level.WARNING: "1;33", Level.NOTE: "1;36"}


def render(report: Report, sources: Mapping[str, str], look: Look = PLAIN) -> str:
    """Findings, then what was not analysed, then the summary."""
    lines = {path: split_lines(text) for path, text in sources.items()}
    blocks = [_finding(finding, lines[finding.path], look) for finding in report.findings]
    blocks += [_problem(problem, look) for problem in report.problems]
    if look.summary:
        blocks.append([summary(report)])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n" * bool(blocks)


def _finding(finding: Finding, lines: Sequence[str], look: Look) -> list[str]:
    blue, level = (_BLUE, _LEVELS[finding.level]) if look.color else ("", "")
    marks = [Mark(note.span, visible(note.message), "-", blue) for note in finding.notes]
    # Last, so that no note's line hides the expression that is to be changed.
    marks.append(Mark(finding.span, "", "^", level))
    gutter = Gutter(len(str(max(mark.span.end_row for mark in marks))), blue)
    margin = " " * gutter.width
    block = [
        _headline(finding.level, finding.rule, finding.message, look),
        margin + _place(finding.path, finding.span.row, finding.span.column, look),
        gutter.line(None),
        *excerpt(lines, marks, gutter),
    ]
    if finding.help:
        block += [gutter.line(None), f"{margin} {paint('=', blue)} help: {visible(finding.help)}"]
    return block


def _problem(problem: Problem, look: Look) -> list[str]:
    return [
        _headline(Level.ERROR, "not-analysed", problem.reason, look),
        " " + _place(problem.path, problem.row, problem.column, look),
    ]


def _headline(level: Level, rule: str, message: str, look: Look) -> str:
    head, text = f"{level}[{rule}]", f": {visible(message)}"
    return paint(head, _LEVELS[level]) + paint(text, _BOLD) if look.color else head + text


def _place(path: str, row: int, column: int, look: Look) -> str:
    return f"{paint('-->', _BLUE if look.color else '')} {visible(path)}:{row}:{column}"
