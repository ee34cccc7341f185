"""`with`: grad modes, context managers in sight, and generators that manage a body."""

from __future__ import annotations

from datalint.flow import ir
from datalint.flow.assign import Assign
from datalint.flow.library import CONTEXTS, UNGUARDED
from datalint.flow.operators import Arguments
from datalint.flow.values import (
    NOTHING,
    PLAIN,
    ClassRef,
    Closure,
    External,
    Instance,
    Literal,
    Method,
    Thing,
    Value,
    just,
)


class Manage(Assign):
    """What is done around a body."""

    def do_With(self, node: ir.With) -> None:
        grad, versioned = self.state.grad, self.versioned
        managers = self.generators(node.context)
        if managers:
            for closure, arguments in managers:
                self.around(node, closure, arguments)
            return
        context = self.value(node.context)
        for thing in context:
            if isinstance(thing, External) and thing.name.removesuffix("()") in CONTEXTS:
                self.state.grad = CONTEXTS[thing.name.removesuffix("()")]
        self.versioned = versioned and not any(
            isinstance(t, External) and t.name in UNGUARDED for t in context
        )
        entered = [self.managed(node, thing, "__enter__", Arguments()) for thing in context]
        if node.target is not None:
            self.assign(node, node.target, NOTHING.union(*entered) or PLAIN)
        self.block(node.body)
        if self.alive:
            error = [just(Literal(None))] * 3
            for thing in context:
                self.managed(node, thing, "__exit__", Arguments(error))
            self.state.grad = grad
        self.versioned = versioned

    def generators(self, context: ir.Expr) -> list[tuple[Closure, Arguments]]:
        """The generator functions in sight that `with f(...)` runs around its body."""
        if not isinstance(context, ir.Call):
            return []
        name = getattr(context.callee, "id", "") or getattr(context.callee, "name", "")
        if name and name not in self.program.managers:
            return []
        found = []
        for thing in self.value(context.callee):
            closure = thing.function if isinstance(thing, Method) else thing
            if isinstance(closure, Closure) and closure.node.generator:
                arguments = self.arguments(context)
                if isinstance(thing, Method):
                    arguments = self.with_receiver(thing, arguments)
                found.append((closure, arguments))
        return found

    def around(self, node: ir.With, closure: Closure, arguments: Arguments) -> None:
        """`@contextmanager`: the body of the `with` runs where the generator yields."""
        depth, went_on = len(self.stack), [False]

        def body(value: Value) -> None:
            inner, self.stack = self.stack[depth:], self.stack[:depth]
            if node.target is not None:
                self.assign(node, node.target, value)
            self.block(node.body)
            went_on[0] |= self.alive
            self.stack += inner

        self.at_yield = body
        self.invoke(closure, node, arguments)
        if self.at_yield is body:  # it was not followed, but its body is
            self.at_yield = None
            body(PLAIN)
        self.alive = went_on[0]

    def managed(self, node: ir.With, thing: Thing, name: str, arguments: Arguments) -> Value:
        """Call a context manager's method, if its class is in sight."""
        if isinstance(thing, Instance) and isinstance(thing.of, ClassRef):
            found = self.class_attribute(thing.of, name)
            bound = frozenset(Method(thing, f) for f in found if isinstance(f, Closure))
            if bound:
                return self.call_all(node, bound, arguments)
        return just(thing)
