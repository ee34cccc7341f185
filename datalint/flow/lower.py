"""Syntax tree to IR: statements, and the names each function binds.

`x += v` becomes an assignment of the operation `iadd`, `match` a chain of branches, an import an
assignment, `async` nothing at all. `expressions` has the other half.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.expressions import Expressions, names, operator
from datalint.source.guard import parse, parse_definition
from datalint.source.text import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set

    from datalint.source.code import Code

    Definition = ast.FunctionDef | ast.AsyncFunctionDef


def lower(code: Code, serial: int = 0) -> ir.Module:
    """The IR of a whole file; its nodes are numbered from `serial`."""
    return Statements(code, serial).module(code.tree)


def lower_definitions(code: Code, serial: int = 0) -> ir.Module:
    """The IR of a file whose functions wait until somebody asks for their bodies.

    The tree of the file is not kept. Nodes have the numbers that they have in the whole file.
    """
    return Definitions(code, serial).module(parse(code.text))


class Statements(Expressions):
    """Lowers statements; one instance a file, so that serial numbers follow the source."""

    def module(self, module: ast.Module) -> ir.Module:
        body, bound = self.scope(lambda: self.block(module.body))
        self.consumption.settle(self.ever_bound)
        return ir.Module(
            body,
            tuple(self.functions),
            tuple(self.classes),
            tuple(self.stars),
            self.imports,
            bound,
            frozenset(self.mentions),
            {name: frozenset(mentions) for name, mentions in self.holds.items()},
            self.code,
        )

    #: Whether this is in the body of a function whose numbers begin with its row.
    within = False

    def block(self, statements: Iterable[ast.stmt]) -> ir.Block:
        return tuple([lowered for s in statements for lowered in self.statement(s)])

    def statement(self, node: ast.stmt) -> Sequence[ir.Statement]:
        handler = self.do[type(node)]
        return handler(self, node) if handler else ()  # pass, type aliases

    # Simple statements

    def do_Expr(self, node: ast.Expr) -> Sequence[ir.Statement]:
        return (self.at(ir.Evaluate, node, self.expr(node.value)),)

    def do_Assign(self, node: ast.Assign) -> Sequence[ir.Statement]:
        targets = node.targets
        value = self.held(node.value, targets)
        if len(targets) == 1:
            return (self.assign(node, targets[0], value),)
        name = self.hidden(node)
        first = self.at(ir.Assign, node, name, value)
        return (first, *(self.assign(node, t, self.again(name)) for t in targets))

    def held(self, value: ast.expr, targets: Iterable[ast.expr]) -> ir.Expr:
        """A value, of which is remembered what it mentions."""
        outer, self.mentions = self.mentions, set()
        lowered = self.expr(value)
        held = frozenset(self.mentions)
        outer |= held
        self.mentions = outer
        for target in targets:
            self.hold(target, value, held)
        return lowered

    def hold(self, target: ast.expr, value: ast.expr, mentions: frozenset[str]) -> None:
        """Remember what may be behind an attribute, or a name of the top level."""
        name = ""
        if isinstance(target, ast.Attribute):
            name = f".{target.attr}"
        elif isinstance(target, ast.Name) and self.depth == 1:
            name = target.id
        if name:
            called = _only_called(value)
            made = map(ir.made_by, called & mentions)
            self.holds.setdefault(name, set()).update(mentions - called, made)

    def assign(
        self, node: ast.AST, target: ast.expr, value: ir.Expr, annotation: str = ""
    ) -> ir.Statement:
        return self.at(ir.Assign, node, self.target(target), value, annotation)

    def do_AnnAssign(self, node: ast.AnnAssign) -> Sequence[ir.Statement]:
        if node.value is None:
            self.target(node.target)
            return ()
        note = self.annotation(node.annotation)
        value = self.held(node.value, [node.target])
        return (self.assign(node, node.target, value, note),)

    def do_AugAssign(self, node: ast.AugAssign) -> Sequence[ir.Statement]:
        name = f"i{operator(node.op)}"
        operands = (self.expr(node.target), self.expr(node.value))
        operation = self.at(ir.Operation, node, name, operands, True)
        return (self.assign(node, node.target, operation),)

    def do_Return(self, node: ast.Return) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "return", node.value and self.expr(node.value)),)

    def do_Raise(self, node: ast.Raise) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "raise", node.exc and self.expr(node.exc)),)

    def do_Break(self, node: ast.Break) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "break"),)

    def do_Continue(self, node: ast.Continue) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "continue"),)

    def do_Delete(self, node: ast.Delete) -> Sequence[ir.Statement]:
        return tuple(self.at(ir.Delete, node, self.target(t)) for t in node.targets)

    def do_Assert(self, node: ast.Assert) -> Sequence[ir.Statement]:
        return (self.at(ir.Evaluate, node, self.expr(node.test)),)

    def do_Global(self, node: ast.Global | ast.Nonlocal) -> Sequence[ir.Statement]:
        self.not_local.update(node.names)
        return ()

    do_Nonlocal = do_Global

    # Imports

    def do_Import(self, node: ast.Import) -> Sequence[ir.Statement]:
        return tuple(self.imported(alias, "") for alias in node.names)

    def do_ImportFrom(self, node: ast.ImportFrom) -> Sequence[ir.Statement]:
        source = "." * node.level + (node.module or "")
        if node.names[0].name == "*":
            self.stars.append(source)
            return ()
        prefix = source if source.endswith(".") else source + "."
        return tuple(self.imported(alias, prefix) for alias in node.names)

    def imported(self, alias: ast.alias, prefix: str) -> ir.Statement:
        dotted = alias.name
        if alias.asname:
            bound, qualified = alias.asname, prefix + dotted
        else:  # `import a.b` binds a
            bound = dotted if prefix else dotted.partition(".")[0]
            qualified = prefix + bound
        self.imports.setdefault(bound, set()).add(qualified)
        value = self.at(ir.Imported, alias, qualified)
        return self.at(ir.Assign, alias, self.bind(alias, bound), value)

    # Compound statements

    def do_If(self, node: ast.If) -> Sequence[ir.Statement]:
        otherwise = self.block(node.orelse)
        test, then = self.expr(node.test), self.block(node.body)
        return (self.at(ir.If, node, test, then, otherwise),)

    def do_For(self, node: ast.For | ast.AsyncFor) -> Sequence[ir.Statement]:
        iterable, target = self.expr(node.iter), self.target(node.target)
        self.looped.update(names(node.target))
        body, otherwise = self.block(node.body), self.block(node.orelse)
        return (self.at(ir.Loop, node, target, iterable, None, body, otherwise),)

    do_AsyncFor = do_For

    def do_While(self, node: ast.While) -> Sequence[ir.Statement]:
        test, body = self.expr(node.test), self.block(node.body)
        return (self.at(ir.Loop, node, None, None, test, body, self.block(node.orelse)),)

    def do_With(self, node: ast.With | ast.AsyncWith) -> Sequence[ir.Statement]:
        opened = [
            (
                item,
                self.expr(item.context_expr),
                item.optional_vars and self.target(item.optional_vars),
            )
            for item in node.items
        ]
        body = self.block(node.body)
        for item, context, target in reversed(opened):
            body = (self.at(ir.With, item, context, target, body),)
        return body

    do_AsyncWith = do_With

    def do_Try(self, node: ast.Try) -> Sequence[ir.Statement]:
        body = self.block(node.body)
        handlers = tuple(self.handler(h) for h in node.handlers)
        otherwise, final = self.block(node.orelse), self.block(node.finalbody)
        return (self.at(ir.Try, node, body, handlers, otherwise, final),)

    do_TryStar = do_Try

    def handler(self, node: ast.ExceptHandler) -> ir.Handler:
        name = self.bind(node, node.name) if node.name else None
        return ir.Handler(name, self.block(node.body))

    def do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ir.Statement]:
        outer, self.mentions = self.mentions, set()
        decorators = self.exprs(node.decorator_list)
        function = self.function(node, node.name, decorators)
        self.fill(function, node)
        outer |= self.mentions
        self.mentions = outer
        return [self.at(ir.Assign, node, self.bind(node, node.name), function)]

    do_AsyncFunctionDef = do_FunctionDef

    def fill(self, function: ir.Function, node: Definition) -> None:
        """Say what its body is; numbers of those in no other function go by their rows.

        So the numbers in it do not depend on what was lowered before.
        """
        if self.within:
            self.define(function, lambda: self.block(node.body))
            return
        after = max(self.serial, self.number(node.end_lineno or 0) + ir.ROW_SERIALS // 2)
        self.serial, self.within = self.number(node.lineno), True
        self.define(function, lambda: self.block(node.body))
        self.serial, self.within = after, False

    def number(self, row: int) -> int:
        """The serial number with which a row begins."""
        return self.first + row * ir.ROW_SERIALS

    def do_ClassDef(self, node: ast.ClassDef) -> Sequence[ir.Statement]:
        bases, decorators = self.exprs(node.bases), self.exprs(node.decorator_list)
        defined = self.at(ir.Class, node, node.name, bases, decorators, ())
        self.classes.append(defined)
        defined.fields = tuple(_annotated(node.body))
        defined.body, _ = self.scope(lambda: self.block(node.body))
        for statement in defined.body:
            if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Function):
                defined.methods[statement.value.name] = statement.value
        return (self.at(ir.Assign, node, self.bind(node, node.name), defined),)

    # match: the subject is held, every case is a branch, every capture an assignment

    def do_Match(self, node: ast.Match) -> Sequence[ir.Statement]:
        held = self.hidden(node)
        first = self.at(ir.Assign, node, held, self.expr(node.subject))
        otherwise: ir.Block = ()
        captured = [self.captures(case.pattern, self.again(held)) for case in node.cases]
        lowered = [
            (case, bound, case.guard and self.expr(case.guard), self.block(case.body))
            for case, bound in zip(node.cases, captured, strict=True)
        ]
        for case, bound, guard, body in reversed(lowered):
            test = guard or self.at(ir.Operation, case, "opaque", ())
            branch = self.at(ir.If, case, test, body, ())
            matched = self.at(ir.Operation, case, "opaque", ())
            otherwise = (self.at(ir.If, case, matched, (*bound, branch), otherwise),)
        return (first, *otherwise)

    def captures(self, pattern: ast.pattern, subject: ir.Expr) -> list[ir.Statement]:
        """The assignments that a pattern makes; what is inside comes out of the subject."""
        match pattern:
            case ast.MatchAs(pattern=inside, name=name):
                inner = self.captures(inside, subject) if inside else []
                return inner + self.captured(pattern, name, subject)
            case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
                inner = [
                    s
                    for key, p in zip(keys, patterns, strict=True)
                    for s in self.captures(p, self.at(ir.Subscript, p, subject, self.expr(key)))
                ]
                return inner + self.captured(pattern, rest, subject)
            case ast.MatchStar(name=name):
                return self.captured(pattern, name, subject)
            case ast.MatchSequence():
                return self.sequence(pattern, subject)
            case ast.MatchClass():
                return self.fields(pattern, subject)
            case ast.MatchOr(patterns=patterns):
                return [s for p in patterns for s in self.captures(p, subject)]
        return []

    def captured(
        self, pattern: ast.pattern, name: str | None, value: ir.Expr
    ) -> list[ir.Statement]:
        return [self.at(ir.Assign, pattern, self.bind(pattern, name), value)] if name else []

    def sequence(self, pattern: ast.MatchSequence, subject: ir.Expr) -> list[ir.Statement]:
        out: list[ir.Statement] = []
        for index, element in enumerate(pattern.patterns):
            if isinstance(element, ast.MatchStar):
                if element.name:
                    some = self.at(ir.Subscript, element, subject, self.at(ir.Slice, element, ()))
                    out += self.captured(element, element.name, some)
                continue
            position = self.at(ir.Constant, element, index)
            item = self.at(ir.Subscript, element, subject, position)
            out += self.captures(element, item)
        return out

    def fields(self, pattern: ast.MatchClass, subject: ir.Expr) -> list[ir.Statement]:
        out = [s for p in pattern.patterns for s in self.captures(p, subject)]
        for name, inside in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            field = self.at(ir.Attribute, inside, subject, name)
            out += self.captures(inside, field)
        return out


class Definitions(Statements):
    """Lowers what is in no function; the rest when it is asked for, from the text."""

    def __init__(self, code: Code, first: int) -> None:
        super().__init__(code, first)
        self.starts = [*Rows(code.text).starts(), len(code.text)]

    def fill(self, function: ir.Function, node: Definition) -> None:
        row, end = node.lineno, node.end_lineno or node.lineno
        self.functions.append(function)
        self.serial = max(self.serial, self.number(end) + ir.ROW_SERIALS // 2)
        function.nested = self.depth > 1
        place = slice(self.starts[row - 1], self.starts[end])
        function.generator = "yield" in self.code.text[place]  # it may be, or not
        above = self.first, self.depth, frozenset(self.mentions)
        function.wait(lambda waiting: _fill(waiting, *above, row, place))
        node.body = []  # the function remembers its node


def _fill(
    function: ir.Function, first: int, depth: int, mentions: Set[str], row: int, place: slice
) -> None:
    """Lower a body from its place in the text, `mentions` being those of what is above it."""
    lowering = Statements(function.code, first)
    lowering.depth = depth
    lowering.mentions |= mentions
    try:
        lowering.fill(function, parse_definition(function.code.text[place], row))
    except RecursionError:  # it is unknown what it does
        function.body = ()
        function.locals = function.kept = function.mentions = frozenset()
        function.generator = function.encloses = False


def _annotated(body: Iterable[ast.stmt]) -> Iterable[str]:
    """The names a class body annotates, in order: the fields of a dataclass."""
    for statement in body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id


def _only_called(value: ast.expr) -> set[str]:
    """The names in an expression that are called, and nothing else is done with."""
    if isinstance(value, ast.Name | ast.Constant):
        return set()
    nodes = list(ast.walk(value))
    callees = {n.func for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    others = {n.id for n in nodes if isinstance(n, ast.Name) and n not in callees}
    return {n.id for n in callees} - others
