"""The functions and classes of a file, as far as values may go through them, by spelling alone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.dispatch import dispatch
from datalint.flow.spelled import Spelled
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


class Handing(Spelled):
    """The functions and classes of a file, as far as values may go through them."""

    def __init__(self, module: ir.Module, project: Project) -> None:
        super().__init__(module, project)
        self.ways = Ways()
        self.handed: set[ir.Function] = set()
        self.of, self.do = dispatch(type(self), "of_"), dispatch(type(self), "do_")
        for function in module.functions:
            if _is_special(function):
                self.hand(function)
        #: Operators and items may be calls of methods.
        self.overloaded = any(map(_is_dunder, self.functions))
        if "inplace" in module.code.text:  # a module may write without a word where it is called
            self.ways.lose(place(GIVEN))

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


@lru_cache(10_000)
def writes(name: str) -> bool:
    """Whether something of this name writes what it is given or called on."""
    operator = facts.method(name) or facts.function(f"torch.{name}")
    return operator is not None and bool(operator.writes)


def all_of(arguments: Arguments) -> Value:
    """What any of them is."""
    return tuple(pair for a, v in arguments for pair in (taken(v) if a.star else v))


def _is_special(function: ir.Function) -> bool:
    """Whether it may be called without a word of it."""
    plain = function.name in ("forward", "<lambda>") or bool(function.decorators)
    return plain or _is_dunder(function.name)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _NO_OPERATORS
