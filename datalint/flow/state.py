"""What is known at one point of the program: fork it to go two ways, join where they meet.

`age` is the recency abstraction: at the end of a loop's body what the body made becomes one of
"the older ones", so that the next iteration's fresh tensor is not mistaken for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from datalint.flow.layers import Layers
from datalint.flow.order import ordered
from datalint.flow.values import (
    MANY,
    WIDE,
    Bound,
    Container,
    Instance,
    Key,
    Method,
    Opaque,
    Partial,
    Root,
    Super,
    TensorRef,
    Thing,
    Tri,
    Value,
    either,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datalint.flow import ir
    from datalint.flow.events import Write


@dataclass(frozen=True, slots=True)
class Tensor:
    """One Python tensor: its memory, its place in the graph, the ways past a counter it came by."""

    storages: frozenset[Key]
    tracked: Tri
    nodes: frozenset[Key] = frozenset()
    via: frozenset[ir.Node] = frozenset()
    #: Known to be a tensor, not only used like one.
    known: bool = True
    #: Reached in a way that has no version counter at all.
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Save:
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


@dataclass(frozen=True, slots=True)
class GraphNode:
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


@dataclass(frozen=True, slots=True)
class Contents:
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
            self.attributes.join(other.attributes, join_values, _absent_attribute),
            self.contents.join(other.contents, join_contents),
            self.tensors.join(other.tensors, join_tensors, _absent_tensor),
            self.nodes.join(other.nodes, _join_nodes),
            self.spoils.join(other.spoils, union),
            self.edits.join(other.edits, union),
            self.sharers.join(other.sharers, union),
            self.hanging.join(other.hanging, union),
            self.keepers.join(other.keepers, union),
            self.members.join(other.members, union),
            self.made_of.join(other.made_of, union),
            self.held.join(other.held, frozenset.intersection, lambda *_: frozenset()),
            either(self.grad, other.grad),
        )

    def absorb(self, other: State) -> None:
        """Take in what is known elsewhere of things that are not known here."""
        for field_ in fields(self):
            here, there = getattr(self, field_.name), getattr(other, field_.name)
            if isinstance(here, Layers):
                for key, value in there.items():
                    if key not in here:
                        here[key] = value

    def age(self, before: State) -> State:
        """Make old whatever is new since `before`."""
        fresh = _new(self.tensors, before.tensors)
        fresh |= _new(self.nodes, before.nodes) | _new(self.contents, before.contents)
        return _Ageing(fresh, before).state(self) if fresh else self


def _add(index: Layers[Root, frozenset[Key]], root: Root, key: Key) -> None:
    held = index.get(root, frozenset())
    if key not in held:
        index[root] = held | {key}


def _new(now: Layers[Key, Any], before: Layers[Key, Any]) -> set[tuple[int, int, int]]:
    """Which keys were made since."""
    changed, _ = now.changes(before)
    return {k.root for k in changed if not k.age and k in now and k not in before}


def join_all(states: Sequence[State]) -> State:
    """What holds whichever of the ways was taken; there is at least one.

    Halves are joined, as what differs least is what parted last: those beside each other.
    """
    if len(states) == 1:
        return states[0]
    middle = len(states) // 2
    return join_all(states[:middle]).join(join_all(states[middle:]))


def _unseen(key: Key) -> Tensor:
    return Tensor(frozenset({key}), Tri.MAYBE, known=False)


def _absent_tensor(key: Key, other: Tensor) -> Tensor:
    """A tensor made on one way only is just that; an argument was there on both."""
    return other if other.known else _unseen(key)


def _absent_attribute(key: tuple[Key, str], _: Value) -> Value:
    holder, name = key
    return frozenset({Opaque(holder.at(name))})


def join_values(a: Value, b: Value) -> Value:
    both = a | b
    return both if len(both) <= WIDE else _first(both, WIDE)


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


def _join_nodes(a: GraphNode, b: GraphNode) -> GraphNode:
    return replace(
        a,
        operator=min(a.operator, b.operator),
        tracked=either(a.tracked, b.tracked),
        parents=a.parents | b.parents,
        saves=a.saves | b.saves,
        edits=a.edits | b.edits,
        assumed=min(a.assumed, b.assumed),  # nothing, where one of them is in sight
    )


class _Ageing:
    """Renames keys everywhere in a state; what was there `before` can hold none of them."""

    def __init__(self, roots: set[tuple[int, int, int]], before: State) -> None:
        self.roots = roots
        self.before = before

    def key(self, key: Key) -> Key:
        return key._replace(age=1) if key[:3] in self.roots else key

    def root(self, root: Root) -> Root:
        return (root[0], root[1], 1) if root in self.roots else root

    def keys(self, keys: frozenset[Key]) -> frozenset[Key]:
        return frozenset(map(self.key, keys))

    def thing(self, thing: Thing) -> Thing:
        match thing:
            case TensorRef() | Opaque() | Container() | Instance():
                stays = thing.key[:3] not in self.roots
                return thing if stays else replace(thing, key=self.key(thing.key))
            case Method() | Bound() | Super():
                return replace(thing, receiver=self.thing(thing.receiver))
            case Partial():
                positional = tuple(map(self.value, thing.positional))
                keywords = tuple((k, self.value(v)) for k, v in thing.keywords)
                return Partial(self.thing(thing.callee), positional, keywords)
        return thing

    def value(self, value: Value) -> Value:
        return frozenset(map(self.thing, value))

    def save(self, save: Save) -> Save:
        return replace(save, storages=self.keys(save.storages), swaps=self.keys(save.swaps))

    def contents(self, c: Contents) -> Contents:
        known = tuple((k, self.value(v)) for k, v in c.known)
        return Contents(known, self.value(c.rest), c.exact)

    def tensor(self, t: Tensor) -> Tensor:
        return replace(t, storages=self.keys(t.storages), nodes=self.keys(t.nodes))

    def node(self, n: GraphNode) -> GraphNode:
        saves = frozenset(map(self.save, n.saves))
        return replace(n, parents=self.keys(n.parents), saves=saves)

    def same(self, entry: Any) -> Any:
        return entry

    def named(self, key: tuple[Any, str]) -> tuple[Any, str]:
        return self.key(key[0]), key[1]

    def spoiled(self, marks: frozenset[tuple[Save, Write]]) -> frozenset[tuple[Save, Write]]:
        return frozenset((self.save(save), write) for save, write in marks)

    def state(self, s: State) -> State:
        union, old = frozenset.union, self.before
        return State(
            s.variables.renewed(old.variables, self.same, self.value, join_values),
            s.attributes.renewed(old.attributes, self.named, self.value, join_values),
            s.contents.renewed(old.contents, self.key, self.contents, join_contents),
            s.tensors.renewed(old.tensors, self.key, self.tensor, join_tensors),
            s.nodes.renewed(old.nodes, self.key, self.node, _join_nodes),
            s.spoils.renewed(old.spoils, self.key, self.spoiled, union),
            s.edits.renewed(old.edits, self.key, self.same, union),
            s.sharers.renewed(old.sharers, self.root, self.keys, union),
            s.hanging.renewed(old.hanging, self.root, self.keys, union),
            s.keepers.renewed(old.keepers, self.root, self.keys, union),
            s.members.renewed(old.members, self.key, self.same, union),
            s.made_of.renewed(old.made_of, self.key, self.keys, union),
            s.held.renewed(old.held, self.key, self.same, frozenset.intersection),
            s.grad,
        )
