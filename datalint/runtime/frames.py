"""Which expression of the user's code is running: the innermost frame that is not torch's."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from datalint.runtime.corruption import Place

if TYPE_CHECKING:
    from types import CodeType, FrameType

#: Where code writes that somebody else called.
_LIBRARIES = tuple(
    str(Path(origin).parent) + os.sep
    for origin in (__file__, torch.__file__, getattr(find_spec("numpy"), "origin", None))
    if origin is not None
)
_STANDARD_LIBRARY = sysconfig.get_path("stdlib") + os.sep
_INSTALLED = tuple({sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib")})
#: By file name whether it is the user's.
_known: dict[str, bool] = {}

#: A place that is not worked out yet: the code, and how far it has come.
Spot = tuple["CodeType", int]


def is_users(path: str) -> bool:
    """Whether code is neither torch's, NumPy's, Python's own nor made up as a program runs."""
    users = _known.get(path)
    if users is None:
        standard = path.startswith(_STANDARD_LIBRARY) and not path.startswith(_INSTALLED)
        made_up = path.startswith("<") and not linecache.getlines(path)
        users = _known[path] = not (path.startswith(_LIBRARIES) or standard or made_up)
    return users


def users(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of the user's code, from one on."""
    while frame is not None and not is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def users_frame() -> FrameType | None:
    """The innermost frame of the user's code."""
    return users(sys._getframe(1))


def spot() -> Spot | None:
    """Where the user's code is now."""
    frame = users(sys._getframe(1))
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
    path = code.co_filename
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
    return Place(code.co_filename, row, column, row, max(len(line), column) + 1)


def _characters(code: CodeType, row: int, column: int) -> int:
    """A column in characters; the interpreter counts bytes of UTF-8."""
    line = linecache.getline(code.co_filename, row)
    return len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
