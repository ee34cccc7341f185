"""Which reads of `.data` may ever be written through, at a glance: too many, never too few.

What may be the same memory is told by spelling alone: variables by name and outermost function,
attributes and functions by name. Reads from which no write can be reached in this way are harmless
whatever happens around them, and need no interpretation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.calling import BY_NAME, NAMED, Calling
from datalint.flow.handing import ATTRIBUTES, RESULT, writes
from datalint.flow.ways import IN_PLACE, WRITTEN, Value, holders, holding, memory, place, taken
from datalint.ops import facts
from datalint.ops.facts import Sharing
from datalint.ops.stated import NOTHING_STATED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.flow.project import Project

#: Operators with which containers are joined.
_JOINING = {"add", "iadd", "mul"}


def may_be_written(module: ir.Module, project: Project, *, torch: bool) -> frozenset[str]:
    """The reads of `.data` in a file through which something may be written, as `mentions` of them.

    In a file without `torch` they are a tensor's only where a method says so that nothing else has.
    What users state of functions may make writes of calls: then it is all of them.
    """
    if project.stated != NOTHING_STATED:
        return _reads(module)
    if not torch and not any(f".{name}" in module.mentions for name in facts.in_place_names()):
        return frozenset()
    glance = Glance(module, project)
    glance.block(module.body)
    return glance.leading_to(WRITTEN if torch else IN_PLACE)


def _reads(module: ir.Module) -> frozenset[str]:
    return frozenset(name for name in module.mentions if name.startswith(ir.READ))


class Glance(Calling):
    """Walks through a file once, whatever may run when."""

    def leading_to(self, write: str) -> frozenset[str]:
        """The reads from which a write can be reached."""
        return self.ways.leading(_reads(self.module), write)

    # Statements

    def block(self, statements: ir.Block) -> None:
        for statement in statements:
            self.do[type(statement)](self, statement)

    def do_Assign(self, node: ir.Assign) -> None:
        self.assign(node.target, self.value(node.value))

    def assign(self, target: ir.Expr, value: Value) -> None:
        match target:
            case ir.Name():
                self.ways.lead(value, self.variable(target.id))
                if self.in_class:
                    self.ways.lead(value, f".{target.id}")
            case ir.Attribute():
                self.value(target.base)
                if target.name == "data" and not self.is_own(target):
                    self.ways.write(place(ir.read_of(target)))
                self.store(target.name, value)
            case ir.Subscript():
                base, index = self.value(target.base), self.index(target.index)
                self.ways.write(base)
                self.put(value, base)
                self.operate([base, index, value])
            case ir.Display():
                for item in target.items:
                    self.assign(item, taken(value))
            case ir.Starred():
                self.assign(target.value, holding([value]))

    def do_Evaluate(self, node: ir.Evaluate) -> None:
        self.value(node.value)

    def do_Delete(self, node: ir.Delete) -> None:
        self.value(node.target)

    def do_If(self, node: ir.If) -> None:
        self.value(node.condition)
        self.block(node.then)
        self.block(node.otherwise)

    def do_Loop(self, node: ir.Loop) -> None:
        if node.condition:
            self.value(node.condition)
        if node.target and node.iterable:
            iterable = self.value(node.iterable)
            self.assign(node.target, taken(iterable) + self.operate([iterable]))
        self.block(node.body)
        self.block(node.otherwise)

    def do_Try(self, node: ir.Try) -> None:
        self.block(node.body)
        for handler in node.handlers:
            self.block(handler.body)
        self.block(node.otherwise)
        self.block(node.final)

    def do_With(self, node: ir.With) -> None:
        context = self.value(node.context)
        if node.target:
            self.assign(node.target, context + taken(context) + self.operate([context]))
        self.block(node.body)

    def do_Jump(self, node: ir.Jump) -> None:
        if node.value:
            value = self.value(node.value)
            if node.kind == "return" and self.function:
                self.ways.lead(value, self.result_of(self.function))
                if self.function in self.overriding:
                    self.ways.lose(value)

    # Expressions

    def value(self, node: ir.Expr) -> Value:
        handler = self.of[type(node)]
        return handler(self, node) if handler else ()

    def values(self, nodes: Iterable[ir.Expr]) -> list[Value]:
        return [self.value(node) for node in nodes]

    def of_Name(self, node: ir.Name) -> Value:
        self.mention(node.id)
        return place(self.variable(node.id))

    def of_Constant(self, node: ir.Constant) -> Value:
        if node.value == "data":  # `getattr` may be given it somewhere
            self.ways.lose(place(BY_NAME))
        return ()

    def of_Attribute(self, node: ir.Attribute) -> Value:
        base, name = self.value(node.base), node.name
        found = (
            place(f".{name}") + taken(holders(base)) + self.results(self.functions.get(name, ()))
        )  # a property
        self.mention(name)
        if writes(name):  # to be called later
            self.ways.write(base)
        if name == "data" and not self.is_own(node):
            return found + memory(base) + place(ir.read_of(node))[:1]
        operator = facts.attribute(name)
        if name == "grad" or (operator and operator.sharing is not Sharing.NOT_A_TENSOR):
            return found + memory(base)
        if name == "__dict__":
            return found + holding([place(ATTRIBUTES)])
        return found

    def of_Subscript(self, node: ir.Subscript) -> Value:
        base, index = self.value(node.base), self.index(node.index)
        return taken(base) + self.operate([base, index])

    def index(self, node: ir.Expr) -> Value:
        return () if isinstance(node, ir.Constant) else self.value(node)

    def of_Slice(self, node: ir.Slice) -> Value:
        self.values(node.parts)
        return ()

    def of_Operation(self, node: ir.Operation) -> Value:
        operands = self.values(node.operands)
        if node.name == "opaque":
            return ()
        found = self.operate(operands)
        if node.name in _JOINING:
            found += tuple(pair for operand in operands for pair in holders(operand))
        if node.augmented:
            self.ways.write(operands[0])
            self.put(operands[1], operands[0])
            found += operands[0]
        return found

    def of_Display(self, node: ir.Display) -> Value:
        self.values(key for key in node.keys if key)
        return holding(self.values(node.items))

    def of_Starred(self, node: ir.Starred) -> Value:
        return taken(self.value(node.value))

    def of_Choice(self, node: ir.Choice) -> Value:
        if node.condition:
            self.value(node.condition)
        return tuple(pair for value in self.values(node.options) for pair in value)

    def of_Let(self, node: ir.Let) -> Value:
        self.block(node.body)
        return self.value(node.result)

    def of_Yield(self, node: ir.Yield) -> Value:
        if node.value and self.function:
            value = self.value(node.value)
            self.ways.lead(value + holding([value]), self.result_of(self.function))
        return place(RESULT)

    def of_Function(self, node: ir.Function) -> Value:
        for parameter in node.parameters:
            if parameter.default:
                self.give(self.value(parameter.default), node, parameter)
        self.values(node.decorators)
        outer = self.function, self.in_class
        self.function, self.in_class = node, False
        self.block(node.body)
        self.function, self.in_class = outer
        return ()

    def of_Class(self, node: ir.Class) -> Value:
        outer, self.in_class = self.in_class, True
        self.values((*node.bases, *node.decorators))
        self.block(node.body)
        self.in_class = outer
        return ()

    # Calls

    def of_Call(self, node: ir.Call) -> Value:
        named = getattr(node.callee, "id", ir.method_of(node)) in NAMED
        arguments = [
            (a, () if named and isinstance(a.value, ir.Constant) else self.value(a.value))
            for a in node.arguments
        ]
        match node.callee:
            case ir.Name(id=name):
                return self.function_called(name, arguments)
            case ir.Attribute(base=base, name=name):
                receiver = self.value(base)
                if name == "data":  # a method of that name, which no tensor has
                    self.value(node.callee)
                dotted = self.dotted(node.callee)
                if dotted and name != "__get__":
                    return self.external(dotted, arguments)
                return self.method(name, receiver, arguments)
        self.value(node.callee)
        return self.anything(arguments)
