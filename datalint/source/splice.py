"""Edits into text: what to replace where, and the text afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.source.text import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.finding import Edit

#: From and up to which index something is replaced, and by what.
Patch = tuple[int, int, str]


def patches(text: str, edits: Iterable[Edit]) -> list[Patch]:
    """The edits as patches of a text; `\\n` in them is the line end that is used there."""
    rows = Rows(text)
    return [
        (
            rows.start(edit.span.row) + edit.span.column - 1,
            rows.start(edit.span.end_row) + edit.span.end_column - 1,
            edit.content.replace("\n", rows.newline(edit.span.row)),
        )
        for edit in edits
    ]


def patched(text: str, made: Iterable[Patch]) -> str:
    """The text with patches that do not overlap."""
    pieces, at = [], 0
    for first, last, content in sorted(made):
        pieces += [text[at:first], content]
        at = last
    return "".join((*pieces, text[at:]))
