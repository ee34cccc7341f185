"""libcst to IR: expressions, comprehensions, targets and scopes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, TypeVar

import libcst as cst

from datalint.flow import ir
from datalint.flow.consumed import Consumption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
N = TypeVar("N", bound=ir.Node)

_OPERATORS = {
    "Add": "add", "Subtract": "sub", "Multiply": "mul", "Divide": "truediv",
    "FloorDivide": "floordiv", "Modulo": "mod", "Power": "pow", "MatrixMultiply": "matmul",
    "BitAnd": "and", "BitOr": "or", "BitXor": "xor", "LeftShift": "lshift", "RightShift": "rshift",
    "Equal": "eq", "NotEqual": "ne", "LessThan": "lt", "LessThanEqual": "le",
    "GreaterThan": "gt", "GreaterThanEqual": "ge",
    "Minus": "neg", "Plus": "pos", "BitInvert": "invert", "Not": "not", "Is": "is",
    "IsNot": "is not",
}  # fmt: skip
AUGMENTED: dict[type[cst.BaseAugOp], str] = {
    getattr(cst, f"{name}Assign"): f"i{operator}"
    for name, operator in _OPERATORS.items()
    if hasattr(cst, f"{name}Assign")
}


class Expressions:
    """Lowers expressions and keeps what a file's lowering accumulates."""

    def __init__(self, path: str, serial: int) -> None:
        self.path = path
        self.first = self.serial = serial
        self.functions: list[ir.Function] = []
        self.classes: list[ir.Class] = []
        self.stars: list[str] = []
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

    def at(self, kind: Callable[..., N], origin: cst.CSTNode, *fields: object) -> N:
        """A node of this kind, numbered."""
        self.serial += 1
        return kind(self.serial, origin, *fields)

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

    def bind(self, origin: cst.CSTNode, name: str) -> ir.Name:
        name = self.renamed.get(name, name)
        self.bound.add(name)
        self.ever_bound.add(name)
        return self.at(ir.Name, origin, name)

    def hidden(self, origin: cst.CSTNode) -> ir.Name:
        """A name no source can spell."""
        return self.bind(origin, f"%{self.serial}")

    def again(self, name: ir.Name) -> ir.Name:
        return self.at(ir.Name, name.origin, name.id)

    def dotted(self, node: cst.CSTNode) -> str:
        match node:
            case cst.Attribute():
                return f"{self.dotted(node.value)}.{node.attr.value}"
            case cst.Name():
                return node.value
        return "?"

    def annotation(self, node: cst.Annotation | None) -> str:
        """`torch.Tensor`, `"Tensor"`, `Tensor | None`: as the words it is made of."""
        if node is None:
            return ""
        words: list[str] = []
        todo: list[cst.CSTNode] = [node.annotation]
        while todo:
            here = todo.pop()
            if isinstance(here, cst.Name | cst.SimpleString):
                words.append(here.value.strip("\"'"))
            todo.extend(here.children)
        return " ".join(words)

    def function(
        self,
        node: cst.FunctionDef | cst.Lambda,
        name: str,
        params: cst.Parameters,
        decorators: tuple[ir.Expr, ...],
    ) -> ir.Function:
        parameters = tuple(self.parameters(params))
        return self.at(ir.Function, node, name, parameters, decorators)

    def define(self, function: ir.Function, lower: Callable[[], ir.Block]) -> None:
        """Fill in the body; it is listed before the functions inside it."""
        self.functions.append(function)
        function.nested = self.depth > 1
        before = len(self.functions)

        def body() -> None:
            self.bound.update(p.name for p in function.parameters)
            self.ever_bound |= self.bound
            function.body = lower()
            function.generator = self.yields
            function.loop_targets = frozenset(self.looped)

        _, function.locals = self.scope(body)
        function.mentions = frozenset(self.mentions)
        function.encloses = len(self.functions) > before

    def parameters(self, node: cst.Parameters) -> list[ir.Parameter]:
        plain = [*node.posonly_params, *node.params]
        out = [self.parameter(p) for p in plain]
        if isinstance(node.star_arg, cst.Param):
            out.append(self.parameter(node.star_arg, "*"))
        elif node.kwonly_params:
            out.append(ir.Parameter("%", star="*"))
        out += [self.parameter(p) for p in node.kwonly_params]
        if node.star_kwarg:
            out.append(self.parameter(node.star_kwarg, "**"))
        return out

    def parameter(self, node: cst.Param, star: Any = "") -> ir.Parameter:
        default = self.expr(node.default) if node.default else None
        return ir.Parameter(node.name.value, default, self.annotation(node.annotation), star)

    # Targets

    def target(self, node: cst.BaseExpression) -> ir.Expr:
        match node:
            case cst.Name():
                return self.bind(node, node.value)
            case cst.Tuple() | cst.List():
                items = [self.element_target(e) for e in node.elements]
                return self.at(ir.Display, node, "tuple", tuple(items))
        return self.expr(node)

    def element_target(self, element: cst.BaseElement) -> ir.Expr:
        inner = self.target(element.value)
        if isinstance(element, cst.StarredElement):
            return self.at(ir.Starred, element, inner)
        return inner

    # Expressions

    def expr(self, node: cst.CSTNode) -> ir.Expr:
        handler: Callable[[cst.CSTNode], ir.Expr] | None
        handler = getattr(self, f"of_{type(node).__name__}", None)
        return handler(node) if handler else self.opaque(node, ())

    def opaque(self, node: cst.CSTNode, operands: Sequence[cst.CSTNode]) -> ir.Expr:
        return self.at(ir.Operation, node, "opaque", tuple(self.expr(o) for o in operands))

    def of_Name(self, node: cst.Name) -> ir.Expr:
        constants = {"True": True, "False": False, "None": None}
        if node.value in constants:
            return self.at(ir.Constant, node, constants[node.value])
        self.mentions.add(node.value)
        return self.at(ir.Name, node, self.renamed.get(node.value, node.value))

    def literal(self, node: cst.Integer | cst.Float | cst.Imaginary | cst.SimpleString) -> ir.Expr:
        try:
            value = ast.literal_eval(node.value)
        except (ValueError, SyntaxError):  # an integer of more digits than Python converts
            value = 0
        return self.at(ir.Constant, node, value)

    of_Integer = of_Float = of_Imaginary = of_SimpleString = literal

    def of_ConcatenatedString(self, node: cst.ConcatenatedString) -> ir.Expr:
        left, right = self.expr(node.left), self.expr(node.right)
        match left, right:
            case ir.Constant(value=str(a)), ir.Constant(value=str(b)):
                return self.at(ir.Constant, node, a + b)
        return self.at(ir.Operation, node, "opaque", (left, right))

    def of_FormattedString(self, node: cst.FormattedString) -> ir.Expr:
        parts = [p for p in node.parts if isinstance(p, cst.FormattedStringExpression)]
        return self.at(ir.Operation, node, "opaque", tuple(map(self.shown, parts)))

    def shown(self, part: cst.FormattedStringExpression) -> ir.Expr:
        with self.consumption.shown(spelled=part.equal is not None):
            value = self.expr(part.expression)
            self.consumption.use_up(value)
        return value

    def of_Ellipsis(self, node: cst.Ellipsis) -> ir.Expr:
        return self.at(ir.Constant, node, ...)

    def of_Attribute(self, node: cst.Attribute) -> ir.Expr:
        base = self.expr(node.value)
        self.mentions.add(f".{node.attr.value}")
        self.consumption.attribute(base, node.attr.value)
        return self.at(ir.Attribute, node, base, node.attr.value)

    def of_Subscript(self, node: cst.Subscript) -> ir.Expr:
        base = self.expr(node.value)
        parts = [self.expr(e.slice) for e in node.slice]
        single = len(parts) == 1 and node.slice[0].comma.__class__ is not cst.Comma
        index = parts[0] if single else self.at(ir.Display, node, "tuple", tuple(parts))
        return self.at(ir.Subscript, node, base, index)

    def of_Index(self, node: cst.Index) -> ir.Expr:
        inner = self.expr(node.value)
        return self.at(ir.Starred, node, inner) if node.star else inner

    def of_Slice(self, node: cst.Slice) -> ir.Expr:
        parts = [p for p in (node.lower, node.upper, node.step) if p]
        return self.at(ir.Slice, node, tuple(self.expr(p) for p in parts))

    def of_Call(self, node: cst.Call) -> ir.Expr:
        callee = self.expr(node.func)
        arguments = tuple(
            ir.Argument(self.expr(a.value), a.keyword.value if a.keyword else None, a.star)
            for a in node.args
        )
        match callee, arguments:
            case (
                ir.Name(id="getattr"),
                [ir.Argument() as base, ir.Argument(value=ir.Constant(value=str(name))), *_],
            ):
                self.mentions.add(f".{name}")
                return self.at(ir.Attribute, node, base.value, name)
        self.consumption.call(callee, [argument.value for argument in arguments])
        return self.at(ir.Call, node, callee, arguments)

    def of_BinaryOperation(self, node: cst.BinaryOperation) -> ir.Expr:
        name = _OPERATORS[type(node.operator).__name__]
        return self.at(ir.Operation, node, name, (self.expr(node.left), self.expr(node.right)))

    def of_UnaryOperation(self, node: cst.UnaryOperation) -> ir.Expr:
        inner = self.expr(node.expression)
        name = _OPERATORS.get(type(node.operator).__name__, "opaque")
        if (
            name == "neg"
            and isinstance(inner, ir.Constant)
            and isinstance(inner.value, int | float)
        ):
            return self.at(ir.Constant, node, -inner.value)
        return self.at(ir.Operation, node, name, (inner,))

    def of_Comparison(self, node: cst.Comparison) -> ir.Expr:
        result = left = self.expr(node.left)
        for part in node.comparisons:
            right = self.expr(part.comparator)
            self.consumption.use_up(left, right)
            name = _OPERATORS.get(type(part.operator).__name__, "opaque")
            result = self.at(ir.Operation, node, name, (left, right))
            left = right
        return result

    def of_BooleanOperation(self, node: cst.BooleanOperation) -> ir.Expr:
        return self.at(ir.Choice, node, None, (self.expr(node.left), self.expr(node.right)))

    def of_IfExp(self, node: cst.IfExp) -> ir.Expr:
        test = self.expr(node.test)
        return self.at(ir.Choice, node, test, (self.expr(node.body), self.expr(node.orelse)))

    def display(self, node: cst.Tuple | cst.List | cst.Set) -> ir.Expr:
        items = tuple(
            self.at(ir.Starred, e, self.expr(e.value))
            if isinstance(e, cst.StarredElement)
            else self.expr(e.value)
            for e in node.elements
        )
        return self.at(ir.Display, node, type(node).__name__.lower(), items)

    of_Tuple = of_List = of_Set = display

    def of_Dict(self, node: cst.Dict) -> ir.Expr:
        keys = tuple(
            self.expr(e.key) if isinstance(e, cst.DictElement) else None for e in node.elements
        )
        items = tuple(self.expr(e.value) for e in node.elements)
        return self.at(ir.Display, node, "dict", items, keys)

    def of_Lambda(self, node: cst.Lambda) -> ir.Expr:
        outer, self.mentions = self.mentions, set()
        function = self.function(node, "<lambda>", node.params, ())
        self.define(function, lambda: (self.at(ir.Jump, node, "return", self.expr(node.body)),))
        outer |= self.mentions
        self.mentions = outer
        return function

    def of_NamedExpr(self, node: cst.NamedExpr) -> ir.Expr:
        value = self.expr(node.value)
        target = self.target(node.target)
        body = (self.at(ir.Assign, node, target, value),)
        return self.at(ir.Let, node, body, self.expr(node.target))

    def of_Await(self, node: cst.Await) -> ir.Expr:
        return self.expr(node.expression)

    def of_Yield(self, node: cst.Yield) -> ir.Expr:
        self.yields = True
        value = node.value
        if isinstance(value, cst.From):
            inner = self.expr(value.item)
            every = self.at(ir.Constant, node, None)
            return self.at(ir.Yield, node, self.at(ir.Subscript, node, inner, every))
        return self.at(ir.Yield, node, value and self.expr(value))

    # Comprehensions: an accumulator, loops, and a call of its append

    def comprehension(self, node: Any) -> ir.Expr:
        kind = {"ListComp": "list", "GeneratorExp": "list", "SetComp": "set"}.get(
            type(node).__name__, "dict"
        )
        outer = dict(self.renamed)
        held = self.hidden(node)
        empty = self.at(ir.Assign, node, held, self.at(ir.Display, node, kind, ()))
        loops = self.generators(node.for_in, lambda: self.collect(node, held))
        self.renamed = outer
        return self.at(ir.Let, node, (empty, *loops), self.again(held))

    of_ListComp = of_SetComp = of_GeneratorExp = of_DictComp = comprehension

    def generators(self, clause: cst.CompFor, inner: Callable[[], ir.Block]) -> ir.Block:
        iterable = self.expr(clause.iter)
        for name in names(clause.target):
            self.renamed[name] = f"%{self.serial}.{name}"
        target = self.target(clause.target)
        tests = [self.expr(i.test) for i in clause.ifs]
        nested = clause.inner_for_in
        body = self.generators(nested, inner) if nested else inner()
        for test in reversed(tests):
            body = (self.at(ir.If, clause, test, body, ()),)
        return (self.at(ir.Loop, clause, target, iterable, None, body, ()),)

    def collect(self, node: Any, held: ir.Name) -> ir.Block:
        if isinstance(node, cst.DictComp):
            key, value = self.expr(node.key), self.expr(node.value)
            place = self.at(ir.Subscript, node, self.again(held), key)
            return (self.at(ir.Assign, node, place, value),)
        add = self.at(ir.Attribute, node, self.again(held), "append")
        call = self.at(ir.Call, node, add, (ir.Argument(self.expr(node.elt)),))
        return (self.at(ir.Evaluate, node, call),)


def names(target: cst.BaseExpression) -> list[str]:
    match target:
        case cst.Name():
            return [target.value]
        case cst.Tuple() | cst.List():
            return [n for e in target.elements for n in names(e.value)]
    return []
