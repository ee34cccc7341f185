"""A file as it was parsed: its text, its tree, and the way from a node of one to the other."""

from __future__ import annotations

import ast
from functools import cached_property

from datalint.finding import NotAnalysed, Span
from datalint.source.guard import parse
from datalint.source.text import Text


class Code:
    """The text and the tree of a file.

    Rows and columns count from 1, columns in characters, bytes from 0 in a row, as `ast` does.
    """

    def __init__(self, text: str, path: str = "<string>") -> None:
        #: By which its project knows it.
        self.path = path
        self.text = text

    @cached_property
    def tree(self) -> ast.Module:
        """What Python makes of it; raises `NotAnalysed` where it makes nothing of it."""
        return parse(self.text)

    @cached_property
    def _lines(self) -> list[str]:
        return Text(self.text).lines()

    def line(self, row: int) -> str:
        """A row, without its end."""
        return self._lines[row - 1]

    def mentions(self, word: str) -> bool:
        """Whether a word stands in the file."""
        return word in self.text

    def byte(self, row: int, column: int) -> int:
        """The offset in bytes, as `ast` counts, of a column."""
        return len(self.line(row)[: column - 1].encode())

    def column(self, row: int, byte: int) -> int:
        """The column at an offset in bytes."""
        line = self.line(row)
        return byte + 1 if line.isascii() else len(line.encode()[:byte].decode()) + 1

    def span(self, node: ast.AST) -> Span:
        """Where a node stands, without parentheses around it that are none of its own."""
        first, last = _ends(node)
        row, end_row = first.lineno, last.end_lineno or last.lineno
        end = self.column(end_row, last.end_col_offset or 0)
        return Span(row, self.column(row, first.col_offset), end_row, end)

    def too_deep(self) -> NotAnalysed:
        """What is said of a file over whose tree Python's stack ran out: where it is deepest."""
        deepest, most = self.tree.body[0], 0
        waiting: list[tuple[ast.AST, int, ast.stmt]] = [(s, 1, s) for s in self.tree.body]
        while waiting:
            node, depth, statement = waiting.pop()
            if depth > most:
                deepest, most = statement, depth
            for child in ast.iter_child_nodes(node):
                inner = child if isinstance(child, ast.stmt) else statement
                waiting.append((child, depth + 1, inner))
        place = self.span(deepest)
        return NotAnalysed("nested too deeply", place.row, place.column)

    def source(self, node: ast.AST) -> str:
        """A node as the user wrote it, on one line."""
        return " ".join(self.at(self.span(node)).split())

    def at(self, span: Span) -> str:
        """The text at a place."""
        if span.row == span.end_row:
            return self.line(span.row)[span.column - 1 : span.end_column - 1]
        between = (self.line(row) for row in range(span.row + 1, span.end_row))
        first, last = self.line(span.row), self.line(span.end_row)
        return "\n".join([first[span.column - 1 :], *between, last[: span.end_column - 1]])


def _ends(node: ast.AST) -> tuple[ast.expr, ast.expr]:
    """The first and the last of what a node consists of, or itself where it has a place."""
    match node:
        case ast.comprehension(target=target, iter=iterable, ifs=tests):
            return target, tests[-1] if tests else iterable
        case ast.withitem(context_expr=context, optional_vars=name):
            return context, name or context
        case ast.match_case(pattern=pattern, guard=guard):
            return pattern, guard or pattern  # type: ignore[return-value]  # has places as well
    return node, node  # type: ignore[return-value]
