"""What is known of one tensor, node of the graph or container, and what of two where ways meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datalint.flow.order import ordered
from datalint.flow.values import MANY, WIDE, Key, Tri, Value, either

if TYPE_CHECKING:
    from datalint.flow import ir
    from datalint.flow.events import Write


class Tensor(NamedTuple):
    """One Python tensor: its memory, its place in the graph, the ways past a counter it came by."""

    storages: frozenset[Key]
    tracked: Tri
    nodes: frozenset[Key] = frozenset()
    via: frozenset[ir.Node] = frozenset()
    #: Known to be a tensor, not only used like one.
    known: bool = True
    #: Reached in a way that has no version counter at all.
    blind: bool = False


class Save(NamedTuple):
    """A tensor that a graph node keeps for its backward, by the storages it may have."""

    storages: frozenset[Key]
    #: "result", or the name of the operator's argument.
    what: str
    #: The tensors whose data `x.data = v` swaps under the saved value; none where it cannot.
    swaps: frozenset[Key] = frozenset()
    #: The assumption without which nothing was saved.
    assumed: str = ""
    #: Kept where the version counter is looked at.
    guarded: bool = True
    #: The `.data` reads it came through itself: their writes move the counter that it has.
    via: frozenset[ir.Node] = frozenset()
    #: Writes whose doing again changes nothing in what was saved.
    held: frozenset[ir.Node] = frozenset()


class GraphNode(NamedTuple):
    """What one call of an operator adds to the graph."""

    operator: str
    site: ir.Node
    tracked: Tri
    parents: frozenset[Key] = frozenset()
    saves: frozenset[Save] = frozenset()
    #: Untracked edits of what the operator used, and what had to be assumed for each.
    edits: frozenset[tuple[Write, str]] = frozenset()
    #: Only assumed to be there: an unseen function made it.
    assumed: str = ""


class Contents(NamedTuple):
    """What a container holds: by position or constant key where known, and the rest."""

    known: tuple[tuple[object, Value], ...] = ()
    rest: Value = frozenset()
    #: `known` is all of it, in order.
    exact: bool = True

    @property
    def all(self) -> Value:
        return frozenset().union(self.rest, *(v for _, v in self.known))

    def bounded(self) -> Contents:
        """The same, or less told apart: what holds much is not worth a look at all of it each time.

        Of very much only what comes first in the order of the source is kept, which is not looked
        for again with each thing that is put in.
        """
        if len(self.known) <= MANY and len(self.rest) <= 2 * MANY:
            return self
        every = self.all
        return Contents((), every if len(every) <= 2 * MANY else _first(every, MANY), False)


def join_values(a: Value, b: Value) -> Value:
    both = a | b
    if len(both) > WIDE:
        return _first(both, WIDE)
    return a if len(both) == len(a) else both


def _first(value: Value, count: int) -> Value:
    return frozenset(ordered(value)[:count])


def join_tensors(a: Tensor, b: Tensor) -> Tensor:
    return Tensor(
        a.storages | b.storages,
        either(a.tracked, b.tracked),
        a.nodes | b.nodes,
        a.via | b.via,
        a.known and b.known,
        a.blind or b.blind,
    )


def join_contents(a: Contents, b: Contents) -> Contents:
    left, right = dict(a.known), dict(b.known)
    if left.keys() == right.keys():
        known = tuple((k, join_values(left[k], right[k])) for k in left)
        return Contents(known, join_values(a.rest, b.rest), a.exact and b.exact)
    shared = [k for k in left if k in right]
    rest = [v for d in (left, right) for k, v in d.items() if k not in shared]
    known = tuple((k, join_values(left[k], right[k])) for k in shared)
    return Contents(known, join_values(a.rest, b.rest.union(*rest)), False)


def join_nodes(a: GraphNode, b: GraphNode) -> GraphNode:
    return GraphNode(
        min(a.operator, b.operator),
        a.site,
        either(a.tracked, b.tracked),
        a.parents | b.parents,
        a.saves | b.saves,
        a.edits | b.edits,
        min(a.assumed, b.assumed),  # nothing, where one of them is in sight
    )
