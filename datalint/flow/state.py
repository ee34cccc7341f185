"""What is known at one point of the program: fork it to go two ways, join where they meet."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from datalint.flow.known import (
    Contents,
    GraphNode,
    Tensor,
    join_contents,
    join_nodes,
    join_tensors,
    join_values,
)
from datalint.flow.layers import Layers
from datalint.flow.values import Key, Opaque, Root, Tri, Value, either

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datalint.flow import ir
    from datalint.flow.events import Write
    from datalint.flow.known import Save


@dataclass(slots=True)
class State:
    """Maps from keys and names; a missing entry means what a fresh argument would mean."""

    variables: Layers[tuple[int, str], Value] = field(default_factory=Layers)
    attributes: Layers[tuple[Key, str], Value] = field(default_factory=Layers)
    contents: Layers[Key, Contents] = field(default_factory=Layers)
    tensors: Layers[Key, Tensor] = field(default_factory=Layers)
    nodes: Layers[Key, GraphNode] = field(default_factory=Layers)
    #: By node, which of its saves was written, and by what.
    spoils: Layers[Key, frozenset[tuple[Save, Write]]] = field(default_factory=Layers)
    edits: Layers[Key, frozenset[Write]] = field(default_factory=Layers)
    #: Tensors by the storage they may have, graph nodes by the storages they save; by root.
    sharers: Layers[Root, frozenset[Key]] = field(default_factory=Layers)
    #: Of the sharers those that were once in a graph.
    hanging: Layers[Root, frozenset[Key]] = field(default_factory=Layers)
    keepers: Layers[Root, frozenset[Key]] = field(default_factory=Layers)
    #: The names of the attributes that were set on each thing.
    members: Layers[Key, frozenset[str]] = field(default_factory=Layers)
    #: What the contents of memory were computed from, where it is not its own source.
    made_of: Layers[Key, frozenset[Key]] = field(default_factory=Layers)
    #: Where memory was last written in ways that change nothing when they are repeated.
    held: Layers[Key, frozenset[ir.Node]] = field(default_factory=Layers)
    grad: Tri = Tri.YES

    def fork(self) -> State:
        return State(
            self.variables.fork(),
            self.attributes.fork(),
            self.contents.fork(),
            self.tensors.fork(),
            self.nodes.fork(),
            self.spoils.fork(),
            self.edits.fork(),
            self.sharers.fork(),
            self.hanging.fork(),
            self.keepers.fork(),
            self.members.fork(),
            self.made_of.fork(),
            self.held.fork(),
            self.grad,
        )

    def tensor(self, key: Key) -> Tensor:
        """A tensor never seen before is a caller's: it may require grad, nothing is its graph."""
        return self.tensors.get(key) or _unseen(key)

    def set_attribute(self, key: Key, name: str, value: Value) -> None:
        self.attributes[key, name] = value
        named = self.members.get(key, frozenset())
        if name not in named:
            self.members[key] = named | {name}

    def attributes_of(self, key: Key) -> list[tuple[str, Value]]:
        """What was put on this thing, by name."""
        names = sorted(self.members.get(key, ()))
        return [(n, self.attributes[key, n]) for n in names if (key, n) in self.attributes]

    def set_tensor(self, key: Key, tensor: Tensor) -> None:
        held = self.tensors.get(key)
        self.tensors[key] = tensor
        for storage in tensor.storages - held.storages if held else tensor.storages:
            _add(self.sharers, storage.root, key)
        if tensor.nodes and not (held and held.nodes and held.storages == tensor.storages):
            for storage in tensor.storages:
                _add(self.hanging, storage.root, key)

    def add_node(self, key: Key, node: GraphNode) -> None:
        self.nodes[key] = node
        for root in {k.root for s in node.saves for k in s.storages | s.swaps}:
            _add(self.keepers, root, key)

    def sharing(self, storages: Iterable[Key]) -> list[tuple[Key, Tensor]]:
        """The tensors that were given a storage of these roots; some may have moved since."""
        return self._tensors(self.sharers, storages)

    def in_graph(self, storages: Iterable[Key]) -> list[Tensor]:
        """Those of them that autograd tracks and that are not leaves."""
        shared = self._tensors(self.hanging, storages)
        return [t for _, t in shared if self.hangs(t)]

    def hangs(self, tensor: Tensor) -> bool:
        """Whether autograd tracks it and it is not a leaf."""
        return tensor.tracked != Tri.NO and any(n in self.nodes for n in tensor.nodes)

    def _tensors(
        self, index: Layers[Root, frozenset[Key]], storages: Iterable[Key]
    ) -> list[tuple[Key, Tensor]]:
        keys = {k for s in storages for k in index.get(s.root, ())}
        return [(k, self.tensors[k]) for k in sorted(keys) if k in self.tensors]

    def keeping(self, roots: Iterable[Root]) -> list[tuple[Key, GraphNode]]:
        """The living nodes that save a storage of one of these roots."""
        keys = sorted({k for root in roots for k in self.keepers.get(root, ())})
        return [(k, self.nodes[k]) for k in keys if k in self.nodes]

    def join(self, other: State) -> State:
        """What holds whichever of the two ways was taken."""
        union = frozenset.union
        return State(
            self.variables.join(other.variables, join_values),
            self.attributes.join(other.attributes, join_values, _lone_attribute),
            self.contents.join(other.contents, join_contents),
            self.tensors.join(other.tensors, join_tensors, _lone_tensor),
            self.nodes.join(other.nodes, join_nodes),
            self.spoils.join(other.spoils, union),
            self.edits.join(other.edits, union),
            self.sharers.join(other.sharers, union),
            self.hanging.join(other.hanging, union),
            self.keepers.join(other.keepers, union),
            self.members.join(other.members, union),
            self.made_of.join(other.made_of, union),
            self.held.join(other.held, frozenset.intersection, _lone_write),
            either(self.grad, other.grad),
        )

    def absorb(self, other: State) -> None:
        """Take in what is known elsewhere of things that are not known here."""
        for field_ in fields(self):
            here, there = getattr(self, field_.name), getattr(other, field_.name)
            if isinstance(here, Layers):
                here.absorb(there)


def _add(index: Layers[Root, frozenset[Key]], root: Root, key: Key) -> None:
    held = index.get(root, frozenset())
    if key not in held:
        index[root] = held | {key}


def join_all(states: Sequence[State]) -> State:
    """What holds whichever of the ways was taken; there is at least one.

    Halves are joined, as what differs least is what parted last: those beside each other.
    """
    if len(states) == 1:
        return states[0]
    middle = len(states) // 2
    return join_all(states[:middle]).join(join_all(states[middle:]))


def _unseen(key: Key) -> Tensor:
    return Tensor(frozenset((key,)), Tri.MAYBE, known=False)


def _lone_tensor(key: Key, tensor: Tensor) -> Tensor:
    """A tensor made on one way only is just that; an argument was there on both, unseen on one."""
    if tensor.known or (tensor.tracked == Tri.MAYBE and key in tensor.storages):
        return tensor
    return join_tensors(tensor, _unseen(key))


def _lone_attribute(key: tuple[Key, str], value: Value) -> Value:
    """On the other way it is what it was before anyone set it."""
    holder, name = key
    return join_values(value, frozenset({Opaque(holder.at(name))}))


def _lone_write(_: Key, __: frozenset[ir.Node]) -> frozenset[ir.Node]:
    return frozenset()
