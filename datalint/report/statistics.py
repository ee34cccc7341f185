"""How many findings there are of each rule, without the findings."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from datalint.finding import Applicability, Level
from datalint.report.outcome import PLAIN
from datalint.report.screen import paint
from datalint.report.summary import summary
from datalint.report.text import LEVEL_STYLES

if TYPE_CHECKING:
    from datalint.report.outcome import Look, Report


@dataclass(frozen=True, slots=True)
class _Row:
    rule: str
    level: Level
    count: int
    #: How many `--fix` makes without `--unsafe-fixes`.
    fixable: int


def render(report: Report, look: Look = PLAIN) -> str:
    """A table, what is most first, then the summary; `[*]` is what `--fix` can do."""
    rows = _rows(report)
    lines = [_line(row, rows, look) for row in rows]
    if look.summary:
        lines += [""] * bool(lines) + [summary(report)]
    return "".join(f"{line}\n" for line in lines)


def render_json(report: Report) -> str:
    """An array with an object for each rule."""
    entries = [{"code": row.rule, **asdict(row)} for row in _rows(report)]
    return json.dumps(entries, indent=2) + "\n"


def _line(row: _Row, rows: list[_Row], look: Look) -> str:
    count = str(row.count).rjust(max(len(str(other.count)) for other in rows))
    level = row.level.ljust(max(len(other.level) for other in rows))
    line = f"{count}  {paint(level, LEVEL_STYLES[row.level] if look.color else '')}  "
    if not row.fixable:
        return line + row.rule
    some = f" {row.fixable}" if row.fixable < row.count else ""
    return line + row.rule.ljust(max(len(other.rule) for other in rows)) + f"  [*]{some} fixable"


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
