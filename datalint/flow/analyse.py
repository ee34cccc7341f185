"""Where interpretation starts: the top level, then every function nobody in sight calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datalint.flow import autograd
from datalint.flow.collect import collect
from datalint.flow.doubt import doubt
from datalint.flow.events import DATA, Events
from datalint.flow.glance import may_be_written
from datalint.flow.interpret import Interpreter
from datalint.flow.known import Contents
from datalint.flow.layers import Layers
from datalint.flow.operators import Arguments
from datalint.flow.order import ordered
from datalint.flow.outside import Outside, left_behind
from datalint.flow.program import FORWARD, Program
from datalint.flow.relevance import matter, spelled
from datalint.flow.run import TooMuch
from datalint.flow.values import (
    ITEM,
    ClassRef,
    Closure,
    Container,
    Instance,
    Key,
    Opaque,
    Tri,
    Value,
    just,
)

if TYPE_CHECKING:
    from collections.abc import Set

    from datalint.flow import ir
    from datalint.flow.known import Tensor
    from datalint.flow.project import Project
    from datalint.flow.state import State
    from datalint.source.text import Sought

#: Expressions evaluated from one starting point before callees are taken as unknown.
BUDGET = 5_000
#: The same for a whole file, and what is left to each starting point when it is used up.
FILE_BUDGET, LEAST = 20_000, 300
#: What is left to each when so much more was used all the same: there are more than a hundred then.
OVERDRAWN, LITTLE = 30_000, 50


def analyse(module: ir.Module, project: Project, sought: Sought) -> Events:
    """At least everything that is sought; what the file imports is followed.

    What leads to a `.data` comes first: it finds the same, whatever else is looked for.
    """
    events = Events()
    torch = project.uses_torch(module)
    data = {DATA} if sought.reads else may_be_written(module, project, torch=torch)
    mentioned = data | spelled(sought.ways - {DATA})
    if module.mentions.isdisjoint(mentioned):
        return events
    first = matter(module, data)
    others = matter(module, mentioned) - first
    program = Program(module, project)
    run = Interpreter(program, events)
    run.budget, run.allowance = BUDGET, FILE_BUDGET
    try:
        _follow(run, program, first, others)
    except TooMuch:
        events.ended = _ended(run, module)
    if not torch:
        doubt(events, module)
    return events


def _follow(
    run: Interpreter, program: Program, first: Set[ir.Function], others: Set[ir.Function]
) -> None:
    body = program.module.body
    run.block(body)
    run.alive = True
    if body:
        _leave(run, body[-1], left_behind(run.state))
    start = _Start.of(collect(run.state, run.parents, [0, *program.class_frames.values()]))
    _enter_all(run, program, first, start)
    _enter_all(run, program, others, start)


def _ended(run: Interpreter, module: ir.Module) -> ir.Node:
    """The function where the analysis began that has become too much, or a statement outside."""
    inside = [frame.function for frame in run.stack if frame.function]
    outermost: ir.Node | None = inside[0] if inside else run.statement
    return outermost if outermost and outermost.code is module.code else module.body[0]


@dataclass(slots=True)
class _Start:
    """What holds once the file has been imported, and then once a class has been instantiated."""

    state: State
    outside: Outside
    instances: dict[ir.Class, tuple[State, Outside, Value]] = field(default_factory=dict)

    @classmethod
    def of(cls, state: State) -> _Start:
        return cls(state, Outside.of(state))

    def instance(self, run: Interpreter, cls: ir.Class) -> tuple[Outside, Value]:
        """An instance as `__init__` makes it, in a state of the run of its own."""
        if cls not in self.instances:
            run.state = self.state.fork()
            run.forward = False
            made = _instance(run, cls)
            self.instances[cls] = run.state, self.outside.after(run.state), made
        state, outside, made = self.instances[cls]
        run.state = state.fork()
        return outside, made


def _enter_all(
    run: Interpreter, program: Program, relevant: Set[ir.Function], start: _Start
) -> None:
    module = program.module
    for function in module.functions:
        if function in relevant and is_entry(module, function):
            _enter(run, program, function, start, program.owner.get(function))
    for cls in module.classes:
        if any(method in relevant for method in cls.methods.values()):
            _enter_inherited(run, program, cls, start)
    for function in module.functions:  # called in a way that was not followed
        if function in relevant and not run.events.entered[function]:
            _enter(run, program, function, start, program.owner.get(function))


def _enter_inherited(run: Interpreter, program: Program, cls: ir.Class, start: _Start) -> None:
    """The forward that a class has from a base calls methods of the class."""
    run.state = start.state.fork()
    for name in sorted(FORWARD):
        for found in ordered(run.class_attribute(ClassRef(cls, 0), name)):
            if isinstance(found, Closure) and program.owner.get(found.node) is not cls:
                _enter(run, program, found.node, start, cls, found.frame)


def is_entry(module: ir.Module, function: ir.Function) -> bool:
    """Whether its callers are elsewhere: nobody here mentions it, or a framework calls it."""
    if function.nested or function.name == "<lambda>":
        return False
    if function.name in FORWARD:
        return True
    return not {function.name, f".{function.name}"} & module.mentions


def _enter(
    run: Interpreter,
    program: Program,
    function: ir.Function,
    start: _Start,
    cls: ir.Class | None,
    frame: int = 0,
) -> None:
    least = LEAST if run.allowance > -OVERDRAWN else LITTLE
    allowed = max(least, min(BUDGET, run.allowance))
    run.state, run.alive, run.budget = start.state.fork(), True, allowed
    outside, arguments = _arguments(run, program, function, cls, start)
    run.state.made_of = Layers()  # what was there before is a source of its own
    run.budget = max(run.budget, least)
    run.forward = cls is not None and program.is_forward(function.name, ClassRef(cls, 0))
    if cls is not None and "torch.autograd.Function" in program.external_bases(ClassRef(cls, 0)):
        run.state.grad = Tri.NO  # the forward of a Function is one node; inside nothing is saved
    forward = Closure(function, frame)
    result = run.invoke(forward, function, arguments)
    _leave(run, function, outside.left_behind(run.state))
    if run.forward:
        _again(run, forward, arguments, result)
    run.allowance -= allowed - run.budget


def _leave(run: Interpreter, node: ir.Node, tensors: list[Tensor]) -> None:
    """Whoever comes later may ask for the gradients of what is left behind."""
    run.need(tensors, autograd.Consumer(node))


def _again(run: Interpreter, forward: Closure, arguments: Arguments, result: Value) -> None:
    """A second call before the backward of the first: does it write what the first has saved?"""
    run.frame.context = run.intern("again", forward.node.serial)
    run.invoke(forward, forward.node, arguments)
    run.frame.context = 0
    consumer = autograd.Consumer(forward.node, again=True)
    run.need(run.tensors(result).values(), consumer)


def _arguments(
    run: Interpreter,
    program: Program,
    function: ir.Function,
    cls: ir.Class | None,
    start: _Start,
) -> tuple[Outside, Arguments]:
    """What an unseen caller passes: anything, and for `self` an instance as `__init__` made it.

    And what is there before the function is called.
    """
    program.parameters = {}
    outside, arguments = start.outside, Arguments()
    for place, parameter in enumerate(function.parameters):
        value: Value = just(Opaque(Key(function.serial, 0, 0, (parameter.name,))))
        if place == 0 and cls is not None and parameter.name in ("self", "cls"):
            outside, value = start.instance(run, cls)
        elif parameter.star:
            kind = "dict" if parameter.star == "**" else "tuple"
            contents = Contents(rest=value, exact=False)
            value = run.container(function, kind, contents, parameter.name)
            continue
        else:
            key = Key(function.serial, 0, 0, (parameter.name,))
            program.parameters[key] = parameter.name
            if "Tensor" in parameter.annotation.replace(".", " ").split():
                run.state.set_tensor(key, run.state.tensor(key)._replace(known=True))
        arguments.keywords[parameter.name] = value
    return outside, arguments


def _instance(run: Interpreter, cls: ir.Class) -> Value:
    ref = ClassRef(cls, 0)
    instance = Instance(Key(cls.serial, 0, 0, ()), ref)
    for made in run.class_attribute(ref, "__init__"):
        if isinstance(made, Closure):
            given = Arguments([just(instance)])
            for parameter in made.node.parameters[1:]:
                if not parameter.star:
                    key = Key(made.node.serial, 0, 0, (parameter.name,))
                    given.keywords[parameter.name] = just(Opaque(key))
            run.invoke(made, cls, given)
            run.alive = True
    _fill(run, instance)
    return just(instance)


def _fill(run: Interpreter, instance: Instance) -> None:
    """The containers that `__init__` made and left empty: other methods put something in."""
    todo = [held for _, held in run.state.attributes_of(instance.key)]
    for value in todo:  # it grows
        for thing in ordered(value):
            if isinstance(thing, Container) and thing.kind in ("list", "dict"):
                contents = run.contents(thing.key)
                todo.append(contents.all)
                if not contents.all:
                    anything = just(Opaque(thing.key.at(ITEM)))
                    run.state.contents[thing.key] = Contents(rest=anything, exact=False)
