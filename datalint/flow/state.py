"""What is known at one point of the program: fork it to go two ways, join where they meet.

`age` is the recency abstraction: at the end of a loop's body what the body made becomes one of
"the older ones", so that the next iteration's fresh tensor is not mistaken for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from datalint.flow.values import (
    Bound,
    Container,
    Instance,
    Key,
    Method,
    Opaque,
    Partial,
    Super,
    TensorRef,
    Thing,
    Tri,
    Value,
    either,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datalint.flow import ir
    from datalint.flow.events import Write


@dataclass(frozen=True, slots=True)
class Tensor:
    """One Python tensor: its memory, its place in the graph, the `.data` reads it came through."""

    storages: frozenset[Key]
    tracked: Tri
    nodes: frozenset[Key] = frozenset()
    via: frozenset[ir.Node] = frozenset()
    #: Known to be a tensor, not only used like one.
    known: bool = True


@dataclass(frozen=True, slots=True)
class Save:
    """A storage that a graph node keeps for its backward."""

    storage: Key
    #: "result", or the name of the operator's argument.
    what: str
    #: The tensor whose data `x.data = v` swaps under the saved value; None where it cannot.
    swaps: Key | None = None
    #: The assumption without which nothing was saved.
    assumed: str = ""


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


@dataclass(slots=True)
class State:
    """Maps from keys and names; a missing entry means what a fresh argument would mean."""

    variables: dict[tuple[int, str], Value] = field(default_factory=dict)
    attributes: dict[tuple[Key, str], Value] = field(default_factory=dict)
    contents: dict[Key, Contents] = field(default_factory=dict)
    tensors: dict[Key, Tensor] = field(default_factory=dict)
    nodes: dict[Key, GraphNode] = field(default_factory=dict)
    spoils: dict[tuple[Key, Save], frozenset[Write]] = field(default_factory=dict)
    edits: dict[Key, frozenset[Write]] = field(default_factory=dict)
    grad: Tri = Tri.YES

    def fork(self) -> State:
        maps = (self.variables, self.attributes, self.contents, self.tensors)
        more = (self.nodes, self.spoils, self.edits)
        return State(*(dict(m) for m in maps + more), grad=self.grad)  # type: ignore[arg-type]  # in order

    def tensor(self, key: Key) -> Tensor:
        """A tensor never seen before is a caller's: it may require grad, nothing is its graph."""
        return self.tensors.get(key) or _unseen(key)

    def join(self, other: State) -> State:
        """What holds whichever of the two ways was taken."""
        return State(
            _merged(self.variables, other.variables, frozenset.union),
            _merged(self.attributes, other.attributes, frozenset.union, _absent_attribute),
            _merged(self.contents, other.contents, join_contents),
            _merged(self.tensors, other.tensors, join_tensors, _absent_tensor),
            _merged(self.nodes, other.nodes, _join_nodes),
            _merged(self.spoils, other.spoils, frozenset.union),
            _merged(self.edits, other.edits, frozenset.union),
            either(self.grad, other.grad),
        )

    def age(self, before: State) -> State:
        """Make old whatever is new since `before`."""
        fresh = {
            k
            for now, then in (
                (self.tensors, before.tensors),
                (self.nodes, before.nodes),
                (self.contents, before.contents),
            )
            for k in now
            if not k.age and k not in then
        }
        fresh |= {k for k, _ in self.attributes if not k.age and not _known(k, before)}
        return _Ageing({k.root for k in fresh}, before).state(self) if fresh else self


def join_all(states: Sequence[State]) -> State:
    """What holds whichever of the ways was taken; there is at least one."""
    joined, *others = states
    for other in others:
        joined = joined.join(other)
    return joined


def _known(key: Key, state: State) -> bool:
    return any(k.root == key.root for k, _ in state.attributes) or key in state.tensors


def _merged(
    a: dict[Any, Any],
    b: dict[Any, Any],
    join: Callable[[Any, Any], Any],
    absent: Callable[[Any, Any], Any] | None = None,
) -> dict[Any, Any]:
    merged = dict(a)
    for key, value in b.items():
        if key not in merged:
            merged[key] = join(value, absent(key, value)) if absent else value
        elif merged[key] is not value and merged[key] != value:
            merged[key] = join(merged[key], value)
    if absent:
        for key in a.keys() - b.keys():
            merged[key] = join(a[key], absent(key, a[key]))
    return merged


def _unseen(key: Key) -> Tensor:
    return Tensor(frozenset({key}), Tri.MAYBE, known=False)


def _absent_tensor(key: Key, other: Tensor) -> Tensor:
    """A tensor made on one way only is just that; an argument was there on both."""
    return other if other.known else _unseen(key)


def _absent_attribute(key: tuple[Key, str], _: Value) -> Value:
    holder, name = key
    return frozenset({Opaque(holder.at(name))})


def join_tensors(a: Tensor, b: Tensor) -> Tensor:
    return Tensor(
        a.storages | b.storages,
        either(a.tracked, b.tracked),
        a.nodes | b.nodes,
        a.via | b.via,
        a.known and b.known,
    )


def join_contents(a: Contents, b: Contents) -> Contents:
    left, right = dict(a.known), dict(b.known)
    if left.keys() == right.keys():
        known = tuple((k, left[k] | right[k]) for k in left)
        return Contents(known, a.rest | b.rest, a.exact and b.exact)
    shared = [k for k in left if k in right]
    rest = [v for d in (left, right) for k, v in d.items() if k not in shared]
    known = tuple((k, left[k] | right[k]) for k in shared)
    return Contents(known, a.rest.union(b.rest, *rest), False)


def _join_nodes(a: GraphNode, b: GraphNode) -> GraphNode:
    return replace(
        a,
        tracked=either(a.tracked, b.tracked),
        parents=a.parents | b.parents,
        saves=a.saves | b.saves,
        edits=a.edits | b.edits,
        assumed=a.assumed and b.assumed,
    )


class _Ageing:
    """Renames keys everywhere in a state; what was there `before` can hold none of them."""

    def __init__(self, roots: set[tuple[int, int, int]], before: State) -> None:
        self.roots = roots
        self.before = before

    def key(self, key: Key) -> Key:
        return key._replace(age=1) if key[:3] in self.roots else key

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
        swaps = save.swaps and self.key(save.swaps)
        return replace(save, storage=self.key(save.storage), swaps=swaps)

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

    def spoiled(self, key: tuple[Key, Save]) -> tuple[Key, Save]:
        return self.key(key[0]), self.save(key[1])

    def state(self, s: State) -> State:
        union = frozenset.union
        old = self.before
        return State(
            self.map(s.variables, old.variables, self.same, self.value, union),
            self.map(s.attributes, old.attributes, self.named, self.value, union),
            self.map(s.contents, old.contents, self.key, self.contents, join_contents),
            self.map(s.tensors, old.tensors, self.key, self.tensor, join_tensors),
            self.map(s.nodes, old.nodes, self.key, self.node, _join_nodes),
            self.map(s.spoils, old.spoils, self.spoiled, self.same, union),
            self.map(s.edits, old.edits, self.key, self.same, union),
            s.grad,
        )

    def map(
        self,
        now: dict[Any, Any],
        then: dict[Any, Any],
        rename: Callable[[Any], Any],
        renew: Callable[[Any], Any],
        join: Callable[[Any, Any], Any],
    ) -> dict[Any, Any]:
        aged: dict[Any, Any] = {}
        for key, entry in now.items():
            if then.get(key) is entry:
                aged[key] = join(aged[key], entry) if key in aged else entry
                continue
            place, renewed = rename(key), renew(entry)
            aged[place] = join(aged[place], renewed) if place in aged else renewed
        return aged
