"""A `.data` in the text, and the edits it can take."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Edit, Fix, Span
from datalint.rules.rewrite import AUGMENTED

if TYPE_CHECKING:
    from datalint.rules.rewrite import Rewrite
    from datalint.source.around import Around, Surroundings

_OPERATOR = re.compile(r"[ \t]*(\S{1,2}=)[ \t]*")
_DOT = re.compile(r"\.[ \t]*data$")


@dataclass(frozen=True, slots=True)
class Read:
    """An expression that ends in `data`, at `span`, and what stands around it."""

    span: Span
    around: Around
    file: Surroundings

    def is_at(self, node: ast.expr) -> bool:
        """Whether it is this node: two expressions that begin and end together are one."""
        row, end_row = node.lineno, node.end_lineno or 0
        return (row, end_row) == (self.span.row, self.span.end_row) and (
            node.col_offset == self.file.byte(row, self.span.column)
            and node.end_col_offset == self.file.byte(end_row, self.span.end_column)
        )

    def rest(self) -> str:
        """What follows in its last row."""
        return self.file.line(self.span.end_row)[self.span.end_column - 1 :]

    def detached(self) -> list[Edit] | None:
        """`x.detach()`, and what is written through it is counted from then on."""
        methods = self.augmented()
        return None if methods is None else [Edit(self.last(len("data")), "detach()"), *methods]

    def dropped(self) -> list[Edit] | None:
        """`x`, where the dot stands in the same row."""
        methods = self.augmented()
        return None if methods is None or self.dot is None else [Edit(self.dot, ""), *methods]

    def augmented(self) -> list[Edit] | None:
        """`.add_(c)` for ` += c` where it is what that is done to; None where that has no method.

        Nothing that is called can stand before `+=`, and `p.w += c` would set `p.w` as well.
        """
        own = self.around.own
        if not isinstance(own, ast.AugAssign) or not self.is_at(own.target):
            return []
        operator = _OPERATOR.match(self.rest())
        method = operator and AUGMENTED.get(operator[1])
        if operator is None or method is None:
            return None
        if isinstance(own.value, ast.Tuple | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return None
        row, end = self.span.end_row, self.span.end_column
        last = own.end_lineno or row
        after = self.file.column(last, own.end_col_offset or 0)
        return [
            Edit(Span(row, end, row, end + operator.end()), f".{method}("),
            Edit(Span(last, after, last, after), ")"),
        ]

    @property
    def dot(self) -> Span | None:
        """Where `.data` stands, if it is all in one row."""
        dot = _DOT.search(self.file.at(self.span))
        return dot and self.last(len(dot[0]))

    def last(self, length: int) -> Span:
        """Its last characters, all in one row."""
        row, end = self.span.end_row, self.span.end_column
        return Span(row, end - length, row, end)


def fix_of(rewrite: Rewrite, edits: list[Edit], message: str = "", group: int = 0) -> Fix:
    """The edits as the fix that the rule allows, with its own message or another."""
    return Fix(rewrite.applicability, message or rewrite.message, tuple(edits), group)
