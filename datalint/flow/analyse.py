"""Where interpretation starts: the top level, then every function nobody in sight calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow.events import Events
from datalint.flow.interpret import Interpreter
from datalint.flow.operators import Arguments
from datalint.flow.program import Program
from datalint.flow.state import Contents
from datalint.flow.values import ClassRef, Closure, Instance, Key, Opaque, Value, just

if TYPE_CHECKING:
    from datalint.flow import ir
    from datalint.flow.state import State

#: Expressions evaluated from one starting point before callees are taken as unknown.
BUDGET = 50_000
FORWARD = {"forward", "__call__", "rsample", "sample", "log_prob", "icdf"}


def analyse(module: ir.Module) -> Events:
    """Everything seen of every `.data` expression in a file."""
    events = Events()
    program = Program(module)
    run = Interpreter(program, events)
    run.budget = BUDGET
    run.block(module.body)
    run.alive = True
    if module.body:
        run.left_behind(module.body[-1])
    start = run.state
    for function in entries(module, events):
        _enter(run, program, function, start)
    for function in module.functions:  # called in a way that was not followed
        if not events.entered[function]:
            _enter(run, program, function, start)
    return events


def entries(module: ir.Module, events: Events) -> list[ir.Function]:
    """Functions that the top level did not call and no other function names."""
    named = module.names
    return [
        f
        for f in module.functions
        if not f.nested and (f.name in FORWARD or f.name not in named) and not f.name == "<lambda>"
        if f.name in FORWARD or not events.entered[f]
    ]


def _enter(run: Interpreter, program: Program, function: ir.Function, start: State) -> None:
    run.state, run.alive, run.budget = start.fork(), True, BUDGET
    cls = program.owner.get(function)
    arguments = _arguments(run, program, function, cls)
    frame = run.parents.get(0, 0)
    run.forward = function.name in FORWARD and cls is not None
    run.invoke(Closure(function, frame), function, arguments)
    run.alive = True
    run.left_behind(function)


def _arguments(
    run: Interpreter, program: Program, function: ir.Function, cls: ir.Class | None
) -> Arguments:
    """What an unseen caller passes: anything, and for `self` an instance as `__init__` made it."""
    program.parameters = {}
    arguments = Arguments()
    for place, parameter in enumerate(function.parameters):
        value: Value = just(Opaque(Key(function.serial, 0, 0, (parameter.name,))))
        if place == 0 and cls is not None and parameter.name in ("self", "cls"):
            value = _instance(run, cls)
        elif parameter.star:
            kind = "dict" if parameter.star == "**" else "tuple"
            contents = Contents(rest=value, exact=False)
            value = run.container(function, kind, contents, parameter.name)
            continue
        else:
            program.parameters[Key(function.serial, 0, 0, (parameter.name,))] = parameter.name
        arguments.keywords[parameter.name] = value
    return arguments


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
    return just(instance)
