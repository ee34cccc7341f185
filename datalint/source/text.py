"""How a file's bytes become text, and which bytes cannot hold a `.data` at all."""

from __future__ import annotations

import re
import tokenize

from datalint.finding import NotAnalysed

#: Between the dot and the name Python allows blanks, continued lines and, inside brackets,
#: line ends and comments. (An identifier in other Unicode letters that NFKC turns into `data`
#: is not looked for: no file was ever seen to hold one.)
_ATTRIBUTE = rb"\.(?:\s|\\|#[^\r\n]*+)*+data(?![\w\x80-\xff])"
#: `getattr(x, "data")`
_NAME = rb"(['\"])data\1"
_DATA = re.compile(_ATTRIBUTE + rb"|" + _NAME)

#: Not the key that every notebook has; before the name may be the `n` of an escaped line end.
_LETTERS = re.compile(rb"(?<!meta)data(?![\w\x80-\xff])")
_JSON_OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+\{")

_LINE_END = re.compile(r"\r\n|\r|\n")


def may_hold_data(source: bytes) -> bool:
    """Whether `.data` or the string "data" stands in `source`; if not, nothing need be parsed.

    Of a notebook this is told before its JSON is read: however dots, quotes and line ends are
    written there, the four letters stand together.
    """
    if _JSON_OBJECT.match(source):
        return _LETTERS.search(source) is not None
    if b"\0" in source:
        # No Python file holds a NUL. UTF-16 does, and must be refused rather than called clean.
        source = source.replace(b"\0", b"")
    return _DATA.search(source) is not None


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


def _encoding(source: bytes) -> str:
    lines = source.splitlines(keepends=True)
    try:
        return tokenize.detect_encoding(iter(lines).__next__)[0]
    except SyntaxError as error:
        if error.msg.startswith("invalid or missing"):
            return "utf-8-sig"  # No declaration, and line 1 or 2 is not UTF-8: decoding says where.
        row = 1 if b"coding" in lines[0] else 2
        raise NotAnalysed(error.msg.removesuffix(" for '<string>'"), row) from None


def _spoken(encoding: str) -> str:
    return "UTF-8" if encoding.startswith("utf-8") else encoding


def split_lines(text: str) -> list[str]:
    """The lines as Python counts them: a form feed or U+2028 ends none, a lone CR does."""
    return _LINE_END.split(text)


def place(text: str, index: int) -> tuple[int, int]:
    """The row and column, from 1, of the character at `index`."""
    lines = split_lines(text[:index])
    return len(lines), len(lines[-1]) + 1
