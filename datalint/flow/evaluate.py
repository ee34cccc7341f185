"""Expressions: the abstract value of each kind of IR node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import autograd, ir
from datalint.flow.attributes import FIELDS
from datalint.flow.calls import Calls
from datalint.flow.known import Contents
from datalint.flow.operators import Arguments
from datalint.flow.run import YIELDED
from datalint.flow.state import join_all
from datalint.flow.values import (
    NOTHING,
    PLAIN,
    ClassRef,
    Closure,
    Container,
    External,
    Literal,
    Opaque,
    Value,
    constant,
    just,
)
from datalint.ops import facts

if TYPE_CHECKING:
    from collections.abc import Callable

#: Python's operators whose torch method has another name.
_NAMES = {
    "truediv": "div", "floordiv": "floor_divide", "mod": "remainder", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift", "pos": "positive", "invert": "bitwise_not",
}  # fmt: skip
#: Conditions that are decided where their operands are constants.
_FOLDED: dict[str, Callable[..., bool]] = {"not": lambda a: not a, "is": lambda a, b: a is b,
                                           "is not": lambda a, b: a is not b}  # fmt: skip


class Evaluate(Calls):
    """One method for each kind of expression."""

    def value(self, node: ir.Expr) -> Value:
        """What the expression may be; the state knows afterwards what evaluating it did."""
        self.budget -= self.stack[-1].cost
        self.step()
        found: Value = self.of[type(node)](self, node)
        return found

    # Names

    def of_Name(self, node: ir.Name) -> Value:
        return self.lookup(node.id)

    def of_Imported(self, node: ir.Imported) -> Value:
        return just(self.named(node.qualified))

    def of_Constant(self, node: ir.Constant) -> Value:
        return just(Literal(node.value))

    # Reaching into values

    def of_Attribute(self, node: ir.Attribute) -> Value:
        base = self.value(node.base)
        if node.name in FIELDS:
            base = self.as_tuple(base)
        return self.each(base, lambda t: self.attribute(node, t, node.name))

    def of_Subscript(self, node: ir.Subscript) -> Value:
        base, index = self.as_tuple(self.value(node.base)), self.value(node.index)
        return self.each(base, lambda t: self.item(node, t, index))

    def of_Slice(self, node: ir.Slice) -> Value:
        for part in node.parts:
            self.value(part)
        return PLAIN

    def of_Starred(self, node: ir.Starred) -> Value:
        return self.elements(node, self.value(node.value))

    # Making values

    def of_Display(self, node: ir.Display) -> Value:
        if node.kind == "dict":
            return self.dict_display(node)
        known: list[Value] = []
        rest, exact = NOTHING, True
        for item in node.items:
            value = self.value(item.value if isinstance(item, ir.Starred) else item)
            if not isinstance(item, ir.Starred):
                known.append(value)
            elif (inner := self.exactly(value)) is not None:
                known += inner
            else:
                rest, exact = rest | self.elements(item, value), False
        if not exact:
            return self.container(node, node.kind, Contents((), rest.union(*known), False))
        return self.container(node, node.kind, Contents(tuple(enumerate(known))))

    def dict_display(self, node: ir.Display) -> Value:
        known: dict[object, Value] = {}
        rest = NOTHING
        for key, item in zip(node.keys, node.items, strict=True):
            value = self.value(item)
            if key is None:
                inner = [self.contents(t.key) for t in value if isinstance(t, Container)]
                for contents in inner:
                    known.update(contents.known)
                    rest |= contents.rest
                if not inner:
                    rest |= self.elements(node, value)
                continue
            self.value(key)
            if isinstance(key, ir.Constant) and isinstance(key.value, str | int | bool | None):
                known[key.value] = value
            else:
                rest |= value
        return self.container(node, "dict", Contents(tuple(known.items()), rest, not rest))

    def of_Function(self, node: ir.Function) -> Value:
        if node.decorators and node.generator:
            self.program.managers.add(node.name)
        closure: Value = just(Closure(node, self.frame.scope))
        for decorator in reversed(node.decorators):
            closure = self.decorated(node, decorator, closure)
        return closure

    def decorated(self, node: ir.Function, decorator: ir.Expr, closure: Value) -> Value:
        """A decorator in sight is called; any other is taken to give the function back."""
        applied = self.value(decorator)
        in_sight = [t for t in applied if isinstance(t, Closure | ClassRef)]
        if not in_sight:
            return closure
        return self.call_all(node, frozenset(in_sight), Arguments([closure]))

    def of_Class(self, node: ir.Class) -> Value:
        self.program.own(node)
        self.program.define(node, tuple(self.value(b) for b in node.bases))
        self.class_body(node)
        return just(ClassRef(node, self.frame.scope))

    # Operations

    def of_Call(self, node: ir.Call) -> Value:
        return self.call(node)

    def of_Operation(self, node: ir.Operation) -> Value:
        operands = [self.value(o) for o in node.operands]
        if node.name == "opaque":
            return PLAIN
        if node.name in _FOLDED:
            known = [constant(o) for o in operands]
            return PLAIN if ... in known else just(Literal(_FOLDED[node.name](*known)))
        if len(operands) == 1:
            return self.unary(node, operands[0])
        return self.binary(node, *operands)

    def binary(self, node: ir.Operation, left: Value, right: Value) -> Value:
        if node.name in ("add", "iadd") and any(isinstance(t, Container) for t in left):
            return self.concatenated(node, left, right)
        if node.name == "mul" and any(isinstance(t, Container) for t in left):
            return self.container(
                node, "list", Contents(rest=self.elements(node, left), exact=False)
            )
        if node.name in ("eq", "ne") and isinstance(constant(left), str):
            return self.compared(node, constant(left), constant(right))
        if not self.direct(left) and not self.direct(right):
            return self.numbers(node, left, right)
        operator = facts.method(torch_name(node.name))
        if operator is None:
            return PLAIN
        plain = NOTHING if self.direct(left) else frozenset(t for t in left)
        return self.apply(operator, node, Arguments([left, right])) | plain

    def compared(self, node: ir.Operation, left: object, right: object) -> Value:
        """`__name__ == "__main__"`, a mode against the name of one."""
        if not isinstance(right, str):
            return PLAIN
        return just(Literal((left == right) is (node.name == "eq")))

    def numbers(self, node: ir.Operation, left: Value, right: Value) -> Value:
        """Instances of classes in sight may define the operator; anything else is a number."""
        for thing, other in ((t, right) for t in left):
            if hasattr(thing, "of") and isinstance(thing.of, ClassRef):
                found = self.class_attribute(thing.of, f"__{node.name}__")
                if found:
                    return self.call_all(node, found, Arguments([just(thing), other]))
        return PLAIN

    def unary(self, node: ir.Operation, operand: Value) -> Value:
        operator = facts.method(torch_name(node.name))
        number = constant(operand)
        if node.name == "neg" and isinstance(number, int | float):
            return just(Literal(-number))
        if operator is None or not self.direct(operand):
            return operand if any(isinstance(t, External) for t in operand) else PLAIN
        return self.apply(operator, node, Arguments([operand]))

    def concatenated(self, node: ir.Operation, left: Value, right: Value) -> Value:
        if node.name == "iadd":
            for thing in left:
                if isinstance(thing, Container):
                    self.extend(node, thing, Arguments([right]))
            return left
        parts = self.exactly(left), self.exactly(right)
        if parts[0] is not None and parts[1] is not None:
            known = tuple(enumerate([*parts[0], *parts[1]]))
            return self.container(node, "list", Contents(known))
        every = self.elements(node, left) | self.elements(node, right)
        return self.container(node, "list", Contents(rest=every, exact=False))

    def of_Choice(self, node: ir.Choice) -> Value:
        if node.condition is not None:
            self.value(node.condition)
        results, states = [], []
        before = self.state
        for option in node.options:
            self.state = before.fork()
            results.append(self.value(option))
            states.append(self.state)
            if node.condition is None:  # `a and b`: b is evaluated after a
                before = self.state
        self.state = join_all(states)
        return NOTHING.union(*results)

    def of_Let(self, node: ir.Let) -> Value:
        self.block(node.body)
        return self.value(node.result)

    def of_Yield(self, node: ir.Yield) -> Value:
        value = self.value(node.value) if node.value else PLAIN
        place = self.frame.id, YIELDED
        self.state.variables[place] = self.state.variables.get(place, NOTHING) | value
        if self.frame.at_yield:
            self.frame.at_yield(value)
        self.escapes(node, value)
        return just(Opaque(self.key(node)))

    def escapes(self, node: ir.Node, value: Value) -> None:
        """Out of the entry function a value is in a caller's hands, and a backward may follow."""
        if sum(f.function is not None for f in self.stack) == 1:
            tensors = self.tensors(value).values()
            consumer = autograd.Consumer(node, forward=self.forward)
            self.need(tensors, consumer)


def torch_name(operation: str) -> str:
    """`mul` for `*`, `mul_` for `*=`: a number on the left changes nothing in what is saved."""
    in_place = operation.startswith("i") and operation != "invert"
    plain = operation.removeprefix("i") if in_place else operation
    return _NAMES.get(plain, plain) + ("_" if in_place else "")
