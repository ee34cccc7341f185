"""Syntax tree to IR: expressions, comprehensions, targets and scopes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from datalint.flow import ir
from datalint.flow.consumed import Consumption
from datalint.flow.dispatch import dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from datalint.source.code import Code

T = TypeVar("T")
N = TypeVar("N", bound=ir.Node)

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "lshift", ast.RShift: "rshift",
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert", ast.Not: "not",
    ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip


class Expressions:
    """Lowers expressions and keeps what a file's lowering accumulates."""

    def __init__(self, code: Code, first: int) -> None:
        self.code = code
        #: The first serial number of the file, and the one given out last.
        self.first = self.serial = first
        self.functions: list[ir.Function] = []
        self.classes: list[ir.Class] = []
        self.stars: list[str] = []
        self.imports: dict[str, set[str]] = {}
        self.mentions: set[str] = set()
        self.holds: dict[str, set[str]] = {}
        self.bound: set[str] = set()
        self.looped: set[str] = set()
        self.not_local: set[str] = set()
        self.yields = False
        self.depth = 0
        self.consumption = Consumption()
        #: Every name that is bound anywhere in the file.
        self.ever_bound: set[str] = set()
        #: Names that a comprehension binds, as they are called outside it.
        self.renamed: dict[str, str] = {}
        self.of, self.do = dispatch(type(self), "of_"), dispatch(type(self), "do_")

    def at(self, kind: Callable[..., N], origin: ast.AST, *fields: object) -> N:
        """A node of this kind, numbered."""
        self.serial += 1
        return kind(self.serial, origin, self.code, *fields)

    # Names and scopes

    def scope(self, lower: Callable[[], T]) -> tuple[T, frozenset[str]]:
        """What `lower` gives, and the names it bound as locals."""
        outer = self.bound, self.not_local, self.yields, self.renamed, self.looped
        self.bound, self.not_local, self.yields, self.renamed = set(), set(), False, {}
        self.looped = set()
        self.depth += 1
        try:
            return lower(), frozenset(self.bound - self.not_local)
        finally:
            self.depth -= 1
            self.bound, self.not_local, self.yields, self.renamed, self.looped = outer

    def bind(self, origin: ast.AST, name: str) -> ir.Name:
        name = self.renamed.get(name, name)
        self.bound.add(name)
        self.ever_bound.add(name)
        return self.at(ir.Name, origin, name)

    def hidden(self, origin: ast.AST) -> ir.Name:
        """A name no source can spell."""
        return self.bind(origin, f"%{self.serial}")

    def again(self, name: ir.Name) -> ir.Name:
        return self.at(ir.Name, name.origin, name.id)

    def annotation(self, node: ast.expr | None) -> str:
        """`torch.Tensor`, `"Tensor"`, `Tensor | None`: as the words it is made of."""
        if node is None:
            return ""
        words: list[str] = []
        for here in ast.walk(node):
            match here:
                case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                    words.append(word)
        return " ".join(words)

    def function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        name: str,
        decorators: tuple[ir.Expr, ...],
    ) -> ir.Function:
        parameters = tuple(self.parameters(node.args))
        return self.at(ir.Function, node, name, parameters, decorators)

    def define(self, function: ir.Function, lower: Callable[[], ir.Block]) -> None:
        """Fill in the body; it is listed before the functions inside it."""
        self.functions.append(function)
        function.nested = self.depth > 1
        before, looped = len(self.functions), set[str]()

        def body() -> None:
            self.bound.update(p.name for p in function.parameters)
            self.ever_bound |= self.bound
            function.body = lower()
            function.generator = self.yields
            looped.update(self.looped)

        _, function.locals = self.scope(body)
        function.kept = function.locals - looped
        function.mentions = frozenset(self.mentions)
        function.encloses = len(self.functions) > before

    def parameters(self, node: ast.arguments) -> list[ir.Parameter]:
        plain = [*node.posonlyargs, *node.args]
        without = [None] * (len(plain) - len(node.defaults))
        out = [
            self.parameter(p, default)
            for p, default in zip(plain, [*without, *node.defaults], strict=True)
        ]
        if node.vararg:
            out.append(self.parameter(node.vararg, star="*"))
        elif node.kwonlyargs:
            out.append(ir.Parameter("%", star="*"))
        out += map(self.parameter, node.kwonlyargs, node.kw_defaults)
        if node.kwarg:
            out.append(self.parameter(node.kwarg, star="**"))
        return out

    def parameter(
        self, node: ast.arg, default: ast.expr | None = None, star: Literal["", "*", "**"] = ""
    ) -> ir.Parameter:
        value = self.expr(default) if default else None
        return ir.Parameter(node.arg, value, self.annotation(node.annotation), star)

    # Targets

    def target(self, node: ast.expr) -> ir.Expr:
        match node:
            case ast.Name():
                return self.bind(node, node.id)
            case ast.Tuple() | ast.List():
                items = tuple(self.target(e) for e in node.elts)
                return self.at(ir.Display, node, "tuple", items)
            case ast.Starred():
                return self.at(ir.Starred, node, self.target(node.value))
        return self.expr(node)

    # Expressions

    def expr(self, node: ast.AST) -> ir.Expr:
        handler = self.of[type(node)]
        return handler(self, node) if handler else self.at(ir.Operation, node, "opaque", ())

    def exprs(self, nodes: Iterable[ast.AST]) -> tuple[ir.Expr, ...]:
        return tuple([self.expr(node) for node in nodes])

    def of_Name(self, node: ast.Name) -> ir.Expr:
        self.mentions.add(node.id)
        return self.at(ir.Name, node, self.renamed.get(node.id, node.id))

    def of_Constant(self, node: ast.Constant) -> ir.Expr:
        return self.at(ir.Constant, node, node.value)

    def of_JoinedStr(self, node: ast.JoinedStr) -> ir.Expr:
        shown, before = [], ""
        for part in node.values:
            match part:
                case ast.Constant(value=str(text)):
                    before = text
                case ast.FormattedValue(value=value):
                    spelled = before.rstrip().endswith("=") and _ends_so(before, value)
                    shown.append(self.shown(value, spelled=spelled))
                    before = ""
        return self.at(ir.Operation, node, "opaque", tuple(shown))

    of_TemplateStr = of_JoinedStr

    def shown(self, node: ast.expr, *, spelled: bool) -> ir.Expr:
        with self.consumption.shown(spelled=spelled):
            value = self.expr(node)
            self.consumption.use_up(value)
        return value

    def of_Attribute(self, node: ast.Attribute) -> ir.Expr:
        base = self.expr(node.value)
        self.consumption.attribute(base, node.attr)
        return self.attribute(node, base, node.attr)

    def attribute(self, node: ast.expr, base: ir.Expr, name: str) -> ir.Expr:
        self.mentions.add(f".{name}")
        made = self.at(ir.Attribute, node, base, name)
        if name == "data":
            self.mentions.add(ir.read_of(made))
            if isinstance(base, ir.Name):
                self.mentions.add(ir.data_of(base.id))
        return made

    def of_Subscript(self, node: ast.Subscript) -> ir.Expr:
        base = self.expr(node.value)
        return self.at(ir.Subscript, node, base, self.expr(node.slice))

    def of_Slice(self, node: ast.Slice) -> ir.Expr:
        parts = [p for p in (node.lower, node.upper, node.step) if p]
        return self.at(ir.Slice, node, self.exprs(parts))

    def of_Starred(self, node: ast.Starred) -> ir.Expr:
        return self.at(ir.Starred, node, self.expr(node.value))

    def of_Call(self, node: ast.Call) -> ir.Expr:
        callee = self.expr(node.func)
        arguments = (*map(self.argument, node.args), *map(self.keyword, node.keywords))
        match callee, arguments:
            case (
                ir.Name(id="getattr"),
                [ir.Argument() as base, ir.Argument(value=ir.Constant(value=str(name))), *_],
            ):
                return self.attribute(node, base.value, name)
        self.consumption.call(callee, [argument.value for argument in arguments])
        return self.at(ir.Call, node, callee, arguments)

    def argument(self, node: ast.expr) -> ir.Argument:
        if isinstance(node, ast.Starred):
            return ir.Argument(self.expr(node.value), None, "*")
        return ir.Argument(self.expr(node))

    def keyword(self, node: ast.keyword) -> ir.Argument:
        return ir.Argument(self.expr(node.value), node.arg, "" if node.arg else "**")

    def of_BinOp(self, node: ast.BinOp) -> ir.Expr:
        name = _OPERATORS[type(node.op)]
        return self.at(ir.Operation, node, name, (self.expr(node.left), self.expr(node.right)))

    def of_UnaryOp(self, node: ast.UnaryOp) -> ir.Expr:
        inner = self.expr(node.operand)
        name = _OPERATORS[type(node.op)]
        if (
            name == "neg"
            and isinstance(inner, ir.Constant)
            and isinstance(inner.value, int | float)
        ):
            return self.at(ir.Constant, node, -inner.value)
        return self.at(ir.Operation, node, name, (inner,))

    def of_Compare(self, node: ast.Compare) -> ir.Expr:
        result = left = self.expr(node.left)
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.expr(comparator)
            self.consumption.use_up(left, right)
            name = _OPERATORS.get(type(operator), "opaque")
            result = self.at(ir.Operation, node, name, (left, right))
            left = right
        return result

    def of_BoolOp(self, node: ast.BoolOp) -> ir.Expr:
        return self.at(ir.Choice, node, None, self.exprs(node.values))

    def of_IfExp(self, node: ast.IfExp) -> ir.Expr:
        test = self.expr(node.test)
        return self.at(ir.Choice, node, test, (self.expr(node.body), self.expr(node.orelse)))

    def display(self, node: ast.Tuple | ast.List | ast.Set) -> ir.Expr:
        return self.at(ir.Display, node, type(node).__name__.lower(), self.exprs(node.elts))

    of_Tuple = of_List = of_Set = display

    def of_Dict(self, node: ast.Dict) -> ir.Expr:
        keys = tuple([key and self.expr(key) for key in node.keys])
        return self.at(ir.Display, node, "dict", self.exprs(node.values), keys)

    def of_Lambda(self, node: ast.Lambda) -> ir.Expr:
        outer, self.mentions = self.mentions, set()
        function = self.function(node, "<lambda>", ())
        self.define(function, lambda: (self.at(ir.Jump, node, "return", self.expr(node.body)),))
        outer |= self.mentions
        self.mentions = outer
        return function

    def of_NamedExpr(self, node: ast.NamedExpr) -> ir.Expr:
        value = self.expr(node.value)
        target = self.target(node.target)
        body = (self.at(ir.Assign, node, target, value),)
        return self.at(ir.Let, node, body, self.expr(node.target))

    def of_Await(self, node: ast.Await) -> ir.Expr:
        return self.expr(node.value)

    def of_Yield(self, node: ast.Yield) -> ir.Expr:
        self.yields = True
        return self.at(ir.Yield, node, node.value and self.expr(node.value))

    def of_YieldFrom(self, node: ast.YieldFrom) -> ir.Expr:
        self.yields = True
        inner = self.expr(node.value)
        every = self.at(ir.Constant, node, None)
        return self.at(ir.Yield, node, self.at(ir.Subscript, node, inner, every))

    # Comprehensions: an accumulator, loops, and a call of its append

    def comprehension(self, node: Any) -> ir.Expr:
        kind = {"ListComp": "list", "GeneratorExp": "list", "SetComp": "set"}.get(
            type(node).__name__, "dict"
        )
        outer = dict(self.renamed)
        held = self.hidden(node)
        empty = self.at(ir.Assign, node, held, self.at(ir.Display, node, kind, ()))
        loops = self.generators(node.generators, lambda: self.collect(node, held))
        self.renamed = outer
        return self.at(ir.Let, node, (empty, *loops), self.again(held))

    of_ListComp = of_SetComp = of_GeneratorExp = of_DictComp = comprehension

    def generators(
        self, clauses: Sequence[ast.comprehension], inner: Callable[[], ir.Block]
    ) -> ir.Block:
        clause, *others = clauses
        iterable = self.expr(clause.iter)
        for name in names(clause.target):
            self.renamed[name] = f"%{self.serial}.{name}"
        target = self.target(clause.target)
        tests = self.exprs(clause.ifs)
        body = self.generators(others, inner) if others else inner()
        for test in reversed(tests):
            body = (self.at(ir.If, clause, test, body, ()),)
        return (self.at(ir.Loop, clause, target, iterable, None, body, ()),)

    def collect(self, node: Any, held: ir.Name) -> ir.Block:
        if isinstance(node, ast.DictComp):
            key, value = self.expr(node.key), self.expr(node.value)
            place = self.at(ir.Subscript, node, self.again(held), key)
            return (self.at(ir.Assign, node, place, value),)
        add = self.at(ir.Attribute, node, self.again(held), "append")
        call = self.at(ir.Call, node, add, (ir.Argument(self.expr(node.elt)),))
        return (self.at(ir.Evaluate, node, call),)


def operator(node: ast.operator) -> str:
    """What an operator between two operands is called."""
    return _OPERATORS[type(node)]


def names(target: ast.expr) -> list[str]:
    match target:
        case ast.Name():
            return [target.id]
        case ast.Tuple() | ast.List():
            return [n for e in target.elts for n in names(e)]
        case ast.Starred():
            return names(target.value)
    return []


def _ends_so(before: str, value: ast.expr) -> bool:
    """Whether the text before a value of an f-string is its source: it was written `{x.data=}`."""
    return _bare(before.rstrip()[:-1]).endswith(_bare(ast.unparse(value)))


def _bare(text: str) -> str:
    """Without what `ast.unparse` may write in another way."""
    return re.sub(r"[\s()'\"]", "", text)
