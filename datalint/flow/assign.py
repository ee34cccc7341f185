"""Assignments: names, attributes, items, unpacking, and `x[i] += v`."""

from __future__ import annotations

from datalint.flow import ir, sources
from datalint.flow.evaluate import Evaluate, torch_name
from datalint.flow.kinds import kind_of
from datalint.flow.known import Contents
from datalint.flow.values import (
    PLAIN,
    Container,
    Instance,
    Literal,
    Opaque,
    TensorRef,
    Thing,
    Value,
    constant,
    just,
)
from datalint.ops import facts


class Assign(Evaluate):
    """Binds values to targets."""

    def do_Assign(self, node: ir.Assign) -> None:
        self.statement = node.value
        match node:
            case ir.Assign(
                target=ir.Subscript() as target, value=ir.Operation(augmented=True) as operation
            ):
                self.augment(node, target, operation)
                return
        value = self.value(node.value)
        self.assign(node, node.target, value)

    def augment(self, site: ir.Node, target: ir.Subscript, operation: ir.Operation) -> None:
        """`x[i] += v`: done in place on a view, or on a copy that is then stored."""
        base, index = self.value(target.base), self.value(target.index)
        right = self.value(operation.operands[1])
        left = self.each(base, lambda t: self.item(target, t, index))
        result = self.binary(operation, left, right)
        given = self.direct(result).values()
        for key, tensor in self.direct(base).items():
            if all(t.storages & tensor.storages for t in given):
                continue
            operator = facts.method(torch_name(operation.name))
            if tensor.via and operator:
                named = {"input": left, "other": right}
                of = sources.sources(self.state, self.tensors(right).values())
                self.write(site, operator.name, kind_of(self, operator, named), {key: tensor}, of)
            else:
                self.set_item(site, just(TensorRef(key)), index, result)
        held = frozenset(t for t in base if isinstance(t, Container | Instance))
        self.set_item(site, held, index, result)

    def assign(self, site: ir.Node, target: ir.Expr, value: Value) -> None:
        match target:
            case ir.Name():
                self.state.variables[self.home(target.id), target.id] = value
            case ir.Attribute():
                self.set_attribute(site, target, self.value(target.base), value)
            case ir.Subscript():
                base, index = self.value(target.base), self.value(target.index)
                self.set_item(site, base, index, value)
            case ir.Display():
                self.unpack(site, target, value)
            case ir.Starred():
                self.assign(site, target.value, self.sequence(target, value))

    def home(self, name: str) -> int:
        """The frame whose variable an assignment to this name changes."""
        function = self.frame.function
        if function is None or name in function.locals or name.startswith("%"):
            return self.frame.id
        frame = self.parents[self.frame.id]
        while self.parents[frame] != frame and (frame, name) not in self.state.variables:
            frame = self.parents[frame]
        return frame

    def unpack(self, site: ir.Node, target: ir.Display, value: Value) -> None:
        value = self.as_tuple(value)
        exact = self.exactly(value)
        stars = [i for i, item in enumerate(target.items) if isinstance(item, ir.Starred)]
        if exact is not None and (len(exact) == len(target.items) if not stars else True):
            self.unpack_exactly(site, target, exact, stars)
            return
        for place, item in enumerate(target.items):
            index = just(Literal(None if stars else place))
            if isinstance(item, ir.Starred):
                self.assign(site, item, value)
            else:
                part = self.each(value, lambda t: self.item_or_element(item, t, index))  # noqa: B023  # called at once
                self.assign(site, item, part or PLAIN)

    def item_or_element(self, item: ir.Expr, thing: Thing, index: Value) -> Value:
        if constant(index) is None or isinstance(thing, TensorRef):
            return self.elements(item, just(thing))
        if isinstance(thing, Container | Opaque | Instance):
            return self.item(item, thing, index) or self.elements(item, just(thing))
        return PLAIN

    def unpack_exactly(
        self, site: ir.Node, target: ir.Display, values: list[Value], stars: list[int]
    ) -> None:
        if not stars:
            for item, value in zip(target.items, values, strict=True):
                self.assign(site, item, value)
            return
        first, after = stars[0], len(target.items) - stars[0] - 1
        middle = values[first : len(values) - after]
        held = self.container(target.items[first], "list", Contents(tuple(enumerate(middle))))
        parts = [*values[:first], held, *values[len(values) - after :]]
        for item, value in zip(target.items, parts, strict=False):
            inner = item.value if isinstance(item, ir.Starred) else item
            self.assign(site, inner, value)

    def do_Delete(self, node: ir.Delete) -> None:
        match node.target:
            case ir.Name():
                self.state.variables.discard((self.home(node.target.id), node.target.id))
            case ir.Display():
                for item in node.target.items:
                    if isinstance(item, ir.Name):
                        self.state.variables.discard((self.home(item.id), item.id))
