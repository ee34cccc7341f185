"""What GitHub shows of a step below its log: a table of the findings, in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from datalint.finding import Level, place_name
from datalint.report.links import page_url
from datalint.report.screen import visible
from datalint.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datalint.report.outcome import Report

#: Bytes of a table. GitHub takes one MiB a step, in which other programs may have their say.
LIMIT = 512 * 1024

_MARKUP = re.compile(r"[\\`*_~|\[\]<>&$@#:!]")
_HEAD = "| level | rule | where | what |\n| --- | --- | --- | --- |\n"


def render(report: Report) -> str:
    """The summary line and the table, as far as it fits; how much does not is told."""
    shown = f"\n### datalint\n\n{_escaped(summary(report))}\n"
    rows = list(_rows(report))
    if not rows:
        return shown
    fitting = _fitting(rows)
    shown += f"\n{_HEAD}{''.join(rows[:fitting])}"
    if left := len(rows) - fitting:
        shown += f"\n{left} more did not fit in here; the log of the step has them all.\n"
    return shown


def _rows(report: Report) -> Iterator[str]:
    for f in report.findings:
        rule = f"[{f.rule}]({page_url(f.rule)})"
        yield _row(f.level, rule, f.path, f.span.cell, f.span.row, f.span.column, f.message)
    for p in report.problems:
        yield _row(Level.ERROR, p.rule, p.path, p.cell, p.row, p.column, p.reason)


def _row(
    level: Level, rule: str, path: str, cell: int | None, row: int, column: int, message: str
) -> str:
    where = f"{place_name(path, cell)}:{row}:{column}"
    return f"| {level} | {rule} | {_escaped(where)} | {_escaped(message)} |\n"


def _escaped(text: str) -> str:
    """`text` as it is to be read: nothing in it is Markdown or HTML."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", visible(text))


def _fitting(rows: list[str]) -> int:
    size = 0
    for number, row in enumerate(rows):
        size += len(row.encode())
        if size > LIMIT:
            return number
    return len(rows)
