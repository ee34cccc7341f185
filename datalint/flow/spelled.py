"""What the names in a file stand for, and what its classes are, by spelling alone."""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.names import CUSTOMARY
from datalint.flow.program import TENSORS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from datalint.flow.project import Project

#: Where a method gives `self` another meaning, or may seem to.
_REBOUND = re.compile(r"\bself\s*=[^=]")
#: Each name and what follows it behind a dot.
_DOTTED = re.compile(r"(?=\b(\w+\.\w+))")


class Spelled:
    """The functions, classes and names of a file."""

    def __init__(self, module: ir.Module, project: Project) -> None:
        self.module = module
        self.project = project
        #: Where in the file we are.
        self.function: ir.Function | None = None
        self.in_class = False
        self.functions: dict[str, list[ir.Function]] = defaultdict(list)
        self.classes: dict[str, list[ir.Class]] = defaultdict(list)
        for function in module.functions:
            self.functions[function.name].append(function)
        for cls in module.classes:
            self.classes[cls.name].append(cls)
        self.outermost = _outermost(module.functions)
        #: By outermost function the names that it binds, or a function in it.
        self.locals: dict[ir.Function, set[str]] = defaultdict(set)
        for function, outermost in self.outermost.items():
            self.locals[outermost].update(function.locals, (p.name for p in function.parameters))

    def variable(self, name: str, function: ir.Function | None = None) -> Hashable:
        """The place of a variable, as it is named in a function."""
        function = function or self.function
        if function:
            outermost = self.outermost[function]
            if name in self.locals[outermost]:
                return outermost.serial, name
        return 0, name

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

    @cached_property
    def elsewhere(self) -> bool:
        """Whether code of the project outside this file may have a hand in it."""
        path = self.module.code.path
        return any(self.project.locate(path, name) for name in self.module.imported())

    @cached_property
    def overriding(self) -> set[ir.Function]:
        """Methods that methods of the project outside this file may call."""
        return {m for c in self.module.classes if self.is_open(c) for m in c.methods.values()}

    def is_own(self, node: ir.Attribute) -> bool:
        """Whether it is the `self.data` of what is no tensor."""
        outermost = self.function and self.outermost[self.function]
        return getattr(node.base, "id", "") == "self" and outermost in self.plain_methods

    @cached_property
    def plain_methods(self) -> set[ir.Function]:
        """Methods of what is no tensor: what such an object has as `data` is an attribute."""
        text = self.module.code.text
        if self.module.stars or _REBOUND.search(text):
            return set()
        dotted = set(_DOTTED.findall(text))
        others = {o for f, o in self.outermost.items() if f is not o and "self" in f.locals}
        return {
            method
            for cls in self.module.classes
            if all(map(self.is_plain, self.bases(cls)))
            for method in cls.methods.values()
            if method.parameters and method.parameters[0].name == "self"
            if f"{cls.name}.{method.name}" not in dotted  # which may be called on anything
        } - others

    def is_plain(self, base: ir.Expr) -> bool:
        """Whether a name is that of a class whose instances are no tensors for that."""
        if isinstance(base, ir.Subscript):  # `Generic[T]`
            return self.is_plain(base.base)
        if dotted := self.dotted(base):
            return dotted not in TENSORS and not self.is_elsewhere(base)
        name = getattr(base, "id", "")
        return name in self.classes or hasattr(builtins, name)

    def is_open(self, cls: ir.Class) -> bool:
        """Whether a base of the class is elsewhere in the project, whose methods call its own."""
        return self.elsewhere and any(map(self.is_elsewhere, self.bases(cls)))

    def is_elsewhere(self, base: ir.Expr) -> bool:
        """Whether a name is that of something in another file of the project."""
        dotted = self.dotted(base)
        return bool(dotted and self.project.locate(self.module.code.path, dotted))

    def bases(self, cls: ir.Class) -> Iterator[ir.Expr]:
        """What a class is derived from, as far as this file says it."""
        seen, todo = {cls}, [cls]
        while todo:
            for base in todo.pop().bases:
                yield base
                inner = set(self.classes.get(getattr(base, "id", ""), ())) - seen
                seen |= inner
                todo += inner


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
