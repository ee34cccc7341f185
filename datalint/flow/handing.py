"""Where a call may hand on what it is given, and get what it returns from: by spelling alone."""

from __future__ import annotations

import builtins
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.containers import ADDING, EXTENDING
from datalint.flow.library import LEAVES, SAME, SEQUENCES
from datalint.flow.names import CUSTOMARY
from datalint.flow.ways import Value, Ways, holders, holding, memory, place, taken
from datalint.ops import facts
from datalint.ops.facts import Sharing

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from datalint.flow.project import Project
    from datalint.ops.facts import Operator

#: Arguments and results of functions that are called by another name than their own.
GIVEN, RESULT = "given", "result"
#: All attributes of anything: what `.parameters()` and `getattr(x, name)` may find.
ATTRIBUTES = "attributes"
#: What is read under a name that is not spelled where it is.
BY_NAME = "by name"
#: What puts into an attribute, under a name it is given, what it is given.
_NAMING = {"register_buffer", "register_parameter", "add_module", "register_module", "setattr",
           "__setattr__"}  # fmt: skip
#: What else is given the name of an attribute.
NAMED = {*_NAMING, "getattr", "hasattr", "delattr"}
#: What looks through all attributes of an object.
_LOOKING = {"parameters", "named_parameters", "buffers", "named_buffers", "state_dict", "children",
            "named_children", "modules", "named_modules", "apply", "vars", "getattr"}  # fmt: skip
#: What hands out arguments, or what is in them, as they are.
_PASSING = {*SEQUENCES, *SAME, *LEAVES, "zip", "enumerate", "map", "filter", "next", "max", "min",
            "sum", "dict", "functools.partial", "copy.copy", "typing.cast", "iter", "super",
            "numpy.asarray", "numpy.ascontiguousarray", "numpy.ravel", "numpy.reshape",
            "numpy.squeeze", "numpy.transpose"}  # fmt: skip
#: Functions of NumPy that write their first argument.
_WRITING = {f"numpy.{name}" for name in ("copyto", "put", "place", "putmask", "fill_diagonal")}
#: Methods whose result is the tensor itself, but operators of which nothing is known.
_SAME_TENSOR = {"detach_", "requires_grad_", "__get__"}
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

    def property(self, name: str) -> Value:
        """What is read where a method is spelled like an attribute."""
        return self.results(self.functions.get(name, ()))

    def results(self, functions: Iterable[ir.Function]) -> Value:
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
        names = {name for every in self.module.imports.values() for name in every}
        path = self.module.code.path
        return any(self.project.locate(path, name) for name in (*names, *self.module.stars))

    @cached_property
    def overriding(self) -> set[ir.Function]:
        """Methods that methods of the project outside this file may call."""
        return {m for c in self.module.classes if self.is_open(c) for m in c.methods.values()}

    # Calls

    def method(self, name: str, receiver: Value, arguments: Arguments) -> Value:
        """`receiver.name(...)`."""
        operator, functions = facts.method(name), self.functions.get(name, ())
        found = taken(holders(receiver)) + self.results(functions)
        if operator:
            found += self.operator(operator, [(0, receiver), *_placed(arguments, 1)])
        elif name in _SAME_TENSOR:
            found += memory(receiver)
        if name in ADDING or name in EXTENDING or name == "setdefault":
            self.put(_all(arguments), receiver)
        if name in _NAMING:
            self.name_attribute(arguments)
        if name in _LOOKING:
            found += place(ATTRIBUTES) + taken(place(ATTRIBUTES))
        self.bind(functions, arguments, receiver)
        if name == "apply" or not (operator or functions):
            found += self.anything(arguments)
        return found + self.call_back(arguments)

    def function_called(self, name: str, arguments: Arguments) -> Value:
        """`name(...)`."""
        functions, classes = self.functions.get(name, ()), self.classes.get(name, ())
        imported = self.module.imports.get(name, ())
        self.bind(functions, arguments)
        found = self.results(functions) + self.call_back(arguments)
        for cls in classes:
            found += self.instantiate(cls, arguments)
        for dotted in imported:
            found += self.external(dotted, arguments)
        if functions or classes or imported:
            decorated = any(f.decorators for f in functions)
            return found + (self.anything(arguments) if decorated else ())
        if hasattr(builtins, name) or name in CUSTOMARY:
            return found + self.external(name, arguments)
        return found + self.anything(arguments)

    def external(self, name: str, arguments: Arguments) -> Value:
        """A call of something imported, or built in."""
        found = self.call_back(arguments)
        operator = facts.function(name)
        if self.project.locate(self.module.code.path, name):
            self.ways.lose(_all(arguments))
        elif operator:
            found += self.operator(operator, _placed(arguments))
        elif name in ("getattr", "setattr") and len(arguments) > 1:
            found += self.by_name(name, arguments)
        elif name in _PASSING or name.startswith(("torch.nn.", "torch.optim.")):
            every = _all(arguments)
            found += every + taken(every) + holding([every])
        elif name.startswith("numpy."):
            written = [v for a, v in arguments if a.keyword == "out"]
            if name in _WRITING:
                written += [value for _, value in arguments[:1]]
            for value in written:
                self.ways.write(value)
                found += value
        if name in _LOOKING:
            found += place(ATTRIBUTES) + taken(place(ATTRIBUTES))
        return found

    def by_name(self, function: str, arguments: Arguments) -> Value:
        """`getattr` and `setattr`, whose name may be that of `.data`."""
        if function == "setattr":
            self.name_attribute(arguments)
        else:
            for name in self.module.mentions:
                if name.startswith(ir.READ):
                    self.ways.lead(place(name), BY_NAME)
        return taken(_all(arguments))

    def name_attribute(self, arguments: Arguments) -> None:
        """An attribute is set by its name."""
        for argument, _ in arguments:
            name = argument.value.value if isinstance(argument.value, ir.Constant) else None
            if isinstance(name, str):
                return self.store(name, _all(arguments))
        return self.ways.lose(_all(arguments))

    def operator(self, operator: Operator, given: list[tuple[int | str, Value]]) -> Value:
        """An operator of torch on its arguments, by position or keyword; `*` stands for many."""
        named = [("*" if at == "*" else operator.argument(at), value) for at, value in given]
        for flag in ("inplace", "max_norm"):
            if any(name in (flag, "*") for name, _ in named):
                operator = operator.given(flag) or operator
        written = [v for name, v in named if name in operator.writes or name == "*"]
        if operator.metadata_only:
            written += [value for _, value in named[:1]]
        for value in written:
            self.ways.lose(value)  # `torch._foreach_add_` writes what is in a list
        if operator.sharing in (Sharing.ALIAS, Sharing.MAYBE):
            written = [value for _, value in named]
        elif operator.sharing is not Sharing.WRITTEN:
            return ()
        return tuple(pair for value in written for pair in taken(value))

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

    def instantiate(self, cls: ir.Class, arguments: Arguments) -> Value:
        """A class of the file is called."""
        own = [cls.methods[n] for n in ("__init__", "__new__") if n in cls.methods]
        self.bind(own or self.functions.get("__init__", ()), arguments, ())
        for _, value in arguments:
            for name in cls.fields:
                self.store(name, value)
        if self.elsewhere and not own:
            self.ways.lose(_all(arguments))
        return holding([_all(arguments)])

    def call_back(self, arguments: Arguments) -> Value:
        """Functions that are passed may be called with what else is passed."""
        for argument, _ in arguments:
            name = getattr(argument.value, "id", getattr(argument.value, "name", ""))
            if isinstance(argument.value, ir.Function) or name in self.functions:
                return self.anything(arguments)
            if writes(name):
                self.ways.lose(_all(arguments))
        return ()

    def anything(self, arguments: Arguments) -> Value:
        """A call of whatever it may be."""
        every = _all(arguments)
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


def _all(arguments: Arguments) -> Value:
    return tuple(pair for a, v in arguments for pair in (taken(v) if a.star else v))


def _placed(arguments: Arguments, first: int = 0) -> list[tuple[int | str, Value]]:
    """Arguments by their position, the first of which has this number, or by their keyword."""
    out: list[tuple[int | str, Value]] = []
    for at, (argument, value) in enumerate(arguments, start=first):
        if argument.star:
            out.append(("*", taken(value)))
        else:
            out.append((argument.keyword or at, value))
    return out


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
