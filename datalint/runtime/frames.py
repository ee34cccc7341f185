"""Which expression of the user's code is running: the innermost frame that is not torch's."""

from __future__ import annotations

import linecache
import os
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from datalint.runtime.corruption import Place

if TYPE_CHECKING:
    from types import CodeType, FrameType

_OURS = (
    str(Path(torch.__file__).parent) + os.sep,
    str(Path(__file__).parent) + os.sep,
    "<eval_with_key>",
)
#: By file name whether it is the user's.
_known: dict[str, bool] = {}

#: A place that is not worked out yet: the code, and how far it has come.
Spot = tuple["CodeType", int]


def is_users(path: str) -> bool:
    """Whether a file is neither torch's nor of this package."""
    users = _known.get(path)
    if users is None:
        users = _known[path] = not path.startswith(_OURS)
    return users


def users_frame() -> FrameType | None:
    """The innermost frame of the user's code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def spot() -> Spot | None:
    """Where the user's code is now."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else (frame.f_code, frame.f_lasti)


def place(at: Spot | None) -> Place | None:
    """The same, worked out."""
    if at is None:
        return None
    code, last = at
    position = next(islice(code.co_positions(), last // 2, None), (None,) * 4)
    row, end_row, column, end_column = position
    if row is None or end_row is None:
        return row_place(code, code.co_firstlineno)
    if column is None or end_column is None:  # python -X no_debug_ranges
        return row_place(code, row)
    path = shown(code.co_filename)
    begin, end = _characters(code, row, column), _characters(code, end_row, end_column)
    return Place(path, row, begin + 1, end_row, end + 1)


def here() -> Place | None:
    """Where the user's code is now, worked out."""
    frame = users_frame()
    return None if frame is None else place((frame.f_code, frame.f_lasti))


def row_place(code: CodeType, row: int) -> Place:
    """A whole row."""
    line = linecache.getline(code.co_filename, row).rstrip("\r\n")
    column = len(line) - len(line.lstrip()) + 1
    return Place(shown(code.co_filename), row, column, row, max(len(line), column) + 1)


def shown(path: str) -> str:
    """A file as the linter's user would name it: from here, where it lies below."""
    absolute, here = os.path.abspath(path), os.getcwd() + os.sep
    return absolute.removeprefix(here) if Path(path).exists() else path


def _characters(code: CodeType, row: int, column: int) -> int:
    """A column in characters; the interpreter counts bytes of UTF-8."""
    line = linecache.getline(code.co_filename, row)
    return len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
