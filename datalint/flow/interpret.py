"""Statements: a branch joins, a loop runs until the state stops growing, a jump is parked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.manage import Manage
from datalint.flow.older import age
from datalint.flow.run import Frame
from datalint.flow.state import join_all
from datalint.flow.values import (
    NOTHING,
    PLAIN,
    Container,
    External,
    Instance,
    Literal,
    Thing,
    Value,
    constant,
    just,
)

if TYPE_CHECKING:
    from datalint.flow.state import State

#: A loop whose state still grows after this many rounds is left as it is.
ROUNDS = 6
#: Loops within so many others have one round each time: those around them go round as well.
LEVELS = 5


class Interpreter(Manage):
    """One method for each kind of statement."""

    def block(self, statements: ir.Block) -> None:
        for statement in statements:
            if not self.alive:
                return
            self.do[type(statement)](self, statement)
            for watching in self.stack[-1].raised:
                watching.append(self.state.fork())

    def definitions(self, statements: ir.Block) -> None:
        """A module's top level as far as it defines names; what it does besides is its own."""
        kinds = ir.Assign | ir.If | ir.Try
        self.block(tuple(s for s in statements if isinstance(s, kinds)))

    def meet(self, states: list[State]) -> None:
        """Go on from wherever these ways meet; if there is none, what follows is dead."""
        self.alive = bool(states)
        if states:
            self.state = join_all(states)

    def way(self, start: State, statements: ir.Block) -> list[State]:
        """Run a block from a state; where it ends, if it ends."""
        self.state, self.alive = start, True
        self.block(statements)
        return [self.state] if self.alive else []

    # Simple statements

    def do_Evaluate(self, node: ir.Evaluate) -> None:
        self.statement = node.value
        self.value(node.value)

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
        for _ in range(ROUNDS if self.level < LEVELS else 1):
            entry = self.state
            self.state = entry.fork()
            endless = self.enter(node, iterable)
            exits = [] if endless else [self.state.fork() if node.condition else entry]
            ends = [age(end, before) for end in self.round(node.body, leaving)]
            if not ends:
                break
            joined = join_all([entry, *ends])
            self.state = joined
            # People loop over what there is: a `for` is taken to run at least once.
            done = join_all(ends) if node.target is not None else joined
            exits = [] if endless else [done]
            if joined == entry:
                break
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
        self.level += 1
        self.block(body)
        self.level -= 1
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

    # Classes

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
