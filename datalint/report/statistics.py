"""How many findings there are of each rule, without the findings."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from datalint.finding import Applicability, Level
from datalint.report.outcome import PLAIN
from datalint.report.screen import paint
from datalint.report.summary import summary
from datalint.report.text import LEVEL_STYLES

if TYPE_CHECKING:
    from datalint.report.outcome import Look, Report


class _Row(NamedTuple):
    rule: str
    level: Level
    count: int
    #: How many `--fix` makes without `--unsafe-fixes`.
    fixable: int


def render(report: Report, look: Look = PLAIN) -> str:
    """A table, what is most first, then the summary; `[*]` is what `--fix` can do."""
    rows = _rows(report)
    widths = [max((len(str(cell)) for cell in column), default=0) for column in zip(*rows)]
    lines = [_line(row, widths, look) for row in rows]
    if look.summary:
        lines += [""] * bool(lines) + [summary(report)]
    return "".join(f"{line}\n" for line in lines)


def render_json(report: Report) -> str:
    """An array with an object for each rule."""
    entries = [{"code": row.rule, **row._asdict()} for row in _rows(report)]
    return json.dumps(entries, indent=2) + "\n"


def _line(row: _Row, widths: list[int], look: Look) -> str:
    rule, level, count, _ = widths
    style = LEVEL_STYLES[row.level] if look.color else ""
    line = f"{row.count:>{count}}  {paint(f'{row.level:{level}}', style)}  {row.rule:{rule}}"
    if row.fixable:
        line += "  [*]" + (f" {row.fixable}" if row.fixable < row.count else "") + " fixable"
    return line.rstrip()


def _rows(report: Report) -> list[_Row]:
    """A row for each rule, and one for files that were not analysed."""
    counts = Counter((finding.rule, finding.level) for finding in report.findings)
    counts.update((problem.rule, Level.ERROR) for problem in report.problems)
    fixable = Counter(
        finding.rule
        for finding in report.findings
        if finding.fix and finding.fix.applicability is Applicability.SAFE
    )
    rows = [_Row(*what, number, fixable[what[0]]) for what, number in counts.items()]
    return sorted(rows, key=lambda row: (-row.count, row.rule))
