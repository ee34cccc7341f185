"""The little language the interpreter reads; only `lower` knows how Python spells it.

Every node is itself (compared and hashed by identity) and remembers what of the syntax tree it came
from, so that a finding can be given a position when, and only when, there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from datalint.source.code import Code


#: Serial numbers of one row, and of one module: none has more nodes, and no file more rows.
ROW_SERIALS = 1 << 24
SERIALS = ROW_SERIALS << 24
#: What the names of reads of `.data` begin with.
READ = ".data "


@dataclass(eq=False, slots=True)
class Node:
    """`serial` grows in the order of the source; `origin` is where the user wrote it."""

    serial: int
    origin: ast.AST = field(repr=False)
    #: The file that `origin` is of.
    code: Code = field(repr=False)


@dataclass(eq=False, slots=True)
class Expr(Node):
    """Something that has a value."""


@dataclass(eq=False, slots=True)
class Statement(Node):
    """Something that is done."""


Block = tuple[Statement, ...]


@dataclass(eq=False, slots=True)
class Name(Expr):
    id: str


@dataclass(eq=False, slots=True)
class Constant(Expr):
    value: object


@dataclass(eq=False, slots=True)
class Imported(Expr):
    """What `import` binds: a dotted name, relative ones with their leading dots."""

    qualified: str


@dataclass(eq=False, slots=True)
class Attribute(Expr):
    """`consumed` says that the value is used up where it is read: `x.data.item()`."""

    base: Expr
    name: str
    consumed: bool = False


@dataclass(eq=False, slots=True)
class Subscript(Expr):
    base: Expr
    index: Expr


@dataclass(eq=False, slots=True)
class Slice(Expr):
    parts: tuple[Expr, ...]


@dataclass(eq=False, slots=True)
class Argument:
    value: Expr
    keyword: str | None = None
    star: Literal["", "*", "**"] = ""


@dataclass(eq=False, slots=True)
class Call(Expr):
    callee: Expr
    arguments: tuple[Argument, ...]


def read_of(node: Node) -> str:
    """By which `mentions` tell one `.data` from another: no source can spell it."""
    return f"{READ}{node.serial}"


def data_of(name: str) -> str:
    """How the `.data` of a variable is mentioned."""
    return f"{name}.data"


def made_by(name: str) -> str:
    """How `holds` mention the result of calling something: no name is spelled like this."""
    return f"{name}()"


def method_of(node: Node) -> str:
    """The method that a node calls, as it is spelled; nothing where it calls none."""
    callee = node.callee if isinstance(node, Call) else None
    return callee.name if isinstance(callee, Attribute) else ""


@dataclass(eq=False, slots=True)
class Operation(Expr):
    """`a * b` is the operation `mul`; `x += v` is `iadd`, whose value is bound to `x` again.

    `opaque` has operands that are evaluated and a value that is no tensor (`not x`, an f-string).
    """

    name: str
    operands: tuple[Expr, ...]
    augmented: bool = False


@dataclass(eq=False, slots=True)
class Display(Expr):
    """`(a, *b)`, `[a]`, `{a}`, and `{k: v}` whose `keys` run beside its items (None for `**d`)."""

    kind: Literal["tuple", "list", "set", "dict"]
    items: tuple[Expr, ...]
    keys: tuple[Expr | None, ...] = ()


@dataclass(eq=False, slots=True)
class Starred(Expr):
    value: Expr


@dataclass(eq=False, slots=True)
class Choice(Expr):
    """One of the options: `a if c else b`, `a or b`."""

    condition: Expr | None
    options: tuple[Expr, ...]


@dataclass(eq=False, slots=True)
class Let(Expr):
    """Statements, then a value: a comprehension, a walrus."""

    body: Block
    result: Expr


@dataclass(eq=False, slots=True)
class Yield(Expr):
    value: Expr | None


@dataclass(eq=False, slots=True)
class Parameter:
    name: str
    default: Expr | None = None
    annotation: str = ""
    star: Literal["", "*", "**"] = ""


@dataclass(eq=False, slots=True)
class Function(Expr):
    """A `def` or a lambda; `locals` are the names that its body binds.

    Its body may `wait`: it and what follows from it are filled in when somebody asks for them.
    """

    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expr, ...] = ()
    body: Block = ()
    locals: frozenset[str] = frozenset()
    #: Its locals but for loop targets.
    kept: frozenset[str] = frozenset()
    generator: bool = False
    nested: bool = False
    #: Functions are defined in it.
    encloses: bool = False
    #: Every name read in it and, with a dot, every attribute.
    mentions: frozenset[str] = frozenset()
    _fill: Callable[[Function], None] | None = None

    def wait(self, fill: Callable[[Function], None]) -> None:
        """Have `fill` say what the body is, and what follows from it, once that is asked for."""
        self._fill = fill
        del self.body, self.locals, self.kept, self.encloses, self.mentions
        if self.generator:  # it may be one
            del self.generator

    def __getattr__(self, name: str) -> Any:
        fill, self._fill = self._fill, None
        if fill is None:
            raise AttributeError(name)
        fill(self)
        return getattr(self, name)

    def __repr__(self) -> str:
        return f"<function {self.name}>"


@dataclass(eq=False, slots=True)
class Class(Expr):
    name: str
    bases: tuple[Expr, ...]
    decorators: tuple[Expr, ...]
    body: Block
    methods: dict[str, Function] = field(default_factory=dict)
    fields: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<class {self.name}>"


@dataclass(eq=False, slots=True)
class Assign(Statement):
    """`target` is a Name, Attribute, Subscript, or a Display of them, Starred allowed."""

    target: Expr
    value: Expr
    annotation: str = ""


@dataclass(eq=False, slots=True)
class Evaluate(Statement):
    value: Expr


@dataclass(eq=False, slots=True)
class Delete(Statement):
    target: Expr


@dataclass(eq=False, slots=True)
class If(Statement):
    condition: Expr
    then: Block
    otherwise: Block


@dataclass(eq=False, slots=True)
class Loop(Statement):
    """A `for` has a target and an iterable, a `while` only a condition."""

    target: Expr | None
    iterable: Expr | None
    condition: Expr | None
    body: Block
    otherwise: Block


@dataclass(eq=False, slots=True)
class Handler:
    name: Expr | None
    body: Block


@dataclass(eq=False, slots=True)
class Try(Statement):
    body: Block
    handlers: tuple[Handler, ...]
    otherwise: Block
    final: Block


@dataclass(eq=False, slots=True)
class With(Statement):
    context: Expr
    target: Expr | None
    body: Block


@dataclass(eq=False, slots=True)
class Jump(Statement):
    kind: Literal["return", "break", "continue", "raise"]
    value: Expr | None = None


@dataclass(eq=False, slots=True)
class Module:
    """A file: its top level, and every function and class in it, outermost first.

    Where bodies of functions wait, what is in them counts for nothing here.
    """

    body: Block
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    #: Modules of which everything is imported.
    stars: tuple[str, ...]
    #: By name what is imported under it, anywhere in the file.
    imports: dict[str, set[str]]
    #: Names that the top level binds, but for loop targets.
    locals: frozenset[str]
    #: Every name and, with a dot, every attribute that is read somewhere.
    mentions: frozenset[str]
    #: What the values of each attribute and top-level name mention, or were `made_by`.
    holds: dict[str, frozenset[str]]
    code: Code

    def imported(self) -> set[str]:
        """The dotted names of all that is imported, and of modules of which everything is."""
        return {name for names in self.imports.values() for name in names}.union(self.stars)
