"""Statements: a branch joins, a loop runs until the state stops growing, a jump is parked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import autograd, ir
from datalint.flow.evaluate import Evaluate, torch_name
from datalint.flow.kinds import kind_of
from datalint.flow.library import CONTEXTS, UNGUARDED
from datalint.flow.operators import Arguments
from datalint.flow.run import Frame
from datalint.flow.values import (
    NOTHING,
    PLAIN,
    ClassRef,
    Closure,
    Container,
    External,
    Instance,
    Literal,
    Method,
    Opaque,
    TensorRef,
    Thing,
    Value,
    constant,
    just,
)
from datalint.ops import facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.flow.state import State

#: A loop whose state still grows after this many rounds is left as it is.
ROUNDS = 6


class Interpreter(Evaluate):
    """One method for each kind of statement."""

    def block(self, statements: ir.Block) -> None:
        for statement in statements:
            if not self.alive:
                return
            handler: Callable[[ir.Statement], None] = getattr(
                self, f"do_{type(statement).__name__}"
            )
            handler(statement)
            for watching in self.frame.raised:
                watching.append(self.state.fork())

    def meet(self, states: list[State]) -> None:
        """Go on from wherever these ways meet; if there is none, what follows is dead."""
        self.alive = bool(states)
        if states:
            self.state = states[0]
            for state in states[1:]:
                self.state = self.state.join(state)

    def way(self, start: State, statements: ir.Block) -> list[State]:
        """Run a block from a state; where it ends, if it ends."""
        self.state, self.alive = start, True
        self.block(statements)
        return [self.state] if self.alive else []

    # Simple statements

    def do_Evaluate(self, node: ir.Evaluate) -> None:
        self.statement = node.value
        self.value(node.value)

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
                self.write(site, operator.name, kind_of(self, operator, named), {key: tensor})
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
        while frame and (frame, name) not in self.state.variables:
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

    def item_or_element(self, item: ir.Expr, thing: object, index: Value) -> Value:
        if constant(index) is None or isinstance(thing, TensorRef):
            return self.elements(item, just(thing))  # type: ignore[arg-type]  # a Thing
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
        held = self.container(target.items[first], "list", _numbered(middle))
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

    def do_Jump(self, node: ir.Jump) -> None:
        value = self.value(node.value) if node.value else just(Literal(None))
        match node.kind:
            case "return":
                self.escapes(node, value)
                self.frame.returned.append((self.state, value))
            case "break" if self.frame.breaks:
                self.frame.breaks[-1].append(self.state)
            case "continue" if self.frame.continues:
                self.frame.continues[-1].append(self.state)
        self.alive = False

    # Branches and loops

    def do_If(self, node: ir.If) -> None:
        decided = constant(self.value(node.condition))
        if decided is True or decided is False:
            self.block(node.then if decided else node.otherwise)
            return
        start = self.state
        self.state = start.fork()
        self.narrow(node.condition)
        ends = self.way(self.state, node.then)
        self.meet(ends + self.way(start, node.otherwise))

    def narrow(self, condition: ir.Expr) -> None:
        """Under `isinstance(m, nn.Linear)`, `m` is no module made in sight that is another."""
        match condition:
            case ir.Call(
                callee=ir.Name(id="isinstance"),
                arguments=[ir.Argument(value=ir.Name() as tested), ir.Argument(value=kinds)],
            ):
                wanted = self.class_names(self.value(kinds))
                value = self.lookup(tested.id)
                if wanted and len(value) > 1:
                    left = frozenset(t for t in value if self.may_be(t, wanted))
                    if any(isinstance(t, Instance) for t in left):
                        self.state.variables[self.home(tested.id), tested.id] = left

    def class_names(self, kinds: Value) -> set[str]:
        """The names of torch classes, all of which must be known."""
        things = list(kinds)
        for thing in kinds:
            if isinstance(thing, Container):
                things += self.contents(thing.key).all
        named = [t for t in things if not isinstance(t, Container)]
        names = {t.name.rpartition(".")[2] for t in named if isinstance(t, External)}
        return names if len(names) == len(named) else set()

    def may_be(self, thing: Thing, names: set[str]) -> bool:
        if isinstance(thing, Instance) and isinstance(thing.of, str):
            return thing.of.rpartition(".")[2] in names
        return not isinstance(thing, Instance)

    def do_Loop(self, node: ir.Loop) -> None:
        iterable = self.value(node.iterable) if node.iterable else NOTHING
        before = self.state.fork()
        leaving: list[State] = []
        exits: list[State] = []
        for _ in range(ROUNDS):
            entry = self.state
            self.state = entry.fork()
            endless = self.enter(node, iterable)
            exits = [] if endless else [self.state.fork() if node.condition else entry]
            ends = self.round(node.body, leaving)
            if not ends:
                break
            joined = entry
            for end in ends:
                joined = joined.join(end.age(before))
            self.state = joined
            if joined == entry:
                break
            exits = [] if endless else [joined]
        self.meet(exits)
        if self.alive:
            self.block(node.otherwise)
        self.meet(([self.state] if self.alive else []) + leaving)

    def enter(self, node: ir.Loop, iterable: Value) -> bool:
        """Begin a round; whether only a `break` ends the loop."""
        if node.condition is not None:
            return constant(self.value(node.condition)) in (True, 1)
        if node.target is not None:
            element = self.elements(node, iterable)
            self.assign(node, node.target, element or PLAIN)
        return False

    def round(self, body: ir.Block, leaving: list[State]) -> list[State]:
        self.frame.breaks.append([])
        self.frame.continues.append([])
        self.block(body)
        ends = [self.state] if self.alive else []
        self.alive = True
        leaving += self.frame.breaks.pop()
        return ends + self.frame.continues.pop()

    # try and with

    def do_Try(self, node: ir.Try) -> None:
        outer = self.frame.returned, self.frame.breaks, self.frame.continues
        if node.final:
            self.frame.returned = []
            self.frame.breaks = [[] for _ in outer[1]]
            self.frame.continues = [[] for _ in outer[2]]
        ends = self.guarded(node)
        if node.final:
            self.finally_parked(node.final, outer)
        self.meet(ends)
        if self.alive:
            self.block(node.final)

    def guarded(self, node: ir.Try) -> list[State]:
        """Body and `else` on one way, each handler from wherever the body may have raised."""
        raised = [self.state.fork()]
        self.frame.raised.append(raised)
        self.block(node.body)
        self.frame.raised.pop()
        if self.alive:
            self.block(node.otherwise)
        ends = [self.state] if self.alive else []
        for handler in node.handlers:
            self.meet([s.fork() for s in raised])
            if handler.name is not None:
                self.assign(handler.name, handler.name, PLAIN)
            self.block(handler.body)
            ends += [self.state] if self.alive else []
        return ends

    def finally_parked(
        self,
        final: ir.Block,
        outer: tuple[list[tuple[State, Value]], list[list[State]], list[list[State]]],
    ) -> None:
        """Run `finally` on every way that jumps out of the statement."""
        parked = self.frame.returned, self.frame.breaks, self.frame.continues
        self.frame.returned, self.frame.breaks, self.frame.continues = outer
        for state, value in parked[0]:
            self.frame.returned += [(end, value) for end in self.way(state, final)]
        for kinds, back in zip(parked[1:], outer[1:], strict=True):
            for states, place in zip(kinds, back, strict=True):
                for state in states:
                    place += self.way(state, final)

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
        if isinstance(context.callee, ir.Attribute) and context.callee.name not in self.managers:
            return []
        if isinstance(context.callee, ir.Name) and context.callee.id not in self.managers:
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
        self.alive = went_on[0]

    def managed(self, node: ir.With, thing: Thing, name: str, arguments: Arguments) -> Value:
        """Call a context manager's method, if its class is in sight."""
        if isinstance(thing, Instance) and isinstance(thing.of, ClassRef):
            found = self.class_attribute(thing.of, name)
            bound = frozenset(Method(thing, f) for f in found if isinstance(f, Closure))
            if bound:
                return self.call_all(node, bound, arguments)
        return just(thing)

    # Classes and the ends of things

    def class_body(self, node: ir.Class) -> None:
        frame = Frame(
            self.intern("class", node.serial, self.frame.context), self.frame.context, None
        )
        self.parents[frame.id] = self.frame.id
        frame.scope = self.frame.scope
        self.program.class_frames[node] = frame.id
        self.stack.append(frame)
        self.block(node.body)
        self.stack.pop()
        self.alive = True

    def left_behind(self, node: ir.Node) -> None:
        """What outlives the code that ran: globals, and attributes of what came from outside."""
        values = [v for (frame, _), v in self.state.variables.items() if frame == 0]
        values += self.state.attributes.values()
        tensors = self.tensors(NOTHING.union(*values)).values()
        autograd.need(self.state, self.events, tensors, autograd.Consumer(node))


def _numbered(values: list[Value]):  # type: ignore[no-untyped-def]
    from datalint.flow.state import Contents

    return Contents(tuple(enumerate(values)))
