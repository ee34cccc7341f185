"""Autograd as an abstract machine: what a node saves, what a write spoils, what a backward needs.

A write marks what autograd saved as spoiled, or a tracked value as edited; the mark becomes damage
where a backward, or somebody the value escapes to, needs a graph that carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.flow.events import Damage
from datalint.flow.known import GraphNode
from datalint.flow.values import ANY, Key, Tri, overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from datalint.flow import ir
    from datalint.flow.events import Events, Write
    from datalint.flow.known import Save, Tensor
    from datalint.flow.state import State
    from datalint.flow.values import Root

#: To report a damage takes as long as to look at so many nodes.
LOOKS_OF_DAMAGE = 8
#: So many storages under one module are told apart.
CROWD = 8


def spoil(state: State, write: Write, tensor: Tensor) -> None:
    """Mark every save of this memory, but for those under the counter that this write moves."""
    groups = _by_root(tensor.storages)
    for key, node in state.keeping(groups):
        for save in node.saves:
            if write.site in save.held:
                continue  # it left the values as they were saved
            if _meet(save.storages, groups) and (save.via != tensor.via or write.blind):
                _mark(state, key, save, write)


def _by_root(storages: Iterable[Key]) -> dict[Root, list[Key]]:
    """Storages by what they lie under; a crowd under one thing counts as all of it."""
    groups: dict[Root, list[Key]] = {}
    for storage in storages:
        groups.setdefault(storage.root, []).append(storage)
    return {root: g if len(g) <= CROWD else [Key(*root).at(ANY)] for root, g in groups.items()}


def _meet(storages: Iterable[Key], groups: dict[Root, list[Key]]) -> bool:
    return any(overlap(a, b) for a in storages for b in groups.get(a.root, ()))


def swap(state: State, write: Write, tensor: Key, storages: frozenset[Key]) -> None:
    """`x.data = v`: only what was saved as `x` itself now shows other data."""
    groups = _by_root([tensor, *(s for s in storages if s.path and s.path[-1] == ANY)])
    for key, node in state.keeping(groups):
        for save in node.saves:
            if _meet(save.swaps, groups):
                _mark(state, key, save, write)


def _mark(state: State, node: Key, save: Save, write: Write) -> None:
    state.spoils[node] = state.spoils.get(node, frozenset()) | {(save, write)}


def count(state: State, tensor: Tensor, writes: Set[Write]) -> None:
    """Its version counter moves: what these writes spoiled of it is found out in backward."""
    groups = _by_root(tensor.storages)
    for key, marks in list(state.spoils.items()):
        counted = {
            (save, write)
            for save, write in marks
            if write in writes and save.guarded and save.via == tensor.via
            if _meet(save.storages, groups)
        }
        if counted:
            state.spoils[key] = marks - counted


def edit(state: State, write: Write, written: Tensor) -> None:
    """Mark the memory of tracked tensors that are not leaves; a leaf has no history to falsify.

    What came through the same `.data` has the same history as the written tensor.
    """
    for tensor in state.in_graph(written.storages):
        if tensor.via != written.via:
            for storage in tensor.storages & written.storages:
                state.edits[storage] = state.edits.get(storage, frozenset()) | {write}


def edits_of(state: State, tensors: Iterable[Tensor]) -> frozenset[tuple[Write, str]]:
    """The untracked edits that a use of these tensors takes part in, each with its assumption."""
    if not state.edits:
        return frozenset()
    found: set[tuple[Write, str]] = set()
    for tensor in tensors:
        if state.hangs(tensor):
            assumed = _assumption(state, tensor)
            found |= {(w, assumed) for s in tensor.storages for w in state.edits.get(s, ())}
    return frozenset(found)


def _assumption(state: State, tensor: Tensor) -> str:
    """What must be assumed for this tensor to be tracked; nothing where one node is in sight."""
    told = [state.nodes[n].assumed for n in tensor.nodes if n in state.nodes]
    return max(told, default="") if all(told) else ""


def reach(state: State, start: Iterable[Key]) -> dict[Key, GraphNode]:
    """The living part of the graph behind these nodes."""
    seen: dict[Key, GraphNode] = {}
    todo = list(start)
    while todo:
        key = todo.pop()
        if key not in seen and (node := state.nodes.get(key)):
            seen[key] = node
            todo.extend(node.parents)
    return seen


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who needs a graph: a backward, or whoever the value escapes to at `site`."""

    site: ir.Node
    backward: bool = False
    #: The value itself leaves a forward, whose caller goes on with it.
    forward: bool = False
    again: bool = False

    def damage(
        self,
        node: GraphNode,
        write: Write,
        saved: str = "",
        assumed: str = "",
        guarded: bool = True,
    ) -> Damage:
        sure = node.tracked == Tri.YES
        place = self.site, self.backward, sure, assumed, guarded, self.again
        return Damage(write, node.operator, node.site, saved, *place)


def need(state: State, events: Events, tensors: Iterable[Tensor], consumer: Consumer) -> int:
    """Report the marked saves and edits of the graph behind these tensors.

    Returns how much was looked at.
    """
    if not state.spoils and not state.edits:
        return 0
    roots = list(tensors)
    graph = reach(state, (n for t in roots for n in t.nodes))
    damages = [
        consumer.damage(node, write, save.what, save.assumed, save.guarded)
        for key, node in graph.items()
        for save, write in state.spoils.get(key, ())
    ]
    damages += [
        consumer.damage(node, write, assumed=assumed)
        for node in graph.values()
        for write, assumed in node.edits
    ]
    if consumer.backward or consumer.forward:
        handed_on = GraphNode("", consumer.site, Tri.MAYBE)
        damages += [consumer.damage(handed_on, w, assumed=a) for w, a in edits_of(state, roots)]
    for damage in damages:
        events.of(damage.write.read).damages.add(damage)
    return len(graph) + LOOKS_OF_DAMAGE * len(damages)


def settle(state: State, start: Iterable[Key]) -> None:
    """Free the graph that a backward ran through, as it does without `retain_graph`."""
    graph = reach(state, start)
    for key in graph:
        del state.nodes[key]
        state.spoils.discard(key)
