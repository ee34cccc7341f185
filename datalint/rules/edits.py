"""From what a rule lets be changed to a fix: the edits of the source, in the form that suits."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from datalint.finding import Edit
from datalint.rules.idioms import idiom
from datalint.rules.reads import Read, fix_of
from datalint.rules.rewrite import detached

if TYPE_CHECKING:
    from datalint.finding import Fix, Span
    from datalint.flow import ir
    from datalint.rules.rewrite import Rewrite
    from datalint.source.around import Around, Surroundings


def fix(rewrite: Rewrite, node: ir.Node, span: Span, file: Surroundings) -> Fix | None:
    """What to do to the source for a rewrite of the read `node`, which stands at `span`.

    None where there is nothing that would be right: in TorchScript, in a `match` pattern, before
    an operator that has no method.
    """
    around = file.of(span)
    if file.is_scripted(around) or _is_pattern(around, span):
        return None
    read = Read(span, around, file)
    if not isinstance(node.origin, ast.Attribute):  # `getattr(x, "data")`
        return fix_of(rewrite, [Edit(span, detached(node) or "")])
    if rewrite.harmless and (found := idiom(rewrite, read)):
        return found
    edits = read.detached()
    return None if edits is None else fix_of(rewrite, edits)


def _is_pattern(around: Around, span: Span) -> bool:
    """Whether the place is in the pattern of a `case`, where a call means something else."""
    own = around.own
    return isinstance(own, ast.Match) and any(
        case.pattern.lineno <= span.row <= (case.pattern.end_lineno or 0) for case in own.cases
    )
