"""The recency abstraction: what a round of a loop made becomes one of "the older ones".

So the next round's fresh tensor is not mistaken for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datalint.flow.known import (
    Contents,
    GraphNode,
    Save,
    Tensor,
    join_contents,
    join_nodes,
    join_tensors,
    join_values,
)
from datalint.flow.state import State
from datalint.flow.values import (
    Bound,
    ClassRef,
    Closure,
    Container,
    External,
    Instance,
    Key,
    Literal,
    Member,
    Method,
    Opaque,
    Partial,
    Plain,
    Root,
    Super,
    TensorRef,
    Thing,
    Value,
)

if TYPE_CHECKING:
    from datalint.flow.events import Write
    from datalint.flow.layers import Layers


def age(state: State, before: State) -> State:
    """Make old whatever is new since `before`."""
    fresh = _new(state.tensors, before.tensors)
    fresh |= _new(state.nodes, before.nodes) | _new(state.contents, before.contents)
    return _Ageing(fresh).state(state, before) if fresh else state


def _new(now: Layers[Key, Any], before: Layers[Key, Any]) -> set[Root]:
    """Which keys were made since."""
    changed = now.changed(before)
    return {k.root for k in changed if not k.age and k in now and k not in before}


#: What is there for good: no round of a loop makes it.
_LASTING = {External, Member, Literal, Plain, Closure, ClassRef}


class _Ageing:
    """Renames keys everywhere in a state; what holds none of them stays the very same object."""

    def __init__(self, fresh: set[Root]) -> None:
        self.fresh = fresh
        #: What has been looked at already: the same values are found in many places.
        self.renamed: dict[Value, Value] = {}
        self.staying: set[Value] = set()

    def key(self, key: Key) -> Key:
        return Key(key[0], key[1], 1, key[3]) if key[:3] in self.fresh else key

    def root(self, root: Root) -> Root:
        return (root[0], root[1], 1) if root in self.fresh else root

    def keys(self, keys: frozenset[Key]) -> frozenset[Key]:
        for key in keys:
            if key[:3] in self.fresh:
                return frozenset(map(self.key, keys))
        return keys

    def thing(self, thing: Thing) -> Thing:
        match thing:
            case TensorRef(key) | Opaque(key) if key[:3] in self.fresh:
                return type(thing)(self.key(key))
            case Container(key, kind) if key[:3] in self.fresh:
                return Container(self.key(key), kind)
            case Instance(key, of) if key[:3] in self.fresh:
                return Instance(self.key(key), of)
            case Method(receiver, function):
                return Method(self.thing(receiver), function)
            case Bound(receiver, name):
                return Bound(self.thing(receiver), name)
            case Super(receiver, cls):
                return Super(self.thing(receiver), cls)
            case Partial(callee, positional, keywords):
                positional = tuple(map(self.value, positional))
                keywords = tuple((k, self.value(v)) for k, v in keywords)
                return Partial(self.thing(callee), positional, keywords)
        return thing

    def value(self, value: Value) -> Value:
        if value in self.staying:
            return value
        if value in self.renamed:
            return self.renamed[value]
        renamed = value
        if not all(type(thing) in _LASTING for thing in value):
            renamed = frozenset(map(self.thing, value))
        if renamed == value:
            self.staying.add(value)
            return value
        self.renamed[value] = renamed
        return renamed

    def save(self, save: Save) -> Save:
        storages, swaps = self.keys(save.storages), self.keys(save.swaps)
        if storages is save.storages and swaps is save.swaps:
            return save
        return Save(storages, save.what, swaps, save.assumed, save.guarded, save.via, save.held)

    def contents(self, c: Contents) -> Contents:
        rest = self.value(c.rest)
        if rest is c.rest and all(self.value(v) is v for _, v in c.known):
            return c
        return Contents(tuple((k, self.value(v)) for k, v in c.known), rest, c.exact)

    def tensor(self, t: Tensor) -> Tensor:
        storages, nodes = self.keys(t.storages), self.keys(t.nodes)
        if storages is t.storages and nodes is t.nodes:
            return t
        return Tensor(storages, t.tracked, nodes, t.via, t.known, t.blind)

    def node(self, n: GraphNode) -> GraphNode:
        parents, saves = self.keys(n.parents), frozenset(map(self.save, n.saves))
        if parents is n.parents and saves == n.saves:
            return n
        return GraphNode(n.operator, n.site, n.tracked, parents, saves, n.edits, n.assumed)

    def same(self, entry: Any) -> Any:
        return entry

    def named(self, key: tuple[Key, str]) -> tuple[Key, str]:
        return (self.key(key[0]), key[1]) if key[0][:3] in self.fresh else key

    def spoiled(self, marks: frozenset[tuple[Save, Write]]) -> frozenset[tuple[Save, Write]]:
        return frozenset((self.save(save), write) for save, write in marks)

    def state(self, s: State, before: State) -> State:
        union = frozenset.union
        return State(
            s.variables.renewed(before.variables, self.same, self.value, join_values),
            s.attributes.renewed(before.attributes, self.named, self.value, join_values),
            s.contents.renewed(before.contents, self.key, self.contents, join_contents),
            s.tensors.renewed(before.tensors, self.key, self.tensor, join_tensors),
            s.nodes.renewed(before.nodes, self.key, self.node, join_nodes),
            s.spoils.renewed(before.spoils, self.key, self.spoiled, union),
            s.edits.renewed(before.edits, self.key, self.same, union),
            s.sharers.renewed(before.sharers, self.root, self.keys, union),
            s.hanging.renewed(before.hanging, self.root, self.keys, union),
            s.keepers.renewed(before.keepers, self.root, self.keys, union),
            s.members.renewed(before.members, self.key, self.same, union),
            s.made_of.renewed(before.made_of, self.key, self.keys, union),
            s.held.renewed(before.held, self.key, self.same, frozenset.intersection),
            s.grad,
        )
