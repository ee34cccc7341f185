"""Where libcst nodes stand in the file, asked only once there is something to report."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Not exported by `libcst.metadata`, whose wrapper would compute it for every node of every file
# and copy the tree first: 0.05 MB/s against 0.25.
from libcst.metadata.position_provider import PositionProvidingCodegenState

from datalint.finding import Span
from datalint.source.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    import libcst as cst
    from libcst.metadata import CodeRange


class _Recorder:
    """What the code generator tells positions to."""

    def __init__(self) -> None:
        self._computed: dict[cst.CSTNode, CodeRange] = {}


def spans(module: cst.Module, nodes: Iterable[cst.CSTNode], text: str) -> dict[cst.CSTNode, Span]:
    """The span in `text` of each node of its module, without whitespace and parentheses around."""
    wanted = list(nodes)
    if not wanted:
        return {}
    recorder = _Recorder()
    state = PositionProvidingCodegenState(
        default_indent=module.default_indent,
        default_newline=module.default_newline,
        provider=recorder,  # type: ignore[arg-type]  # all it is used for is `_computed`
    )
    module._codegen(state)
    found = {node: recorder._computed[node] for node in wanted}
    moved = _moved(text, _rows(state.tokens)) if "\f" in text else {}
    return {
        node: Span(
            at.start.line,
            at.start.column + 1 + moved.get(at.start.line, 0),
            at.end.line,
            at.end.column + 1 + moved.get(at.end.line, 0),
        )
        for node, at in found.items()
    }


def _rows(tokens: Iterable[str]) -> list[str]:
    """What libcst writes, in rows as it counts them: `\\r` and `\\n` of two tokens end two."""
    rows = [""]
    for token in tokens:
        first, *others = split_lines(token)
        rows[-1] += first
        rows += others
    return rows


def _moved(text: str, written: list[str]) -> dict[int, int]:
    """By row, how much further right the text begins than libcst writes it.

    It loses form feeds before a statement, or repeats those of a block's first row in all of them.
    """
    rows = zip(split_lines(text), written, strict=False)  # it may also leave out a last row
    return {row: _indent(ours) - _indent(its) for row, (ours, its) in enumerate(rows, start=1)}


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t\f"))
