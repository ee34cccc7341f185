"""TOML, and in which line a key of it stands: the parser forgets that, and a user needs it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_KEYS = rf"({_PART}(?:\s*\.\s*{_PART})*)"
_HEADER = re.compile(rf"\s*\[\[?\s*{_KEYS}\s*\]")
_VALUE = re.compile(rf"\s*{_KEYS}\s*=")
#: How the parser ends its messages.
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class BadToml(Exception):
    """Bytes that are no TOML."""

    def __init__(self, reason: str, line: int, column: int = 1) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: what it says, and how it is written."""

    text: str
    tables: dict[str, Any]

    def line(self, keys: tuple[str, ...], item: str = "") -> int:
        """The line with a key, or with a string in its list; else what comes nearest above it."""
        nearest, depth = 1, 0
        for number, path in _keys(self.text):
            shared = min(len(path), len(keys))
            if shared > depth and path[:shared] == keys[:shared]:
                nearest, depth = number, shared
        lines = self.text.split("\n")
        for number in range(nearest, len(lines) + 1) if item else ():
            if re.search(rf"""(["']){re.escape(item)}\1""", lines[number - 1]):
                return number
        return nearest


def parse(source: bytes) -> Document:
    """The document these bytes are."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise BadToml(f"not UTF-8: byte 0x{source[error.start]:02x}", line) from None
    try:
        return Document(text, tomllib.loads(text))
    except RecursionError:
        raise BadToml("nested too deeply", 1) from None
    except ValueError as error:
        raise _placed(str(error), text) from None


def _placed(message: str, text: str) -> BadToml:
    found = _PLACE.search(message)
    reason = _PLACE.sub("", message)
    if found and found[1]:
        return BadToml(reason, int(found[1]), int(found[2]))
    # A number of too many digits is refused without a place.
    return BadToml(reason, text.rstrip("\n").count("\n") + 1 if found else 1)


def _keys(text: str) -> list[tuple[int, tuple[str, ...]]]:
    """Each line that opens a table or sets a key, with all the keys that lead there."""
    table: tuple[str, ...] = ()
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if match := _HEADER.match(line):
            table = _parts(match[1])
            found.append((number, table))
        elif match := _VALUE.match(line):
            found.append((number, table + _parts(match[1])))
    return found


def _parts(keys: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, keys))
