"""How lines of source are shown with marks under them, in the manner of rustc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.report.screen import Canvas, cells, paint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from datalint.finding import Span

#: The longest line that is shown whole, and what is shown of a longer one.
_WHOLE, _LEFT, _RIGHT = 200, 40, 120


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of source to be underlined, what with, and what is said of it."""

    span: Span
    label: str
    line: str
    style: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """What of a mark is on one row: columns from 0, first in characters, then on the screen."""

    begin: int
    end: int
    mark: Mark
    label: str


@dataclass(frozen=True, slots=True)
class Gutter:
    """The margin with the row numbers."""

    width: int
    style: str

    def line(self, row: int | None, text: str = "") -> str:
        """A line of an excerpt; only one of source has a row number."""
        margin = f"{'' if row is None else row:>{self.width}} |"
        return f"{paint(margin, self.style)} {text}" if text else paint(margin, self.style)

    def elision(self) -> str:
        """What stands for several lines left out."""
        return paint("...", self.style)


def excerpt(lines: Sequence[str], marks: Sequence[Mark], gutter: Gutter) -> Iterator[str]:
    """The marked lines, the marks under them, and `...` for what lies between.

    Where marks overlap, the line of the last one given stays visible.
    """
    rows: dict[int, list[_Piece]] = {}
    for mark in marks:
        for row, piece in _pieces(mark, lines):
            rows.setdefault(row, []).append(piece)
    before = None
    for row in sorted(rows):
        if before is not None and row == before + 2:
            yield gutter.line(row - 1, cells(_window(lines[row - 2], 0)[0])[0])
        elif before is not None and row > before + 2:
            yield gutter.elision()
        yield from _marked(row, lines[row - 1], rows[row], gutter)
        before = row


def _pieces(mark: Mark, lines: Sequence[str]) -> Iterator[tuple[int, _Piece]]:
    """Of a mark that spans rows, the first and the last, which has the label."""
    span = mark.span
    if span.row == span.end_row:
        yield span.row, _Piece(span.column - 1, span.end_column - 1, mark, mark.label)
        return
    yield span.row, _Piece(span.column - 1, len(lines[span.row - 1]), mark, "")
    last = lines[span.end_row - 1]
    indent = min(len(last) - len(last.lstrip()), span.end_column - 1)
    yield span.end_row, _Piece(indent, span.end_column - 1, mark, mark.label)


def _marked(row: int, line: str, pieces: list[_Piece], gutter: Gutter) -> Iterator[str]:
    text, shift = _window(line, min(piece.begin for piece in pieces))
    shown, starts = cells(text)

    def on_screen(column: int) -> int:
        return starts[min(max(column + shift, 0), len(text))]

    yield gutter.line(row, shown)
    placed = []
    for piece in pieces:
        begin = on_screen(piece.begin)
        end = max(on_screen(piece.end), begin + 1)
        placed.append(_Piece(begin, end, piece.mark, piece.label))
    for text in _underlined(placed):
        yield gutter.line(None, text)


def _window(line: str, column: int) -> tuple[str, int]:
    """What to show of a line so that `column` can be seen, and by how much that shifts columns."""
    if len(line) <= _WHOLE:
        return line, 0
    first = max(column - _LEFT, 0)
    head, tail = "..." if first else "", "..." if first + _LEFT + _RIGHT < len(line) else ""
    return head + line[first : first + _LEFT + _RIGHT] + tail, len(head) - first


def _underlined(pieces: list[_Piece]) -> list[str]:
    """The rows under a line: the marks, and their labels, the rightmost beside its mark."""
    canvas = Canvas()
    for piece in pieces:
        canvas.paint(0, piece.begin, piece.mark.line * (piece.end - piece.begin), piece.mark.style)
    # From right to left; of those that begin together, the first to happen stands first.
    hanging = sorted((p for p in pieces if p.label), key=lambda piece: -piece.begin)
    if hanging:
        rightmost = max(reversed(hanging), key=lambda piece: (piece.begin, piece.end))
        if rightmost.end == max(piece.end for piece in pieces):
            canvas.paint(0, rightmost.end + 1, rightmost.label, rightmost.mark.style)
            hanging = [piece for piece in hanging if piece is not rightmost]
    for row, piece in enumerate(hanging, start=2):
        canvas.paint(1, piece.begin, "|", piece.mark.style)
        for left in hanging[row - 1 :]:
            canvas.paint(row, left.begin, "|", left.mark.style)
        canvas.paint(row, piece.begin, piece.label, piece.mark.style)
    return canvas.lines()
