"""libcst to IR: statements, and the names each function binds.

`x += v` becomes an assignment of the operation `iadd`, `match` a chain of branches, an import an
assignment, `async` nothing at all. `expressions` has the other half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from datalint.flow import ir
from datalint.flow.expressions import AUGMENTED, Expressions, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def lower(module: cst.Module, path: str = "<string>", serial: int = 0) -> ir.Module:
    """The IR of a whole file; its nodes are numbered from `serial`."""
    return Statements(path, serial).module(module)


class Statements(Expressions):
    """Lowers statements; one instance a file, so that serial numbers follow the source."""

    def module(self, module: cst.Module) -> ir.Module:
        body, bound = self.scope(lambda: self.block(module.body))
        self.consumption.settle(self.ever_bound)
        return ir.Module(
            body,
            tuple(self.functions),
            tuple(self.classes),
            tuple(self.stars),
            bound,
            frozenset(self.mentions),
            {name: frozenset(mentions) for name, mentions in self.holds.items()},
            self.path,
            range(self.first, self.serial + 1),
        )

    def block(self, statements: Iterable[cst.CSTNode]) -> ir.Block:
        lowered: list[ir.Statement] = []
        for statement in statements:
            if isinstance(statement, cst.SimpleStatementLine):
                lowered += self.block(statement.body)
            else:
                lowered += self.statement(statement)
        return tuple(lowered)

    def suite(self, body: cst.BaseSuite | cst.Else | cst.Finally | None) -> ir.Block:
        if body is None:
            return ()
        if isinstance(body, cst.Else | cst.Finally):
            return self.suite(body.body)
        return self.block(body.body)

    def statement(self, node: cst.CSTNode) -> Sequence[ir.Statement]:
        handler: Callable[[cst.CSTNode], Sequence[ir.Statement]] | None
        handler = getattr(self, f"do_{type(node).__name__}", None)
        return handler(node) if handler else ()  # pass, type aliases

    # Simple statements

    def do_Expr(self, node: cst.Expr) -> Sequence[ir.Statement]:
        return (self.at(ir.Evaluate, node, self.expr(node.value)),)

    def do_Assign(self, node: cst.Assign) -> Sequence[ir.Statement]:
        targets = [t.target for t in node.targets]
        outer, self.mentions = self.mentions, set()
        value = self.expr(node.value)
        held = frozenset(self.mentions)
        outer |= held
        self.mentions = outer
        for target in targets:
            self.hold(target, held)
        if len(targets) == 1:
            return (self.assign(node, targets[0], value),)
        name = self.hidden(node)
        first = self.at(ir.Assign, node, name, value)
        return (first, *(self.assign(node, t, self.again(name)) for t in targets))

    def hold(self, target: cst.BaseExpression, mentions: frozenset[str]) -> None:
        """Remember what may be behind an attribute, or a name of the top level."""
        name = ""
        if isinstance(target, cst.Attribute):
            name = f".{target.attr.value}"
        elif isinstance(target, cst.Name) and self.depth == 1:
            name = target.value
        if name:
            self.holds.setdefault(name, set()).update(mentions)

    def assign(
        self, node: cst.CSTNode, target: cst.BaseExpression, value: ir.Expr, annotation: str = ""
    ) -> ir.Statement:
        return self.at(ir.Assign, node, self.target(target), value, annotation)

    def do_AnnAssign(self, node: cst.AnnAssign) -> Sequence[ir.Statement]:
        if node.value is None:
            self.target(node.target)
            return ()
        note = self.annotation(node.annotation)
        return (self.assign(node, node.target, self.expr(node.value), note),)

    def do_AugAssign(self, node: cst.AugAssign) -> Sequence[ir.Statement]:
        name = AUGMENTED[type(node.operator)]
        operands = (self.expr(node.target), self.expr(node.value))
        operation = self.at(ir.Operation, node, name, operands, True)
        return (self.assign(node, node.target, operation),)

    def do_Return(self, node: cst.Return) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "return", node.value and self.expr(node.value)),)

    def do_Raise(self, node: cst.Raise) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "raise", node.exc and self.expr(node.exc)),)

    def do_Break(self, node: cst.Break) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "break"),)

    def do_Continue(self, node: cst.Continue) -> Sequence[ir.Statement]:
        return (self.at(ir.Jump, node, "continue"),)

    def do_Del(self, node: cst.Del) -> Sequence[ir.Statement]:
        return (self.at(ir.Delete, node, self.target(node.target)),)

    def do_Assert(self, node: cst.Assert) -> Sequence[ir.Statement]:
        return (self.at(ir.Evaluate, node, self.expr(node.test)),)

    def do_Global(self, node: cst.Global) -> Sequence[ir.Statement]:
        self.not_local.update(n.name.value for n in node.names)
        return ()

    def do_Nonlocal(self, node: cst.Nonlocal) -> Sequence[ir.Statement]:
        self.not_local.update(n.name.value for n in node.names)
        return ()

    # Imports

    def do_Import(self, node: cst.Import) -> Sequence[ir.Statement]:
        return tuple(self.imported(alias, "") for alias in node.names)

    def do_ImportFrom(self, node: cst.ImportFrom) -> Sequence[ir.Statement]:
        source = "." * len(node.relative) + (self.dotted(node.module) if node.module else "")
        if isinstance(node.names, cst.ImportStar):
            self.stars.append(source)
            return ()
        prefix = source if source.endswith(".") else source + "."
        return tuple(self.imported(alias, prefix) for alias in node.names)

    def imported(self, alias: cst.ImportAlias, prefix: str) -> ir.Statement:
        dotted = self.dotted(alias.name)
        if alias.asname:
            bound, qualified = self.dotted(alias.asname.name), prefix + dotted
        else:  # `import a.b` binds a
            bound = dotted if prefix else dotted.partition(".")[0]
            qualified = prefix + bound
        value = self.at(ir.Imported, alias, qualified)
        return self.at(ir.Assign, alias, self.bind(alias, bound), value)

    # Compound statements

    def do_If(self, node: cst.If) -> Sequence[ir.Statement]:
        otherwise = (
            self.statement(node.orelse)
            if isinstance(node.orelse, cst.If)
            else self.suite(node.orelse)
        )
        test, then = self.expr(node.test), self.suite(node.body)
        return (self.at(ir.If, node, test, then, tuple(otherwise)),)

    def do_For(self, node: cst.For) -> Sequence[ir.Statement]:
        iterable, target = self.expr(node.iter), self.target(node.target)
        self.looped.update(names(node.target))
        body, otherwise = self.suite(node.body), self.suite(node.orelse)
        return (self.at(ir.Loop, node, target, iterable, None, body, otherwise),)

    def do_While(self, node: cst.While) -> Sequence[ir.Statement]:
        test, body = self.expr(node.test), self.suite(node.body)
        return (self.at(ir.Loop, node, None, None, test, body, self.suite(node.orelse)),)

    def do_With(self, node: cst.With) -> Sequence[ir.Statement]:
        opened = [
            (item, self.expr(item.item), item.asname and self.target(item.asname.name))
            for item in node.items
        ]
        body = self.suite(node.body)
        for item, context, target in reversed(opened):
            body = (self.at(ir.With, item, context, target, body),)
        return body

    def do_Try(self, node: cst.Try | cst.TryStar) -> Sequence[ir.Statement]:
        body = self.suite(node.body)
        handlers = tuple(
            ir.Handler(self.target(h.name.name) if h.name else None, self.suite(h.body))
            for h in node.handlers
        )
        otherwise, final = self.suite(node.orelse), self.suite(node.finalbody)
        return (self.at(ir.Try, node, body, handlers, otherwise, final),)

    do_TryStar = do_Try

    def do_FunctionDef(self, node: cst.FunctionDef) -> Sequence[ir.Statement]:
        outer, self.mentions = self.mentions, set()
        decorators = tuple(self.expr(d.decorator) for d in node.decorators)
        function = self.function(node, node.name.value, node.params, decorators)
        self.define(function, lambda: self.suite(node.body))
        outer |= self.mentions
        self.mentions = outer
        return (self.at(ir.Assign, node, self.bind(node.name, node.name.value), function),)

    def do_ClassDef(self, node: cst.ClassDef) -> Sequence[ir.Statement]:
        bases = tuple(self.expr(b.value) for b in node.bases)
        decorators = tuple(self.expr(d.decorator) for d in node.decorators)
        defined = self.at(ir.Class, node, node.name.value, bases, decorators, ())
        self.classes.append(defined)
        defined.fields = tuple(_annotated(node.body))
        defined.body, _ = self.scope(lambda: self.suite(node.body))
        for statement in defined.body:
            if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Function):
                defined.methods[statement.value.name] = statement.value
        return (self.at(ir.Assign, node, self.bind(node.name, node.name.value), defined),)

    # match: the subject is held, every case is a branch, every capture an assignment

    def do_Match(self, node: cst.Match) -> Sequence[ir.Statement]:
        held = self.hidden(node)
        first = self.at(ir.Assign, node, held, self.expr(node.subject))
        otherwise: ir.Block = ()
        cases = [(case, self.captures(case.pattern, self.again(held)), case) for case in node.cases]
        lowered = [
            (case, captured, case.guard and self.expr(case.guard), self.suite(case.body))
            for case, captured, _ in cases
        ]
        for case, captured, guard, body in reversed(lowered):
            test = guard or self.at(ir.Operation, case, "opaque", ())
            branch = self.at(ir.If, case, test, body, ())
            otherwise = (
                self.at(
                    ir.If,
                    case,
                    self.at(ir.Operation, case, "opaque", ()),
                    (*captured, branch),
                    otherwise,
                ),
            )
        return (first, *otherwise)

    def captures(self, pattern: cst.CSTNode, subject: ir.Expr) -> list[ir.Statement]:
        """The assignments that a pattern makes; what is inside comes out of the subject."""
        match pattern:
            case cst.MatchAs():
                inner = self.captures(pattern.pattern, subject) if pattern.pattern else []
                if pattern.name:
                    inner.append(self.assign(pattern, pattern.name, subject))
                return inner
            case cst.MatchMapping():
                inner = [
                    s
                    for e in pattern.elements
                    for s in self.captures(
                        e.pattern, self.at(ir.Subscript, e, subject, self.expr(e.key))
                    )
                ]
                rest = [self.assign(pattern, pattern.rest, subject)] if pattern.rest else []
                return inner + rest
            case cst.MatchStar():
                return [self.assign(pattern, pattern.name, subject)] if pattern.name else []
            case cst.MatchTuple() | cst.MatchList():
                return self.sequence(pattern, subject)
            case cst.MatchClass():
                return self.fields(pattern, subject)
        inside = [c for c in pattern.children if _is_pattern(c)]
        return [s for c in inside for s in self.captures(c, subject)]

    def sequence(
        self, pattern: cst.MatchTuple | cst.MatchList, subject: ir.Expr
    ) -> list[ir.Statement]:
        out: list[ir.Statement] = []
        for index, element in enumerate(pattern.patterns):
            if isinstance(element, cst.MatchStar):
                if element.name:
                    some = self.at(ir.Subscript, element, subject, self.at(ir.Slice, element, ()))
                    out.append(self.assign(element, element.name, some))
                continue
            position = self.at(ir.Constant, element, index)
            item = self.at(ir.Subscript, element, subject, position)
            out += self.captures(element.value, item)
        return out

    def fields(self, pattern: cst.MatchClass, subject: ir.Expr) -> list[ir.Statement]:
        out = [s for p in pattern.patterns for s in self.captures(p.value, subject)]
        for keyword in pattern.kwds:
            field = self.at(ir.Attribute, keyword, subject, keyword.key.value)
            out += self.captures(keyword.pattern, field)
        return out


def _annotated(body: cst.BaseSuite) -> Iterable[str]:
    """The names a class body annotates, in order: the fields of a dataclass."""
    for line in body.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name):
                yield statement.target.value


def _is_pattern(node: cst.CSTNode) -> bool:
    return type(node).__name__.startswith("Match")
