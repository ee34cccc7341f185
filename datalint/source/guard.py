"""Which texts may reach libcst: it kills the process on nesting that Python itself refuses."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from typing import TYPE_CHECKING, Any

from datalint.finding import NotAnalysed
from datalint.source.text import place, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst

#: How many levels of a tree are let through. Measured by running `libcst.parse_module` (1.9.0,
#: Linux, 8 MB of stack) on one growing shape per process until the process died: brackets at
#: 1,250 (Python itself stops at 200), chained calls between 3,200 and 4,000, that is 6,400 levels;
#: sums, attribute and `elif` chains, unary operators above 3,200. With 1 MB of stack: brackets
#: 150, chained calls 400, sums 850, `elif` 1,050. The deepest of 15,971 files of real code was a
#: table of 569 levels, then 230 and 171; of 3,190 with `.data` none has over 140, the extra levels
#: below counted in. 200 is 6 times safe in the worst shape and 16 times in the others, and leaves
#: Python's own limit of 1,000 frames room for five frames a level in whoever walks the tree.
MAX_DEPTH = 200

#: Levels that libcst nests where `ast` lists, or that cost more than others: libcst's time doubles
#: with each level of a `match` pattern or of a deleted tuple (16 levels: a second; 25: minutes),
#: and a lambda takes the analysis six frames.
_DOUBLING = MAX_DEPTH // 10
_LEVELS: dict[type[ast.AST], Callable[[Any], int]] = {
    ast.Lambda: lambda node: 4,
    ast.BoolOp: lambda node: len(node.values) - 1,
    ast.ListComp: lambda node: len(node.generators),
    ast.SetComp: lambda node: len(node.generators),
    ast.DictComp: lambda node: len(node.generators),
    ast.GeneratorExp: lambda node: len(node.generators),
    ast.alias: lambda node: node.name.count("."),
    ast.ImportFrom: lambda node: (node.module or "").count("."),
    ast.MatchSequence: lambda node: _DOUBLING,
    ast.MatchMapping: lambda node: _DOUBLING,
    ast.MatchClass: lambda node: _DOUBLING,
    ast.Tuple: lambda node: _DOUBLING if isinstance(node.ctx, ast.Del) else 1,
}


def parse(text: str) -> ast.Module:
    """What the standard library makes of a file, if it is Python and libcst will survive it."""
    if (nul := text.find("\0")) >= 0:
        raise NotAnalysed("a NUL byte, so not Python", *place(text, nul))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `"\d"` is for the author's own tools to say
            tree = ast.parse(text)
    except SyntaxError as error:
        raise NotAnalysed(f"syntax error: {error.msg}", *_place_of(error)) from None
    except UnicodeEncodeError as error:  # half a surrogate pair, which only odd codecs let in
        raise NotAnalysed("a lone surrogate", *place(text, error.start)) from None
    except (RecursionError, MemoryError):
        raise NotAnalysed(
            "nested too deeply for Python's parser; the longest statement begins here",
            *_longest_statement(text),
        ) from None
    _refuse_deep(tree, text)
    return tree


def parse_cst(text: str) -> libcst.Module:
    """What libcst makes of a text, once `parse` has let it through."""
    import libcst

    parse(text)
    try:
        return libcst.parse_module(text)
    except libcst.ParserSyntaxError as error:
        reason = f"libcst cannot parse it: {error.message}"
        raise NotAnalysed(reason, error.editor_line, error.editor_column) from None


def _refuse_deep(tree: ast.Module, text: str) -> None:
    """Raise where the tree has more than `MAX_DEPTH` levels; found without recursion."""
    waiting: list[tuple[ast.AST, int, ast.stmt | None]] = [(tree, 0, None)]
    while waiting:
        node, depth, statement = waiting.pop()
        if isinstance(node, ast.stmt):
            statement = node
        levels = _LEVELS.get(type(node))
        depth += 1 if levels is None else levels(node)
        if depth > MAX_DEPTH and statement is not None:
            raise NotAnalysed("nested too deeply", *_place_of_statement(statement, text))
        waiting.extend((child, depth, statement) for child in ast.iter_child_nodes(node))


def _place_of_statement(node: ast.stmt, text: str) -> tuple[int, int]:
    line = split_lines(text)[node.lineno - 1]
    return node.lineno, len(line.encode()[: node.col_offset].decode()) + 1  # `ast` counts bytes


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
