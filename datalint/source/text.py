"""How a file's bytes become text, and which bytes cannot hold what is looked for at all."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from datalint.finding import NotAnalysed

if TYPE_CHECKING:
    from collections.abc import Set

#: The way past the version counter that most rules are about.
DATA = ".data"

#: Between the dot and the name Python allows blanks, continued lines and, inside brackets,
#: line ends and comments. (An identifier in other Unicode letters that NFKC turns into `data`
#: is not looked for: no file was ever seen to hold one.)
_DOT = rb"\.(?:\s|\\|#[^\r\n]*+)*+"
_WORD_ENDS = rb"(?![\w\x80-\xff])"

#: Not `torch.utils.data` and `from .data import x`, which name modules: a third of all files that
#: hold `.data` hold nothing else.
_NO_MODULE = rb"(?<![\s(,=\[:]torch\.utils\.data)(?![\w.]{0,200}[ \t]+import\b)"

#: Not the key that every notebook has; before the name may be the `n` of an escaped line end.
_LETTERS = re.compile(rb"(?<!meta)data(?![\w\x80-\xff])")
_JSON_OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+\{")

#: The BOM, or a byte of a letter that is not ASCII.
_LETTER = re.compile(rb"\A\xef\xbb\xbf|[\x80-\xff]")

_LINE_END = re.compile(r"\r\n|\r|\n")


class Sought(NamedTuple):
    """What is looked for in a file."""

    #: The ways past a version counter.
    ways: frozenset[str] = frozenset({DATA})
    #: Every `.data`, and not only those that something may be written through.
    reads: bool = False


class Text(NamedTuple):
    """What a file, or a cell of a notebook, holds, as reports show it."""

    text: str
    #: Of a cell: in which row of its file each of its rows stands.
    rows: tuple[int, ...] = ()

    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return split_lines(self.text)

    def file_row(self, row: int) -> int:
        """In which row of the file one of the rows stands: of a file, in that one."""
        return self.rows[row - 1] if self.rows else row


def may_hold(source: bytes, names: Set[str]) -> bool:
    """Whether one of the names stands in `source`; if not, nothing need be parsed.

    `.data` stands for the attribute and, beside `getattr` and its like, for the string "data"; a
    name without a dot for any word.
    Of a notebook this is told before its JSON is read: however dots, quotes and line ends are
    written there, the letters stand together.
    """
    if _JSON_OBJECT.match(source):
        return any(_in_json(name, source) for name in names)
    if b"\0" in source:
        # No Python file holds a NUL. UTF-16 does, and must be refused rather than called clean.
        source = source.replace(b"\0", b"")
    spelled, named = _patterns(frozenset(names))
    patterns = (*spelled, *named) if b"attr" in source else spelled
    return any(pattern.search(source) for pattern in patterns)


def may_suppress(source: bytes) -> bool:
    """Whether a file may hold a comment that silences; if not, it need not be looked for."""
    return b"datalint:" in source


def _in_json(name: str, source: bytes) -> bool:
    word = name.removeprefix(".").encode()
    return _LETTERS.search(source) is not None if word == b"data" else word in source


@cache
def _patterns(names: frozenset[str]) -> tuple[list[re.Pattern[bytes]], list[re.Pattern[bytes]]]:
    """What to search for, one after the other: names as they are spelled, and as strings.

    Each begins with a letter of its own: `re` finds that ten times as fast as one of several.
    """
    spelled, named = [], []
    for name in sorted(names):
        word = name.removeprefix(".").encode()
        if name.startswith("."):
            spelled.append(_DOT + word + _WORD_ENDS + (_NO_MODULE if name == DATA else b""))
            named += [quote + word + quote for quote in (b"'", b'"')]  # `getattr(x, "data")`
        else:
            spelled.append(word + rb"(?<!\w" + word + rb")" + _WORD_ENDS)
    return list(map(re.compile, spelled)), list(map(re.compile, named))


def decode(source: bytes) -> str:
    """The text of a Python file (PEP 263), without its BOM, its line ends left as they are."""
    encoding = _encoding(source)
    try:
        return source.decode(encoding)
    except UnicodeDecodeError as error:
        # Not `source`: the position counts from behind the BOM.
        before = error.object[: error.start].decode(encoding, "replace")
        byte = error.object[error.start]
        raise NotAnalysed(
            f"not {_spoken(encoding)}: byte 0x{byte:02x}", *place(before, len(before))
        ) from None
    except (LookupError, ValueError) as error:  # a codec that is none for text, such as rot13
        raise NotAnalysed(f"cannot be decoded as {encoding}: {error}") from None


def encode(text: str, source: bytes, errors: str = "strict") -> bytes:
    """The text as bytes in the encoding of `source`, with its BOM; raises `UnicodeEncodeError`."""
    return text.encode(_encoding(source), errors)


def _encoding(source: bytes) -> str:
    import tokenize  # which a run that decodes nothing can do without

    # Beside a declaration `tokenize` refuses letters that are not UTF-8, and Python does not.
    lines = [_LETTER.sub(_plain, line) for line in source.splitlines(keepends=True)[:2]]
    try:
        return tokenize.detect_encoding(iter(lines).__next__)[0]
    except SyntaxError as error:
        row = 1 if b"coding" in lines[0] else 2
        raise NotAnalysed(error.msg.removesuffix(" for '<string>'"), row) from None


def _plain(letter: re.Match[bytes]) -> bytes:
    return letter[0] if letter[0] == codecs.BOM_UTF8 else b"?"


def _spoken(encoding: str) -> str:
    return "UTF-8" if encoding.startswith("utf-8") else encoding


def split_lines(text: str) -> list[str]:
    """The lines as Python counts them: a form feed or U+2028 ends none, a lone CR does."""
    return _LINE_END.split(text)


class Rows:
    """The rows of a text: where they begin, and how they end."""

    def __init__(self, text: str) -> None:
        self._ends = [(match.start(), match.end()) for match in _LINE_END.finditer(text)]
        self._text = text

    def start(self, row: int) -> int:
        """The index at which a row begins."""
        return self._ends[row - 2][1] if row > 1 else 0

    def starts(self) -> list[int]:
        """The indices at which the rows begin."""
        return [0, *(last for _, last in self._ends)]

    def row(self, index: int) -> int:
        """In which row an index is."""
        return bisect_right(self._ends, index, key=lambda end: end[1]) + 1

    def newline(self, row: int) -> str:
        """How a row ends, or the one above where it is the last."""
        if not self._ends:
            return "\n"
        first, last = self._ends[min(row, len(self._ends)) - 1]
        return self._text[first:last]


def place(text: str, index: int) -> tuple[int, int]:
    """The row and column, from 1, of the character at `index`."""
    lines = split_lines(text[:index])
    return len(lines), len(lines[-1]) + 1
