"""Which texts are Python, and what is said of those that are not, or are nested too deeply."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from datalint.finding import NotAnalysed
from datalint.source.text import place

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How deep Python may call itself over a file.
_FRAMES = 3_000


def parse(text: str) -> ast.Module:
    """What Python makes of a file; raises `NotAnalysed` where it makes nothing of it."""
    if (nul := text.find("\0")) >= 0:
        raise NotAnalysed("a NUL byte, so not Python", *place(text, nul))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `"\d"` is for the author's own tools to say
            return ast.parse(text)
    except SyntaxError as error:
        raise NotAnalysed(f"syntax error: {error.msg}", *_place_of(error)) from None
    except UnicodeEncodeError as error:  # half a surrogate pair, which only odd codecs let in
        raise NotAnalysed("a lone surrogate", *place(text, error.start)) from None
    except (RecursionError, MemoryError):
        raise NotAnalysed(
            "nested too deeply for Python's parser; the longest statement begins here",
            *_longest_statement(text),
        ) from None


def parse_definition(text: str, row: int) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """What Python makes of a function's rows, without decorators, which begin at `row`."""
    indent = text[: len(text) - len(text.lstrip())].rpartition("\f")[2]
    # The last row may end in a backslash.
    above = "\n" * (row - 2) + "if 1:\n" if indent else "\n" * (row - 1)
    statement = parse(f"{above}{text}\n").body[0]
    if isinstance(statement, ast.If):
        statement = statement.body[0]
    assert isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
    return statement


@contextmanager
def deep() -> Iterator[None]:
    """Room for calls that are followed into nested code: Python lets 1,000 frames be, unasked.

    Half a megabyte of stack is enough for these: frames of Python itself lie elsewhere.
    """
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _place_of(error: SyntaxError) -> tuple[int, int]:
    return error.lineno or 1, max(error.offset or 1, 1)


def _longest_statement(text: str) -> tuple[int, int]:
    """Where the statement of most tokens begins; found without recursion."""
    best, most, start, count = (1, 1), 0, (1, 1), 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                count = 0
            elif token.type not in _OUTSIDE_STATEMENTS:
                start = start if count else (token.start[0], token.start[1] + 1)
                count += 1
                best, most = (start, count) if count > most else (best, most)
    except (tokenize.TokenError, SyntaxError):
        pass  # `tokenize` is stricter than the parser in corners; what was found so far will do.
    return best


_OUTSIDE_STATEMENTS = {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT}
