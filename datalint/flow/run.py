"""One interpretation: its state, where in the program it is, what it has seen so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datalint.flow import autograd
from datalint.flow.dispatch import dispatch
from datalint.flow.events import Events, Place
from datalint.flow.known import Contents, Tensor, join_contents, join_tensors
from datalint.flow.order import ordered
from datalint.flow.state import State, join_all
from datalint.flow.values import (
    NOTHING,
    Container,
    Key,
    Opaque,
    TensorRef,
    Tri,
    Value,
    just,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from datalint.flow import ir
    from datalint.flow.operators import Arguments
    from datalint.flow.program import Program
    from datalint.flow.values import Closure, Thing

#: Up to so many alternatives are kept apart; more are taken one after the other.
EXCLUSIVE = 4
#: The variable in which a generator's frame keeps what it has yielded.
YIELDED = "%yielded"
#: The variable that holds the gradients a backward with `create_graph` made.
DIFFERENTIABLE_GRADS = "%grads"
#: Region of all of a module's parameters and buffers, as a path element.
PARAMETERS = ".parameters"


#: Steps that a file may take, some 20 microseconds each: far more than any that people wrote.
LIMIT = 2_000_000
#: So many looks at one of many things take as long as a step.
LOOKS = 8


class TooMuch(Exception):
    """There are no steps left for this file."""


@dataclass(slots=True)
class Frame:
    """A call of a function that is being interpreted, and the jumps parked in it."""

    id: int
    context: int
    function: ir.Function | None
    returned: list[tuple[State, Value]] = field(default_factory=list)
    #: What runs at a yield: the body of the `with` that this generator manages.
    at_yield: Callable[[Value], None] | None = None
    breaks: list[list[State]] = field(default_factory=list)
    continues: list[list[State]] = field(default_factory=list)
    raised: list[list[State]] = field(default_factory=list)
    #: The frame in which functions defined here look up their free names.
    scope: int = -1
    #: What evaluating an expression takes from the budget.
    cost: int = 1

    def __post_init__(self) -> None:
        self.scope = self.id if self.scope < 0 else self.scope


class Run:
    """What the layers above share; `value` and `block` are theirs to define."""

    def __init__(self, program: Program, events: Events) -> None:
        self.program = program
        self.events = events
        self.state = State()
        #: False while the code being read cannot be reached.
        self.alive = True
        self.ids: dict[tuple[object, ...], int] = {}
        self.stack = [Frame(0, 0, None)]
        #: The frame around each; a module's is around itself.
        self.parents = {0: 0}
        #: What each imported module defines, once its top level was read.
        self.loaded: dict[int, State] = {}
        #: Steps left before callees are taken as unknown.
        self.budget = 0
        self.allowance = 0
        #: Steps left before what is left is not looked at.
        self.steps = LIMIT
        self.forward = False
        #: The expression or assignment that is being executed as a statement.
        self.statement: ir.Node | None = None
        #: Whether the version counter guards what operators save now.
        self.versioned = True
        #: One of several layers is being called: whether its result is saved is open.
        self.one_of_several = False
        #: What is made now does not replace what another alternative has made in its place.
        self.weak = False
        #: How many loops are under way.
        self.level = 0
        self.at_yield: Callable[[Value], None] | None = None
        self.of, self.do = dispatch(type(self), "of_"), dispatch(type(self), "do_")

    @property
    def frame(self) -> Frame:
        return self.stack[-1]

    def intern(self, *what: object) -> int:
        """A small number for a call string or a frame."""
        return self.ids.setdefault(what, len(self.ids) + 1)

    def step(self, looks: int = LOOKS) -> None:
        """One more step, or as many as it takes to look at so many things; raises `TooMuch`."""
        self.steps -= looks // LOOKS
        if self.steps < 0:
            raise TooMuch

    def need(self, tensors: Iterable[Tensor], consumer: autograd.Consumer) -> None:
        """Somebody needs the graph behind these tensors."""
        self.step(autograd.need(self.state, self.events, tensors, consumer))

    def key(self, site: ir.Node, *path: str) -> Key:
        return Key(site.serial, self.stack[-1].context, 0, path)

    def each(self, value: Value, act: Callable[[Thing], Value]) -> Value:
        """Do something to whichever of its things the value is; they exclude one another."""
        things = ordered(value)
        if len(things) == 1:
            return act(things[0])
        if len(things) > EXCLUSIVE:
            return self.each_weakly(things, act)
        start, found, ends = self.state, NOTHING, []
        for thing in things:
            self.state = start.fork()
            found |= act(thing)
            ends.append(self.state)
        if ends:
            self.state = join_all(ends)
        return found

    def each_weakly(self, things: list[Thing], act: Callable[[Thing], Value]) -> Value:
        """The same for many things, one after the other: what one made another only adds to."""
        found, weak = NOTHING, self.weak
        for thing in things:
            found |= act(thing)
            self.weak = True
        self.weak = weak
        return found

    # Tensors

    def tensors(self, value: Value) -> dict[Key, Tensor]:
        """Every tensor this value may be or hold."""
        found: dict[Key, Tensor] = {}
        seen: set[Key] = set()
        todo = list(value)
        while todo:
            thing = todo.pop()
            if isinstance(thing, TensorRef | Opaque):
                found[thing.key] = self.state.tensor(thing.key)
            elif isinstance(thing, Container) and thing.key not in seen:
                seen.add(thing.key)
                todo.extend(self.contents(thing.key).all)
        return found

    def direct(self, value: Value) -> dict[Key, Tensor]:
        """The tensors this value may be, not those it may hold."""
        refs = (t for t in value if isinstance(t, TensorRef | Opaque))
        return {t.key: self.state.tensor(t.key) for t in refs}

    def contents(self, key: Key) -> Contents:
        return self.state.contents.get(key, Contents())

    def new_tensor(self, key: Key, tensor: Tensor) -> Value:
        held = self.state.tensors.get(key) if self.weak else None
        self.state.set_tensor(key, join_tensors(held, tensor) if held else tensor)
        return just(TensorRef(key))

    def container(self, site: ir.Node, kind: str, contents: Contents, *path: str) -> Value:
        key, contents = self.key(site, *path), contents.bounded()
        held = self.state.contents.get(key) if self.weak else None
        self.state.contents[key] = join_contents(held, contents) if held else contents
        return just(Container(key, kind))

    def recorded(self, tensors: dict[Key, Tensor]) -> Tri:
        """Whether an operator on these adds to the graph."""
        most = max((t.tracked for t in tensors.values()), default=Tri.NO)
        return min(most, self.state.grad)

    def place(
        self, site: ir.Node, argument: str = "", in_graph: bool = False, varies: bool = False
    ) -> Place:
        names = tuple(f.function.name for f in self.stack if f.function)
        quiet = self.state.grad == Tri.NO
        function = self.frame.function
        bound = function.kept if function else self.program.module.locals
        return Place(
            names[-1] if names else "",
            names,
            self.forward,
            quiet,
            argument,
            varies,
            site is self.statement,
            in_graph,
            bound,
        )

    # What the layers above define; a run is always an Interpreter

    if TYPE_CHECKING:

        def value(self, node: ir.Expr) -> Value: ...

        def block(self, statements: ir.Block) -> None: ...

        def definitions(self, statements: ir.Block) -> None: ...

        def call_thing(self, node: ir.Node, thing: Thing, arguments: Arguments) -> Value: ...

        def call_all(self, node: ir.Node, callees: Value, arguments: Arguments) -> Value: ...

        def invoke(self, closure: Closure, site: ir.Node, arguments: Arguments) -> Value: ...

        def backward(self, node: ir.Node, roots: Value, arguments: Arguments) -> Value: ...

        def unknown(
            self,
            node: ir.Node,
            name: str,
            arguments: Arguments,
            receiver: Value = NOTHING,
            region: Key | None = None,
            dotted: str = "",
        ) -> Value: ...

        def container_method(
            self, node: ir.Node, thing: Container, name: str, arguments: Arguments
        ) -> Value: ...

        def untracked_result(self, node: ir.Node) -> Value: ...

        def class_body(self, node: ir.Class) -> None: ...
