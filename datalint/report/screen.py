"""How wide text is on a terminal, and what of it may reach one."""

from __future__ import annotations

import itertools

_TAB = "    "


def visible(text: str) -> str:
    """`text` with whatever a terminal might act on, or not show, spelled out."""
    return "".join(map(_visible, text))


def cells(line: str) -> tuple[str, list[int]]:
    """A source line as it is shown, and at which screen column each of its characters begins.

    One column more than there are characters: where the line ends.
    """
    shown, starts, at = [], [], 0
    for char in line:
        piece = _TAB if char == "\t" else _visible(char)
        shown.append(piece)
        starts.append(at)
        at += _width(char) if piece == char else len(piece)
    return "".join(shown), [*starts, at]


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def _width(char: str) -> int:
    import unicodedata  # which a report without source can do without

    if unicodedata.category(char) in ("Mn", "Me"):
        return 0  # drawn over the character before
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def paint(text: str, style: str) -> str:
    """`text` in an ANSI style such as `1;31`; an empty style leaves it alone."""
    return f"\x1b[{style}m{text}\x1b[0m" if style and text else text


class Canvas:
    """Rows of characters, each with its style, painted in any order; the last paint stays."""

    def __init__(self) -> None:
        self._rows: list[list[tuple[str, str]]] = []

    def paint(self, row: int, column: int, text: str, style: str) -> None:
        """Put `text` at a place."""
        while len(self._rows) <= row:
            self._rows.append([])
        cells = self._rows[row]
        cells += [(" ", "")] * (column + len(text) - len(cells))
        cells[column : column + len(text)] = [(char, style) for char in text]

    def lines(self) -> list[str]:
        """The rows as text."""
        return [
            "".join(
                paint("".join(char for char, _ in run), style)
                for style, run in itertools.groupby(row, key=lambda cell: cell[1])
            )
            for row in self._rows
        ]
