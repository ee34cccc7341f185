"""What fixes would change, as a diff that `patch -p0` and `git apply -p0` take."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import PurePath

from datalint.report.screen import visible

_QUOTED = re.compile(rb'["\\]')
_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def diff(path: str, old: bytes, new: bytes) -> bytes:
    """The changes of one file, byte for byte."""
    name = _name(path)
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(old), _lines(new), name, name)
    return b"".join(line if line.endswith(b"\n") else line + _NO_NEWLINE for line in lines)


def _name(path: str) -> bytes:
    """As git writes it: in quotes where there is something in it that is not plain to see."""
    name = os.fsencode(PurePath(path).as_posix())
    if visible(path) == path and not _QUOTED.search(name):
        return name
    return b'"%b"' % b"".join(
        bytes([byte]) if 0x20 <= byte < 0x7F and byte not in b'"\\' else b"\\%03o" % byte
        for byte in name
    )


def _lines(content: bytes) -> list[bytes]:
    """As `patch` counts them: a lone `\\r` or a form feed ends none."""
    return [line for line in re.split(rb"(?<=\n)", content) if line]
