"""Where libcst nodes stand in the file, asked only once there is something to report."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Not exported by `libcst.metadata`, whose wrapper would compute it for every node of every file
# and copy the tree first: 0.05 MB/s against 0.25.
from libcst.metadata.position_provider import PositionProvidingCodegenState

from datalint.finding import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    import libcst as cst
    from libcst.metadata import CodeRange


class _Recorder:
    """What the code generator tells positions to."""

    def __init__(self) -> None:
        self._computed: dict[cst.CSTNode, CodeRange] = {}


def spans(module: cst.Module, nodes: Iterable[cst.CSTNode]) -> dict[cst.CSTNode, Span]:
    """The span of each node of the module, without the whitespace and parentheses around it."""
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
    return {
        node: Span(at.start.line, at.start.column + 1, at.end.line, at.end.column + 1)
        for node, at in found.items()
    }
