"""What fixes would change, as a diff that `patch -p0` and `git apply -p0` take."""

from __future__ import annotations

import difflib
import re

from datalint.report.screen import visible

_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def diff(path: str, old: bytes, new: bytes) -> bytes:
    """The changes of one file, byte for byte."""
    name = visible(path).encode("utf-8", "backslashreplace")
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(old), _lines(new), name, name)
    return b"".join(line if line.endswith(b"\n") else line + _NO_NEWLINE for line in lines)


def _lines(content: bytes) -> list[bytes]:
    """As `patch` counts them: a lone `\\r` or a form feed ends none."""
    return [line for line in re.split(rb"(?<=\n)", content) if line]
