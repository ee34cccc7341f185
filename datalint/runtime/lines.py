"""Watches memory that code outside torch can write: it is compared after each line that runs."""

from __future__ import annotations

import sys
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

from datalint.runtime import frames
from datalint.runtime.saved import Way
from datalint.runtime.seams import out_of_sight

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from datalint.runtime.saved import Saved


_UNSEEN = Way(None, "by what shares its memory with torch")


#: How many are compared after each line: those that came last. Of others it is not known which
#: line wrote them, but that they were written is seen before backward all the same.
_MOST = 16


class Lines:
    """Traces the user's lines as long as there is something to watch.

    Where a debugger or a coverage tool traces already, it leaves that alone and sees nothing.
    """

    def __init__(self) -> None:
        self._watched: deque[tuple[weakref.ref[Saved], Way | None]] = deque(maxlen=_MOST)
        self._last: tuple[CodeType, int] | None = None

    def watch(self, saved: Saved, way: Way | None) -> None:
        """Compare this after each line."""
        self._watched.append((weakref.ref(saved), way))
        if sys.gettrace() is None:
            frame = frames.users_frame()
            self._last = frame and (frame.f_code, frame.f_lineno)
            while frame is not None:
                frame.f_trace = self._line
                frame = frames.users(frame.f_back)
            sys.settrace(self._call)

    def stop(self) -> None:
        """Trace no more."""
        self._watched.clear()
        self._end()

    def _end(self) -> None:
        if sys.gettrace() == self._call:
            sys.settrace(None)
        self._last = None

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:
        return self._line if frames.is_users(frame.f_code.co_filename) else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        alive = [(s, way) for saved, way in self._watched if (s := saved()) is not None]
        if not alive:
            self.stop()
            return None
        with out_of_sight():
            for saved, way in alive:
                if saved.written is None and saved.changed():
                    saved.written = frames.row_place(
                        *(self._last or (frame.f_code, frame.f_lineno))
                    )
                    saved.way = way or _UNSEEN
        # What returns goes on in the line that called it.
        now = frames.users(frame.f_back) if event == "return" else frame
        self._last = now and (now.f_code, now.f_lineno)
        return self._line
