"""What a call may do with what it is given, and what its result may be, by spelling alone."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.containers import ADDING, EXTENDING
from datalint.flow.handing import ATTRIBUTES, Arguments, Handing, all_of, writes
from datalint.flow.library import LEAVES, SAME, SEQUENCES
from datalint.flow.names import CUSTOMARY
from datalint.flow.ways import IN_PLACE, Value, holders, holding, memory, place, taken
from datalint.ops import facts
from datalint.ops.facts import Sharing

if TYPE_CHECKING:
    from datalint.ops.facts import Operator

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


class Calling(Handing):
    """Calls of whatever is spelled."""

    def method(self, name: str, receiver: Value, arguments: Arguments) -> Value:
        """`receiver.name(...)`."""
        operator, functions = facts.method(name), self.functions.get(name, ())
        found = taken(holders(receiver)) + self.results(functions)
        if operator:
            found += self.operator(operator, [(0, receiver), *_placed(arguments, 1)])
        elif name in _SAME_TENSOR:
            found += memory(receiver)
        if name in facts.in_place_names():
            self.ways.lead(memory(receiver), IN_PLACE)
        if name in ADDING or name in EXTENDING or name == "setdefault":
            self.put(all_of(arguments), receiver)
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
            self.ways.lose(all_of(arguments))
        elif operator:
            found += self.operator(operator, _placed(arguments))
        elif name in ("getattr", "setattr") and len(arguments) > 1:
            found += self.by_name(name, arguments)
        elif name in _PASSING or name.startswith(("torch.nn.", "torch.optim.")):
            every = all_of(arguments)
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
        return taken(all_of(arguments))

    def name_attribute(self, arguments: Arguments) -> None:
        """An attribute is set by its name."""
        for argument, _ in arguments:
            name = argument.value.value if isinstance(argument.value, ir.Constant) else None
            if isinstance(name, str):
                return self.store(name, all_of(arguments))
        return self.ways.lose(all_of(arguments))

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

    def instantiate(self, cls: ir.Class, arguments: Arguments) -> Value:
        """A class of the file is called."""
        own = [cls.methods[n] for n in ("__init__", "__new__") if n in cls.methods]
        self.bind(own or self.functions.get("__init__", ()), arguments, ())
        for _, value in arguments:
            for name in cls.fields:
                self.store(name, value)
        if self.elsewhere and not own:
            self.ways.lose(all_of(arguments))
        return holding([all_of(arguments)])

    def call_back(self, arguments: Arguments) -> Value:
        """Functions that are passed may be called with what else is passed."""
        for argument, _ in arguments:
            name = getattr(argument.value, "id", getattr(argument.value, "name", ""))
            if isinstance(argument.value, ir.Function) or name in self.functions:
                return self.anything(arguments)
            if writes(name):
                self.ways.lose(all_of(arguments))
        return ()


def _placed(arguments: Arguments, first: int = 0) -> list[tuple[int | str, Value]]:
    """Arguments by their position, the first of which has this number, or by their keyword."""
    out: list[tuple[int | str, Value]] = []
    for at, (argument, value) in enumerate(arguments, start=first):
        if argument.star:
            out.append(("*", taken(value)))
        else:
            out.append((argument.keyword or at, value))
    return out
