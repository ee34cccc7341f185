"""Which known name a mistyped one is near to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` was probably meant to be, or None."""
    import difflib  # there is mostly nothing to be near to

    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """What to add to the news that there is no `word`: the name that was meant, or all of them."""
    name = nearest(word, known)
    return f"; the names are {', '.join(known)}" if name is None else f"; did you mean {name!r}?"


def near_path(path: str, suffixes: tuple[str, ...]) -> str | None:
    """The folder, or file of these suffixes, that a path to nowhere was probably meant to be."""
    folder, name = os.path.split(path.rstrip(os.sep))
    if not name:
        return None
    if folder and not os.path.isdir(folder):
        near = near_path(folder, suffixes)
        if near is None or os.path.lexists(os.path.join(near, name)):
            return near and os.path.join(near, name)
        folder = near
    if not os.path.isdir(folder or os.curdir):
        return None
    names = [
        entry.name
        for entry in sorted(os.scandir(folder or os.curdir), key=lambda entry: entry.name)
        if entry.name.endswith(suffixes) or os.path.isdir(entry.path)
    ]
    match = nearest(name, names)
    return match and os.path.join(folder, match)
