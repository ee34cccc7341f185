"""Lists, dicts, tuples and sets: what their methods put in and take out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow.attributes import Attributes
from datalint.flow.known import Contents
from datalint.flow.values import NOTHING, PLAIN, Container, Literal, Value, constant, just

if TYPE_CHECKING:
    from datalint.flow import ir
    from datalint.flow.operators import Arguments

ADDING = {"append": 0, "add": 0, "appendleft": 0, "insert": 1}
EXTENDING = {"extend", "update", "extendleft"}
_TAKING = {"pop", "get", "setdefault", "popleft", "popitem"}


class Containers(Attributes):
    """Methods and displays of containers."""

    def container_method(
        self, node: ir.Node, thing: Container, name: str, arguments: Arguments
    ) -> Value:
        if name in ADDING:
            self.append(thing, arguments.get(ADDING[name], "x"), at_end=name in ("append", "add"))
            return PLAIN
        if name in EXTENDING:
            self.extend(node, thing, arguments)
            return PLAIN
        if name in _TAKING:
            return self.taken(node, thing, name, arguments)
        contents = self.contents(thing.key)
        match name:
            case "values":
                return self.container(node, "list", Contents(rest=contents.all, exact=False))
            case "keys":
                return self.container(node, "list", Contents(rest=PLAIN, exact=False))
            case "items":
                return self.items(node, contents)
            case "copy":
                return self.container(node, thing.kind, contents)
            case "clear":
                self.state.contents[thing.key] = Contents()
                return PLAIN
            case "index" | "count" | "sort" | "reverse" | "remove" | "discard":
                return PLAIN
        if name.startswith("_"):
            return just(thing)
        return self.unknown(node, name, arguments, receiver=just(thing))

    def append(self, thing: Container, value: Value, at_end: bool) -> None:
        contents = self.contents(thing.key)
        if contents.exact and at_end and not thing.key.age:
            self.put(thing.key, len(contents.known), value)
        else:
            grown = Contents((), contents.all | value, False)
            self.state.contents[thing.key] = grown.bounded()

    def extend(self, node: ir.Node, thing: Container, arguments: Arguments) -> None:
        for value in arguments.positional:
            for other in value:
                if isinstance(other, Container) and other.kind == thing.kind == "dict":
                    for key, item in self.contents(other.key).known:
                        self.put(thing.key, key, item)
                    self.put(thing.key, ..., self.contents(other.key).rest)
                elif isinstance(other, Container) and self.contents(other.key).exact:
                    for _, item in self.contents(other.key).known:
                        self.append(thing, item, at_end=True)
                else:
                    self.put(thing.key, ..., self.elements(node, just(other)))
        for keyword, value in arguments.keywords.items():
            self.put(thing.key, keyword, value)

    def taken(self, node: ir.Node, thing: Container, name: str, arguments: Arguments) -> Value:
        index = arguments.get(0, "key")
        if name == "pop" and thing.kind != "dict" and not index:
            index = just(Literal(-1))
        if name == "popleft":
            index = just(Literal(0))
        if name == "popitem" or not index:
            return self.contents(thing.key).all
        default = arguments.get(1, "default")
        if name == "setdefault" and constant(index) not in dict(self.contents(thing.key).known):
            self.put(thing.key, constant(index), default)
        found = self.contained(node, thing, index)
        return (found or default or PLAIN) | (default if name != "pop" else NOTHING)

    def items(self, node: ir.Node, contents: Contents) -> Value:
        pairs: list[Value] = []
        for place, (key, value) in enumerate(contents.known):
            pair = Contents(((0, just(Literal(key))), (1, value)))
            pairs.append(self.container(node, "tuple", pair, f"[{place}]"))
        if contents.rest or not contents.exact:
            pair = Contents(((0, PLAIN), (1, contents.rest or PLAIN)))
            pairs.append(self.container(node, "tuple", pair, "[]"))
        return self.container(node, "list", Contents(tuple(enumerate(pairs))))

    def sequence(self, node: ir.Node, value: Value, kind: str = "list") -> Value:
        """`list(value)`: a new container of what iterating over it yields."""
        if len(value) == 1:
            (thing,) = value
            if isinstance(thing, Container) and thing.kind != "dict":
                return self.container(node, kind, self.contents(thing.key))
        return self.container(node, kind, Contents(rest=self.elements(node, value), exact=False))

    def zipped(self, node: ir.Node, values: list[Value]) -> Value:
        """`zip`, and `enumerate` whose first column is plain: tuples, position by position."""
        rows = [self.exactly(v) for v in values]
        if all(r is not None for r in rows):
            exact = [r for r in rows if r is not None]
            tuples = [
                self.container(node, "tuple", Contents(tuple(enumerate(row))), f"[{i}]")
                for i, row in enumerate(zip(*exact, strict=False))
            ]
            return self.container(node, "list", Contents(tuple(enumerate(tuples))))
        columns = tuple(enumerate(self.elements(node, v) or PLAIN for v in values))
        row = self.container(node, "tuple", Contents(columns), "[]")
        return self.container(node, "list", Contents(rest=row, exact=False))

    def exactly(self, value: Value) -> list[Value] | None:
        """The elements in order, where all of them are known."""
        if len(value) == 1:
            (thing,) = value
            if isinstance(thing, Container) and thing.kind != "dict":
                contents = self.contents(thing.key)
                if contents.exact and not contents.rest:
                    return [v for _, v in contents.known]
        return None
