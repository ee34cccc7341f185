"""Comments that silence findings: where they stand, what they name, which rows they cover.

`# datalint: ignore[rule, rule] reason` and `# datalint: ignore-file[rule] reason`; other comments
may stand before and behind one in the same row.
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Edit, NotAnalysed, Span
from datalint.source.notebook import parse
from datalint.source.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from tokenize import TokenInfo

LINE, FILE = VERBS = ("ignore", "ignore-file")

_BLANKS = " \t\f"
#: Where another comment begins within one; `#12` is the number of an issue.
_ANOTHER = re.compile(rf"(?<=[{_BLANKS}\]])#(?!\d)")
_OURS = re.compile(
    rf"#+[{_BLANKS}]*datalint:[{_BLANKS}]*(?P<verb>[\w-]*)[{_BLANKS}]*(?:\[(?P<inside>[^\]]*)\])?"
)
_NAME = re.compile(rf"[^,{_BLANKS}](?:[^,]*[^,{_BLANKS}])?")
_NO_STATEMENT = {
    tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a rule in a comment."""

    rule: str
    span: Span


@dataclass(frozen=True, slots=True)
class Comment:
    """What begins with `# datalint:`, right or wrong, up to where another comment begins."""

    span: Span
    #: The word that says what it covers: one of `VERBS`, if it is right.
    verb: str
    named: tuple[Named, ...]
    #: What stands between its brackets; None where there are none.
    inside: Span | None
    #: Whether no code stands on its row.
    alone: bool
    #: Takes it out, with the blanks before it, or with the row that it has for itself.
    removal: Edit


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of a file, or of a cell."""

    comments: tuple[Comment, ...]
    #: First and last row of each statement without its body, in order.
    statements: tuple[tuple[int, int], ...]
    #: By row, the column behind what it holds; only rows at whose end a comment can stand.
    ends: Mapping[int, int]

    def covering(self, span: Span) -> tuple[int, ...]:
        """The rows where a comment covers a place: its first and last, and its statement's."""
        at = bisect_right(self.statements, span.row, key=lambda rows: rows[0]) - 1
        rows = self.statements[at] if at >= 0 and span.row <= self.statements[at][1] else ()
        return (span.row, span.end_row, *rows)


def read(source: bytes, path: str) -> dict[int | None, Lines]:
    """The rows of a file, under None, or of each cell of a notebook, by its number.

    Raises `NotAnalysed` where that is no Python.
    """
    return {cell: _lines(*texts, cell) for cell, texts in parse(source, path).items()}


def _lines(text: str, python: str, cell: int | None) -> Lines:
    rows, tokens = split_lines(python), _tokens(python, cell)
    statements, first = [], None
    for token in tokens:
        if token.type == tokenize.NEWLINE and first is not None:
            statements.append((first, token.start[0]))
            first = None
        elif first is None and token.type not in _NO_STATEMENT:
            first = token.start[0]
    found = (c for t in tokens if t.type == tokenize.COMMENT for c in _comments(t, rows, cell))
    return Lines(tuple(found), tuple(statements), _ends(split_lines(text), rows, tokens))


def _tokens(python: str, cell: int | None) -> list[TokenInfo]:
    # To `tokenize` a lone `\r` ends no row.
    readline = io.StringIO("\n".join(split_lines(python))).readline
    try:
        return list(tokenize.generate_tokens(readline))
    except tokenize.TokenError as error:
        reason, (row, column) = error.args
        raise NotAnalysed(f"cannot be split into tokens: {reason}", row, column + 1, cell) from None
    except SyntaxError as error:
        row, column = error.lineno or 1, max(error.offset or 1, 1)
        raise NotAnalysed(f"cannot be split into tokens: {error.msg}", row, column, cell) from None


def _ends(
    written: Sequence[str], rows: Sequence[str], tokens: Sequence[TokenInfo]
) -> dict[int, int]:
    """No row that ends within a string or with a backslash, or in what is no Python of a cell."""
    ended = {t.start[0] for t in tokens if t.type in (tokenize.NL, tokenize.NEWLINE)}
    return {
        row: len(text.rstrip(_BLANKS)) + 1
        for row, (text, python) in enumerate(zip(written, rows, strict=True), start=1)
        if row in ended and len(text) == len(python) and text.split()[-1:] == python.split()[-1:]
    }


def _comments(token: TokenInfo, rows: Sequence[str], cell: int | None) -> Iterator[Comment]:
    """Those of ours in what Python takes for one comment."""
    number, first = token.start
    row = rows[number - 1]
    starts = [first, *(match.start() for match in _ANOTHER.finditer(row, first + 1))]
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        ours = _OURS.match(row, start, len(row) if following is None else following)
        if ours is None:
            continue

        def at(first: int, last: int) -> Span:
            return Span(number, first + 1, number, last + 1, cell)

        end = len(row[:following].rstrip(_BLANKS))
        before = len(row[:start].rstrip(_BLANKS))
        inside = at(*ours.span("inside")) if ours["inside"] is not None else None
        names = _NAME.finditer(row, *ours.span("inside")) if inside else ()
        if start == first and following is not None:
            gone = at(start, following)
        else:
            gone = at(before, end) if before else _row(number, rows, cell)
        yield Comment(
            at(start, end),
            ours["verb"],
            tuple(Named(name[0], at(*name.span())) for name in names),
            inside,
            not row[:first].strip(_BLANKS),
            Edit(gone, ""),
        )


def _row(row: int, rows: Sequence[str], cell: int | None) -> Span:
    """A whole row with its end; the last one, which has none, with the end of the row above."""
    if row < len(rows):
        return Span(row, 1, row + 1, 1, cell)
    above = (row - 1, len(rows[row - 2]) + 1) if row > 1 else (1, 1)
    return Span(*above, row, len(rows[row - 1]) + 1, cell)
