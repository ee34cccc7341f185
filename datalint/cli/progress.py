"""How far a long run is: a line on the terminal that is gone before anything else is printed.

That of click stays where it is, with a line end behind it.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

#: After how many seconds a run is long, and how many there are from one look to the next.
_LONG, _PAUSE = 1.0, 0.1
_WIDTH = 30


class Progress:
    """A bar over so many files; where there is no `stream`, nothing is shown."""

    def __init__(self, total: int, stream: TextIO | None) -> None:
        self._total = total
        self._stream = stream
        self._done = 0
        self._next = time.monotonic() + _LONG
        self._shown = ""

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if self._stream is not None and now >= self._next:
            self._next = now + _PAUSE
            self._show(self._line())

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        """Leave no trace."""
        if self._shown:
            self._show(" " * len(self._shown))
            self._show("")

    def _line(self) -> str:
        import shutil  # which a short run can do without

        bar = "#" * (_WIDTH * self._done // self._total)
        line = f"[{bar:-<{_WIDTH}}] {self._done}/{self._total} files"
        return line[: shutil.get_terminal_size().columns - 1]  # what wraps cannot be taken back

    def _show(self, line: str) -> None:
        assert self._stream is not None
        self._stream.write(f"\r{line}")
        self._stream.flush()
        self._shown = line


def terminal() -> TextIO | None:
    """Standard error, if it is a terminal that can go back in a line."""
    # A program that was started without a standard error has None in its place.
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    return sys.stderr
