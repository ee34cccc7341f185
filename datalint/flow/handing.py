"""The functions and classes of a file, as far as values may go through them, by spelling alone."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.dispatch import Dispatch
from datalint.flow.names import CUSTOMARY
from datalint.flow.ways import Value, Ways, place, taken
from datalint.ops import facts

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from datalint.flow.project import Project

#: Arguments and results of functions that are called by another name than their own.
GIVEN, RESULT = "given", "result"
#: All attributes of anything: what `.parameters()` and `getattr(x, name)` may find.
ATTRIBUTES = "attributes"
#: Methods that no operator calls.
_NO_OPERATORS = {"__init__", "__new__", "__repr__", "__str__", "__hash__", "__len__"}

Arguments = list[tuple[ir.Argument, Value]]


class Handing:
    """The functions and classes of a file, as far as values may go through them."""

    def __init__(self, module: ir.Module, project: Project) -> None:
        self.module = module
        self.project = project
        self.ways = Ways()
        self.functions: dict[str, list[ir.Function]] = defaultdict(list)
        self.classes: dict[str, list[ir.Class]] = defaultdict(list)
        self.handed: set[ir.Function] = set()
        self.function: ir.Function | None = None
        self.in_class = False
        self.of, self.do = Dispatch(self, "of_"), Dispatch(self, "do_")
        self.outermost = _outermost(module.functions)
        #: By outermost function the names that it binds, or a function in it.
        self.locals: dict[ir.Function, set[str]] = defaultdict(set)
        for function, outermost in self.outermost.items():
            self.locals[outermost].update(function.locals, (p.name for p in function.parameters))
        for cls in module.classes:
            self.classes[cls.name].append(cls)
        for function in module.functions:
            self.functions[function.name].append(function)
            if _is_special(function):
                self.hand(function)
        #: Operators and items may be calls of methods.
        self.overloaded = any(map(_is_dunder, self.functions))
        if "inplace" in module.code.text:  # a module may write without a word where it is called
            self.ways.lose(place(GIVEN))

    # Names

    def variable(self, name: str, function: ir.Function | None = None) -> Hashable:
        """The place of a variable, as it is named in a function."""
        function = function or self.function
        if function:
            outermost = self.outermost[function]
            if name in self.locals[outermost]:
                return outermost.serial, name
        return 0, name

    def mention(self, name: str) -> None:
        """A function that is no more than mentioned may be called from anywhere."""
        for function in self.functions.get(name, ()):
            self.hand(function)
        if writes(name):
            self.ways.lose(place(GIVEN))

    def hand(self, function: ir.Function) -> None:
        if function in self.handed:
            return
        self.handed.add(function)
        for parameter in function.parameters:
            self.give(place(GIVEN), function, parameter)
        self.ways.lead(place(self.result_of(function)), RESULT)

    def result_of(self, function: ir.Function) -> Hashable:
        return "result", function.serial

    def dotted(self, node: ir.Expr) -> str:
        """The full name of something imported; empty for anything else."""
        names: list[str] = []
        while isinstance(node, ir.Attribute):
            names.append(node.name)
            node = node.base
        if not isinstance(node, ir.Name) or node.id in self.functions or node.id in self.classes:
            return ""
        known = self.module.imports.get(node.id) or {CUSTOMARY.get(node.id, "")}
        root = min(known)
        return ".".join([root, *reversed(names)]) if root and len(known) == 1 else ""

    def results(self, functions: Iterable[ir.Function]) -> Value:
        """What any of these functions may return."""
        return tuple(pair for f in functions for pair in place(self.result_of(f)))

    # Storing

    def store(self, name: str, value: Value) -> None:
        """An attribute of anything is set."""
        self.ways.lead(value, f".{name}")
        self.ways.hold(value, ATTRIBUTES)
        if self.elsewhere:
            self.ways.lose(value)

    def put(self, value: Value, container: Value) -> None:
        """Something is put into a container, or into what else holds others."""
        for (name, _), _ in container:
            self.ways.hold(value, name)

    @cached_property
    def elsewhere(self) -> bool:
        """Whether code of the project outside this file may have a hand in it."""
        path = self.module.code.path
        return any(self.project.locate(path, name) for name in self.module.imported())

    @cached_property
    def overriding(self) -> set[ir.Function]:
        """Methods that methods of the project outside this file may call."""
        return {m for c in self.module.classes if self.is_open(c) for m in c.methods.values()}

    # Giving

    def bind(
        self, functions: Iterable[ir.Function], arguments: Arguments, receiver: Value | None = None
    ) -> None:
        """Arguments to parameters; what a method is called on may be its first, or none."""
        for function in functions:
            parameters = function.parameters
            if receiver and parameters:
                self.give(receiver, function, parameters[0])
            for place_, (argument, value) in enumerate(arguments):
                if argument.star:
                    targets = set(range(len(parameters)))
                elif argument.keyword:
                    names = [p.name for p in parameters]
                    targets = {names.index(argument.keyword)} if argument.keyword in names else {-1}
                else:
                    targets = {place_} if receiver is None else {place_, place_ + 1}
                for target in targets:
                    self.give_at(value if not argument.star else taken(value), function, target)

    def give_at(self, value: Value, function: ir.Function, target: int) -> None:
        """To the parameter at a position, or to those that take what is left."""
        parameters = function.parameters
        if 0 <= target < len(parameters) and not parameters[target].star:
            self.give(value, function, parameters[target])
            return
        for parameter in parameters:
            if parameter.star:
                self.give(value, function, parameter)

    def give(self, value: Value, function: ir.Function, parameter: ir.Parameter) -> None:
        variable = self.variable(parameter.name, function)
        if parameter.star:
            self.ways.hold(value, variable)
        else:
            self.ways.lead(value, variable)

    def anything(self, arguments: Arguments) -> Value:
        """A call of whatever it may be."""
        every = all_of(arguments)
        self.ways.lead(every, GIVEN)
        self.ways.hold(every, GIVEN)
        if self.elsewhere:
            self.ways.lose(every)
        return place(RESULT)

    def operate(self, operands: Iterable[Value]) -> Value:
        """Operators and items of objects whose class says what they do."""
        if not self.overloaded:
            return ()
        for value in operands:
            self.ways.lead(value, GIVEN)
        return place(RESULT)

    def is_open(self, cls: ir.Class) -> bool:
        """Whether a base of the class is elsewhere in the project, whose methods call its own."""
        if not self.elsewhere:
            return False
        for base in cls.bases:
            inner = self.classes.get(getattr(base, "id", ""), ())
            dotted = self.dotted(base)
            located = dotted and self.project.locate(self.module.code.path, dotted)
            if located or any(self.is_open(c) for c in inner if c is not cls):
                return True
        return False


def writes(name: str) -> bool:
    """Whether something of this name writes what it is given or called on."""
    operator = facts.method(name) or facts.function(f"torch.{name}")
    return operator is not None and bool(operator.writes)


def all_of(arguments: Arguments) -> Value:
    """What any of them is."""
    return tuple(pair for a, v in arguments for pair in (taken(v) if a.star else v))


def _outermost(functions: Iterable[ir.Function]) -> dict[ir.Function, ir.Function]:
    """For each function the one that is in no other and has it in it."""
    found: dict[ir.Function, ir.Function] = {}
    around: ir.Function | None = None
    for function in sorted(functions, key=_start):
        if around is None or _start(function) >= _end(around):
            around = function
        found[function] = around
    return found


def _start(function: ir.Function) -> tuple[int, int]:
    origin = function.origin
    return origin.lineno, origin.col_offset  # type: ignore[attr-defined]


def _end(function: ir.Function) -> tuple[int, int]:
    origin = function.origin
    return origin.end_lineno, origin.end_col_offset  # type: ignore[attr-defined]


def _is_special(function: ir.Function) -> bool:
    """Whether it may be called without a word of it."""
    plain = function.name in ("forward", "<lambda>") or bool(function.decorators)
    return plain or _is_dunder(function.name)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _NO_OPERATORS
