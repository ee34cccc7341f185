"""Where in a notebook's JSON the text of each cell stands, string by string."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from datalint.source.splice import patches
from datalint.source.text import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from datalint.finding import Edit
    from datalint.source.splice import Patch

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)"|[{}\[\],:]', re.DOTALL)
#: A surrogate pair, which is one character; another escape; any other character.
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_CHARACTER = re.compile(rf"{_PAIR}|\\u[0-9a-fA-F]{{4}}|\\.|[^\\]", re.DOTALL)
_BLANK_BEFORE = re.compile(r"\s*$")

#: The keys and indices that lead to a value.
_Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Piece:
    """A string of the JSON: where in the file its content begins, and how it is written there."""

    start: int
    raw: str

    @property
    def end(self) -> int:
        """Where its closing quote is."""
        return self.start + len(self.raw)

    @cached_property
    def text(self) -> str:
        """What it says."""
        text: str = json.loads(f'"{self.raw}"')
        return text

    @cached_property
    def offsets(self) -> Sequence[int]:
        """Where in the file each of its characters is written, and where the last one ends."""
        lengths = [len(match[0]) for match in _CHARACTER.finditer(self.raw)]
        return list(accumulate(lengths, initial=self.start))


@dataclass(frozen=True)
class CellText:
    """The strings that a cell's source consists of; `listed` unless it is one string."""

    file: str
    pieces: tuple[Piece, ...]
    listed: bool

    @cached_property
    def text(self) -> str:
        """What the cell says, its line ends as they are."""
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def _starts(self) -> Sequence[int]:
        """How much of the text stands before each string."""
        return list(accumulate((len(piece.text) for piece in self.pieces[:-1]), initial=0))

    def rows(self, rows: Rows) -> tuple[int, ...]:
        """In which row of the file each row of the cell begins; `rows` are those of the file."""
        found = []
        for start in Rows(self.text).starts() if self.pieces else ():
            at = bisect_right(self._starts, start) - 1
            found.append(rows.row(self.pieces[at].offsets[start - self._starts[at]]))
        return tuple(found)

    def patches(self, edits: Iterable[Edit]) -> list[Patch]:
        """The edits as patches of the file: of no string but those that they touch."""
        made: dict[int, list[Patch]] = {}
        for first, last, content in patches(self.text, edits):
            home = bisect_right(self._starts, first) - 1
            for at in range(home, max(home + 1, bisect_left(self._starts, last))):
                piece, before = self.pieces[at], self._starts[at]
                begin, end = max(first - before, 0), min(last - before, len(piece.text))
                written = self._written(content, at) if at == home else ""
                patch = piece.offsets[begin], piece.offsets[end], written
                made.setdefault(at, []).append(patch)
        gone = {at for at, own in made.items() if self._is_all(at, own)} if self.listed else set()
        if len(gone) == len(self.pieces):
            gone = set()
        kept = [patch for at, own in made.items() if at not in gone for patch in own]
        return kept + [self._without(at, gone) for at in gone]

    def _is_all(self, at: int, made: list[Patch]) -> bool:
        """Whether nothing is left of a string."""
        piece = self.pieces[at]
        return bool(piece.raw) and made == [(piece.start, piece.end, "")]

    def _written(self, content: str, at: int) -> str:
        """The content as JSON; in a list, each line is a string of its own."""
        written = json.dumps(content, ensure_ascii=self.file.isascii())[1:-1]
        if not self.listed:
            return written
        return re.sub(r"((?:\\r)?\\n)(?=.)", rf'\1"{self._separator(at)}"', written)

    def _separator(self, at: int) -> str:
        """What stands between two strings."""
        begin = max(min(at, len(self.pieces) - 2), 0)
        one, *more = self.pieces[begin : begin + 2]
        if more:
            return self.file[one.end + 1 : more[0].start - 1]
        blank = _BLANK_BEFORE.search(self.file, 0, one.start - 1)
        return f",{blank[0] if blank else ''}"

    def _without(self, at: int, gone: set[int]) -> Patch:
        """A string taken out of the list, with the comma before it or else after it."""
        piece = self.pieces[at]
        if any(before not in gone for before in range(at)):
            return self.pieces[at - 1].end + 1, piece.end + 1, ""
        return piece.start - 1, self.pieces[at + 1].start - 1, ""


def cell_texts(file: str) -> dict[int, CellText]:
    """By their numbers, the texts of the cells of a notebook whose JSON is known to be right."""
    cells: dict[_Path, dict[str, list[tuple[_Path, Piece]]]] = {}
    for path, piece in _strings(file):
        depth = 2 if path[0] == "cells" else 4
        if path[depth - 2 : depth - 1] == ("cells",) and len(path) > depth:
            cells.setdefault(path[:depth], {}).setdefault(str(path[depth]), []).append(
                (path[depth + 1 :], piece)
            )
    current = [own for path, own in cells.items() if path[0] == "cells"]
    found = {}
    for number, own in enumerate(current or cells.values(), start=1):
        strings = own.get("source", own.get("input", []))
        listed = any(rest for rest, _ in strings)
        # Of a key that stands twice, the last value counts.
        last = dict(strings)
        found[number] = CellText(file, tuple(last.values()), listed)
    return found


def _strings(file: str) -> Iterator[tuple[_Path, Piece]]:
    """Every string that is a value, and the path to it."""
    path: list[str | int] = []
    naming = False  # whether the next string is a key
    for token in _TOKEN.finditer(file):
        match token[0]:
            case "{":
                path.append("")
                naming = True
            case "[":
                path.append(0)
                naming = False
            case "}" | "]":
                path.pop()
            case ",":
                last = path[-1]
                naming = isinstance(last, str)
                if isinstance(last, int):
                    path[-1] = last + 1
            case ":":
                naming = False
            case _ if naming:
                path[-1] = json.loads(token[0])
            case _:
                yield tuple(path), Piece(token.start(1), token[1])
