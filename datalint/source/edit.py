"""Edits into a file's bytes: none but those of the edits change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import NotFixed
from datalint.source.splice import patched, patches
from datalint.source.text import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.finding import Edit
    from datalint.source.splice import Patch


class NotEdited(NotFixed):
    """Edits that cannot be made; the message says why, in one line."""


def edited(source: bytes, path: str, edits: Iterable[Edit]) -> bytes:
    """What a file holds after edits that do not overlap.

    Raises `NotEdited` where that cannot be written in the file's encoding, or where its bytes are
    not what its text would be written as, so that not only those of the edits would change.
    """
    text = decode(source)
    if encode(text, source) != source:
        raise NotEdited("its encoding writes the same text in other bytes")
    try:
        return encode(patched(text, _patches(text, path, edits)), source)
    except UnicodeEncodeError as error:
        letters = error.object[error.start : error.end]
        raise NotEdited(f"its encoding cannot write {letters!r}") from None


def _patches(text: str, path: str, edits: Iterable[Edit]) -> list[Patch]:
    from datalint.source.cell_text import cell_texts
    from datalint.source.notebook import is_notebook

    if not is_notebook(path):
        return patches(text, edits)
    by_cell: dict[int, list[Edit]] = {}
    for edit in edits:
        by_cell.setdefault(edit.span.cell or 0, []).append(edit)
    cells = cell_texts(text)
    return [patch for number, own in by_cell.items() for patch in cells[number].patches(own)]
