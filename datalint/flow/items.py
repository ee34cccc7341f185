"""Items and elements: what is in a thing, and putting something in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from datalint.flow.known import Contents, join_values
from datalint.flow.operators import Arguments, Operators
from datalint.flow.values import (
    ITEM,
    NOTHING,
    PLAIN,
    ClassRef,
    Container,
    External,
    Instance,
    Key,
    Literal,
    Opaque,
    TensorRef,
    Thing,
    Value,
    constant,
    just,
)
from datalint.ops import facts
from datalint.ops.facts import Sharing

if TYPE_CHECKING:
    from datalint.flow import ir


class Items(Operators):
    """Loads and stores by index."""

    def below(self, thing: Opaque, *names: str) -> Value:
        """Something reached through an unknown thing: in the same graph, under the same memory."""
        key = thing.key.at(*names)
        if key not in self.state.tensors and thing.key in self.state.tensors:
            holder = self.state.tensors[thing.key]
            storages = frozenset(s.at(*names) for s in holder.storages)
            self.state.set_tensor(key, holder._replace(storages=storages, known=False))
        return just(Opaque(key))

    def store(self, key: Key, name: str, value: Value, strong: bool) -> None:
        old = self.state.attributes.get((key, name), NOTHING)
        keep = NOTHING if strong and not key.age else old
        self.state.set_attribute(key, name, join_values(keep, value))

    def as_tuple(self, value: Value) -> Value:
        """`x.max(...)` may be a tensor or a tuple: where it is taken apart it is a tuple."""
        tuples = {t.key for t in value if isinstance(t, Container)}
        return frozenset(t for t in value if not (isinstance(t, TensorRef) and t.key in tuples))

    def item(self, node: ir.Node, thing: Thing, index: Value) -> Value:
        """What `thing[index]` may be."""
        match thing:
            case TensorRef():
                return self.tensor_item(node, thing, index)
            case Opaque():
                return self.opaque_item(node, thing, index)
            case Container() | Instance():
                return self.contained(node, thing, index)
            case External() | ClassRef():
                return just(thing)  # `list[int]`, `os.environ[...]`
        return PLAIN

    def contained(self, node: ir.Node, thing: Container | Instance, index: Value) -> Value:
        if isinstance(thing, Instance) and thing.key not in self.state.contents:
            return just(Opaque(thing.key.at(ITEM)))
        contents = self.contents(thing.key)
        wanted = constant(index)
        known = dict(contents.known)
        if isinstance(wanted, int) and wanted < 0 and contents.exact:
            wanted += len(known)
        if wanted is not ... and _hashable(wanted) and wanted in known:
            return known[wanted] | contents.rest
        if wanted is None or wanted is ... or (not contents.rest and not contents.exact):
            return contents.all
        return contents.rest

    def tensor_item(self, node: ir.Node, thing: TensorRef, index: Value) -> Value:
        tensors = {thing.key: self.state.tensor(thing.key)}
        kinds = self.index_kinds(index)
        result = NOTHING
        if "basic" in kinds:
            result |= self.view(node, tensors, "view")
        if "advanced" in kinds:
            operator = facts.method("__getitem__") or facts.method("index_select")
            assert operator
            fresh = replace(operator, sharing=Sharing.FRESH)
            result |= self.apply(fresh, node, Arguments([just(thing), index]))
        return result

    def index_kinds(self, index: Value) -> set[str]:
        """An index of numbers and slices gives a view, one of tensors or lists a copy."""
        kinds: set[str] = set()
        for thing in index:
            match thing:
                case TensorRef():
                    kinds.add("advanced")
                case Opaque():
                    kinds |= {"basic", "advanced"}
                case Container(kind="tuple"):
                    parts = [self.index_kinds(v) for _, v in self.contents(thing.key).known]
                    if any(p == {"advanced"} for p in parts):
                        kinds.add("advanced")
                    else:
                        kinds |= {"basic"}.union(*parts)
                case Container():
                    kinds.add("advanced")
                case _:
                    kinds.add("basic")
        return kinds or {"basic"}

    def opaque_item(self, node: ir.Node, thing: Opaque, index: Value) -> Value:
        stored = self.state.attributes.get((thing.key, ITEM), NOTHING)
        if self.index_kinds(index) == {"advanced"}:
            return stored | self.tensor_item(node, TensorRef(thing.key), index)
        wanted = constant(index)
        name = f"[{wanted!r}]" if isinstance(wanted, int | str) else ITEM
        return stored | self.below(thing, name)

    def elements(self, node: ir.Node, value: Value) -> Value:
        """What iterating over it yields."""
        return self.each(value, lambda thing: self.element(node, thing))

    def element(self, node: ir.Node, thing: Thing) -> Value:
        match thing:
            case TensorRef():
                return self.view(node, {thing.key: self.state.tensor(thing.key)}, "view")
            case Opaque():
                return self.opaque_item(node, thing, PLAIN)
            case Container():
                return self.iterated(thing)
            case Instance():
                return self.contained(node, thing, just(Literal(None)))
        return PLAIN

    def iterated(self, thing: Container) -> Value:
        contents = self.contents(thing.key)
        if thing.kind == "dict":
            return frozenset(Literal(k) for k, _ in contents.known if _hashable(k)) or PLAIN
        return contents.all

    def set_item(self, site: ir.Node, base: Value, index: Value, value: Value) -> None:
        for thing in base:
            match thing:
                case TensorRef() | Opaque():
                    operator = facts.method("__setitem__")
                    assert operator
                    if isinstance(thing, Opaque) and not self.state.tensor(thing.key).via:
                        self.store(thing.key, ITEM, value, strong=False)
                    if isinstance(thing, TensorRef) or self.direct(value):
                        self.apply(operator, site, Arguments([just(thing), index, value]))
                case Container() | Instance():
                    self.put(thing.key, constant(index), value)

    def put(self, key: Key, index: object, value: Value) -> None:
        """Store into a container, strongly where the place is known."""
        old = self.contents(key)
        known = dict(old.known)
        if isinstance(index, int) and index < 0 and old.exact:
            index += len(known)
        if index is ... or not _hashable(index):
            grown = Contents(old.known, old.rest | value, False)
        else:
            known[index] = value if not key.age else known.get(index, NOTHING) | value
            grown = Contents(tuple(known.items()), old.rest, old.exact)
        self.state.contents[key] = grown.bounded()


def _hashable(value: object) -> bool:
    return isinstance(value, int | str | float | bool | bytes | tuple | None)
