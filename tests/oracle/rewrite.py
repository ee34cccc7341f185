"""Turns a program into what it would have been: with `.detach()`, with a copy, cured, cut."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.finding import Edit

_PRELUDE = """
import operator as _operator
import torch as _torch
def _detached(owner):
    return owner.detach() if isinstance(owner, _torch.Tensor) else owner.data
def _copied(owner):
    return owner.data.clone() if isinstance(owner, _torch.Tensor) else owner.data
def _augmented(reader, owner, operation, value):
    if isinstance(owner, _torch.Tensor):
        operation(reader(owner), value)
    else:
        owner.data = operation(owner.data, value)
"""


def with_detach(source: str, rows: set[int] | None = None) -> str:
    """`source` reading every tensor's `.data` that starts on `rows` (all) by `.detach()`.

    `x.data = v` stays: it has no such form. What is no tensor is left alone as it runs.
    """
    return _rewritten(source, "_detached", rows)


def with_clone(source: str, rows: set[int] | None = None) -> str:
    """`source` with its writes through the `.data` that starts on `rows` (all) sent to a copy."""
    return _rewritten(source, "_copied", rows)


def with_cures(source: str, cures: dict[int, str]) -> str:
    """`source` with the statement that holds row `r` replaced by `cures[r]`, at its indentation.

    Where the statement is a block's head (`for`, `if`), the whole block is replaced.
    """
    lines = source.splitlines()
    statements = _statements(source)
    for row in sorted(cures, reverse=True):
        first, last = _innermost(statements, row)
        indentation = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
        lines[first - 1 : last] = [indentation + cures[row]]
    return "\n".join(lines) + "\n"


def without_lines(source: str, rows: set[int]) -> str:
    """`source` with the statements that hold `rows` dropped."""
    return with_cures(source, dict.fromkeys(rows, "pass"))


def with_edits(source: str, edits: Iterable[Edit]) -> str:
    """`source` with a fix applied, by hand: the product's own splicing is judged, too."""
    lines = source.splitlines(keepends=True)
    starts = [sum(map(len, lines[:row])) for row in range(len(lines) + 1)]
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        first = starts[edit.span.row - 1] + edit.span.column - 1
        last = starts[edit.span.end_row - 1] + edit.span.end_column - 1
        source = source[:first] + edit.content + source[last:]
    return source


def _rewritten(source: str, reader: str, rows: set[int] | None) -> str:
    tree = _DataReads(reader, rows).visit(ast.parse(source))
    return _after_future_imports(ast.unparse(ast.fix_missing_locations(tree)))


def _after_future_imports(source: str) -> str:
    lines = source.splitlines()
    ends = [n.end_lineno or 0 for n in ast.parse(source).body if _is_future_import(n)]
    at = max(ends, default=0)
    return "\n".join([*lines[:at], _PRELUDE, *lines[at:]]) + "\n"


def _is_future_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


class _DataReads(ast.NodeTransformer):
    """Replaces reads of `.data`, `getattr(x, "data")` among them, by a call of `reader`."""

    def __init__(self, reader: str, rows: set[int] | None) -> None:
        self._reader, self._rows = reader, rows

    def _call(self, node: ast.expr, owner: ast.expr) -> ast.expr:
        if self._rows is not None and node.lineno not in self._rows:
            return node
        return ast.Call(ast.Name(self._reader, ast.Load()), [owner], [])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """`owner.data`, read."""
        self.generic_visit(node)
        if node.attr != "data" or not isinstance(node.ctx, ast.Load):
            return node
        return self._call(node, node.value)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """`getattr(owner, "data")`, `torch.Tensor.data.__get__(owner)`."""
        if ast.unparse(node.func) == "torch.Tensor.data.__get__" and node.args:
            return self._call(node, self.visit(node.args[0]))
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Name(id="getattr"), args=[owner, ast.Constant(value="data"), *_]
            ):
                return self._call(node, owner)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        """`owner.data += v`: a call cannot be assigned to, so `+=` becomes `operator.iadd`."""
        self.generic_visit(node)
        target = node.target
        if not (isinstance(target, ast.Attribute) and target.attr == "data"):
            return node
        if self._rows is not None and target.lineno not in self._rows:
            return node
        reader, operation = ast.Name(self._reader, ast.Load()), _IN_PLACE[type(node.op)]
        function = ast.Attribute(ast.Name("_operator", ast.Load()), operation, ast.Load())
        called = ast.Name("_augmented", ast.Load())
        call = ast.Call(called, [reader, target.value, function, node.value], [])
        return ast.copy_location(ast.Expr(call), node)


_IN_PLACE: dict[type[ast.operator], str] = {
    ast.Add: "iadd",
    ast.Sub: "isub",
    ast.Mult: "imul",
    ast.Div: "itruediv",
    ast.FloorDiv: "ifloordiv",
    ast.Mod: "imod",
    ast.Pow: "ipow",
    ast.BitAnd: "iand",
    ast.BitOr: "ior",
    ast.BitXor: "ixor",
    ast.LShift: "ilshift",
    ast.RShift: "irshift",
}


def _statements(source: str) -> list[ast.stmt]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]


def _innermost(statements: list[ast.stmt], row: int) -> tuple[int, int]:
    spans = [(s.lineno, s.end_lineno or s.lineno) for s in statements]
    holding = [(first, last) for first, last in spans if first <= row <= last]
    return min(holding, key=lambda span: span[1] - span[0])
