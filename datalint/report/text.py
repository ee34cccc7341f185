"""The report for people: each finding with its source, its story drawn under the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level, place_name
from datalint.report.outcome import PLAIN
from datalint.report.screen import paint, visible
from datalint.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datalint.finding import Finding
    from datalint.report.excerpt import Mark
    from datalint.report.outcome import Look, Problem, Report
    from datalint.source.text import Text

_BOLD, _BLUE = "1", "1;34"
#: How levels look where there is color.
LEVEL_STYLES = {Level.ERROR: "1;31", Level.WARNING: "1;33", Level.NOTE: "1;36"}


def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
    """Findings, then what was not analysed, then the summary."""
    blocks = stories(report, sources, look)
    blocks += ["\n".join(_problem(problem, look)) for problem in report.problems]
    if look.summary:
        blocks.append(summary(report))
    return "\n\n".join(blocks) + "\n" * bool(blocks)


def stories(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> list[str]:
    """Each finding with its source."""
    lines = {name: text.lines() for name, text in sources.items()}
    return ["\n".join(_finding(finding, lines, look)) for finding in report.findings]


def _finding(finding: Finding, lines: Mapping[str, Sequence[str]], look: Look) -> list[str]:
    from datalint.report.excerpt import Gutter, excerpt

    here, *elsewhere = _marks(finding, look).items()
    last_row = max(mark.span.end_row for _, marks in (here, *elsewhere) for mark in marks)
    gutter = Gutter(len(str(last_row)), _BLUE if look.color else "")
    margin = " " * gutter.width
    block = [
        _headline(finding.level, finding.rule, finding.message, look),
        margin + _place("-->", here[0], finding.span.row, finding.span.column, look),
        gutter.line(None),
        *excerpt(lines[here[0]], here[1], gutter),
    ]
    for name, marks in elsewhere:
        span = marks[0].span
        block += [
            gutter.line(None),
            margin + _place(":::", name, span.row, span.column, look),
            gutter.line(None),
            *excerpt(lines[name], marks, gutter),
        ]
    if finding.help:
        equals = paint("=", gutter.style)
        block += [gutter.line(None), f"{margin} {equals} help: {visible(finding.help)}"]
    return block


def _marks(finding: Finding, look: Look) -> dict[str, list[Mark]]:
    """By file or cell what is to be marked there: first the finding's own, then as it is told."""
    from datalint.report.excerpt import Mark

    blue, level = (_BLUE, LEVEL_STYLES[finding.level]) if look.color else ("", "")
    here = place_name(finding.path, finding.span.cell)
    marks: dict[str, list[Mark]] = {here: []}
    for note in finding.notes:
        mark = Mark(note.span, visible(note.message), "-", blue)
        marks.setdefault(place_name(note.path, note.span.cell), []).append(mark)
    # Last, so that no note's line hides the expression that is to be changed.
    marks[here].append(Mark(finding.span, "", "^", level))
    return marks


def _problem(problem: Problem, look: Look) -> list[str]:
    name = place_name(problem.path, problem.cell)
    return [
        _headline(Level.ERROR, problem.rule, problem.reason, look),
        " " + _place("-->", name, problem.row, problem.column, look),
    ]


def _headline(level: Level, rule: str, message: str, look: Look) -> str:
    head, text = f"{level}[{rule}]", f": {visible(message)}"
    return paint(head, LEVEL_STYLES[level]) + paint(text, _BOLD) if look.color else head + text


def _place(arrow: str, name: str, row: int, column: int, look: Look) -> str:
    return f"{paint(arrow, _BLUE if look.color else '')} {visible(name)}:{row}:{column}"
