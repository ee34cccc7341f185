"""Findings made by hand, for tests of what is done with findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence, Edit, Finding, Fix, Level, Note, Span

if TYPE_CHECKING:
    from datalint.finding import Applicability

SOURCE = """\
import torch

x = torch.ones(3, requires_grad=True)
y = x.sigmoid()
c = y.data
c.zero_()
print(c)
print(x)
y.sum().backward()
"""


def at(text: str, row: int, piece: str, times: int = 1) -> Span:
    """Where the first (or a later) `piece` stands in a row."""
    column = 0
    for _ in range(times):
        column = text.splitlines()[row - 1].index(piece, column) + 1
    return Span(row, column, row, column + len(piece))


def finding(
    span: Span,
    *notes: tuple[Span, str],
    rule: str = "write-after-save",
    level: Level = Level.ERROR,
    path: str = "src/train.py",
    message: str = "`y` is overwritten through `.data` after `sigmoid` saved it",
    help: str = "write `y.detach()`, which raises, or move the write",
    confidence: Confidence = Confidence.HIGH,
    fix: tuple[Applicability, str] | None = None,
) -> Finding:
    edits = fix and Fix(fix[0], "use `.detach()`", (Edit(span, fix[1]),))
    told = tuple(Note(text, path, place) for place, text in notes)
    return Finding(rule, level, path, span, message, help, confidence, told, edits)


def story(path: str = "src/train.py") -> Finding:
    """What datalint says of SOURCE."""
    return finding(
        at(SOURCE, 5, "y.data"),
        (at(SOURCE, 4, "x.sigmoid()"), "saved here by `sigmoid`"),
        (at(SOURCE, 6, "c.zero_()"), "written here"),
        (at(SOURCE, 9, "y.sum().backward()"), "backward here"),
        path=path,
    )
