"""What one writes today for a harmless write through `.data` that is a statement of its own."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from datalint.finding import Edit, Span
from datalint.ops import facts
from datalint.rules.reads import fix_of

if TYPE_CHECKING:
    from datalint.finding import Fix
    from datalint.rules.reads import Read
    from datalint.rules.rewrite import Rewrite

#: The initialisers that draw or fill as the method does, and the keywords that both know.
_INITIALISERS = {
    "normal_": ("normal_", {"mean", "std"}),
    "uniform_": ("uniform_", set()),
    "zero_": ("zeros_", set()),
    "fill_": ("constant_", set()),
}
#: Names of functions that give parameters their first values.
_INITIALISES = re.compile("init|reset")
#: Methods that swap or resize the memory itself: a leaf that requires grad refuses them.
_MEMORY = {"set_", "resize_", "resize_as_", "share_memory_"}


def idiom(rewrite: Rewrite, read: Read) -> Fix | None:
    """The same values written without `.data`, where that is how one would write it."""
    own = read.around.own
    edits = read.dropped()
    target = _target(own)
    if edits is None:
        return None
    if target is None or not read.is_at(target):
        return _initialised(rewrite, read, edits)
    if not _changes_values_only(own):
        return None
    if _is_reset_of_grad(own, read):
        return fix_of(rewrite, edits, "Write without `.data`: `.grad` has no graph")
    if read.file.grad_mode(read.around) == "no_grad":
        return fix_of(rewrite, edits, "Write without `.data`: grad mode is off here")
    initialiser = _initialiser(rewrite, read)
    if initialiser or not rewrite.leaf or read.file.grad_mode(read.around):
        return initialiser
    return _wrapped(rewrite, read, edits)


def _target(statement: ast.stmt) -> ast.expr | None:
    """What a statement writes to in place: a tensor whose methods, operator or item it is."""
    if (calls := _chain(statement)) and isinstance(calls[-1].func, ast.Attribute):
        return calls[-1].func.value
    match statement:
        case ast.AugAssign(target=ast.Subscript(value=written)):
            return written
        case ast.AugAssign(target=written):
            return written
        case ast.Assign(targets=[ast.Subscript(value=written)]):
            return written
    return None


def _chain(statement: ast.stmt) -> list[ast.Call]:
    """The calls of methods, one on the other, that a statement consists of, the last one first."""
    calls = []
    link = statement.value if isinstance(statement, ast.Expr) else None
    while isinstance(link, ast.Call) and isinstance(link.func, ast.Attribute):
        calls.append(link)
        link = link.func.value
    return calls


def _changes_values_only(own: ast.stmt) -> bool:
    """Whether its methods leave shape, memory and flags alone: without `.data` they are `x`'s."""
    names = [call.func.attr for call in _chain(own) if isinstance(call.func, ast.Attribute)]
    operators = [facts.method(name) for name in names if name not in _MEMORY]
    return len(operators) == len(names) and all(o and not o.metadata_only for o in operators)


def _is_reset_of_grad(own: ast.stmt, read: Read) -> bool:
    """Whether it is `p.grad.data.zero_()`, in a file where no gradient has a graph."""
    match _chain(own):
        case [
            ast.Call(
                func=ast.Attribute(
                    attr="zero_", value=ast.Attribute(value=ast.Attribute(attr="grad"))
                )
            )
        ]:
            return not read.file.mentions("create_graph")
    return False


def _initialised(rewrite: Rewrite, read: Read, edits: list[Edit]) -> Fix | None:
    """`nn.init.f_(p)` for `nn.init.f_(p.data)`: it turns grad mode off itself."""
    match read.around.own:
        case ast.Expr(value=ast.Call(func=function, args=[first, *_])) if read.is_at(first):
            name = read.file.dotted(function, read.around)
            if name.startswith("torch.nn.init.") and name.endswith("_"):
                message = f"Leave out `.data`: `{ast.unparse(function)}` turns grad mode off"
                return fix_of(rewrite, edits, message)
    return None


def _initialiser(rewrite: Rewrite, read: Read) -> Fix | None:
    """`nn.init.normal_(p, 0, 1)` for `p.data.normal_(0, 1)`, where something is initialised."""
    function = next((d.name for d in read.around.definitions()), "")
    match _chain(read.around.own):
        case [ast.Call(func=ast.Attribute(attr=method), args=given, keywords=keywords)]:
            name, known = _INITIALISERS.get(method, ("", set()))
        case _:
            return None
    same = len(given) <= 2 and all(keyword.arg in known for keyword in keywords)
    if any(isinstance(value, ast.Starred) for value in given) or (method == "fill_" and not given):
        same = False
    spelled = read.file.spelled(f"torch.nn.init.{name}", read.around)
    opening = re.match(rf"\.[ \t]*{method}\(", read.rest())
    dot = read.dot
    if not (name and same and spelled and opening and dot and _INITIALISES.search(function)):
        return None
    before = Span(read.span.row, read.span.column, read.span.row, read.span.column)
    after = dot._replace(end_column=dot.end_column + opening.end())
    edits = [Edit(before, f"{spelled}("), Edit(after, ", " if given or keywords else "")]
    return fix_of(rewrite, edits, f"Use `{spelled}`")


def _wrapped(rewrite: Rewrite, read: Read, edits: list[Edit]) -> Fix | None:
    """The statement under `with torch.no_grad():`, in the block above it where that is one.

    Only for one row of its own that does nothing else, which might need grad mode.
    """
    own, file = read.around.own, read.file
    mode = file.spelled("torch.no_grad", read.around)
    row, start = own.lineno, file.column(own.lineno, own.col_offset)
    line, end = file.line(row), file.column(row, own.end_col_offset or 0)
    indent = _indent(line[: start - 1])
    alone = not line[: start - 1].strip() and re.fullmatch(r"[ \t]*(#.*)?", line[end - 1 :])
    if not mode or row != own.end_lineno or not alone or _does_more(own):
        return None
    first, above = _run(own, read)
    opening = _deeper(above, indent, read) or f"with {mode}():\n{indent}{_unit(read, indent)}"
    edits = [Edit(Span(row, start, row, start), opening), *edits]
    return fix_of(rewrite, edits, f"Write without `.data`, under `{mode}()`", group=first)


def _does_more(own: ast.stmt) -> bool:
    """Whether it calls what is no method of what is written, names a value, or lets others run."""
    chain = _chain(own)
    doing = ast.Call | ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom
    return any(isinstance(n, doing) and n not in chain for n in ast.walk(own))


def _run(own: ast.stmt, read: Read) -> tuple[int, ast.stmt | None]:
    """Where the statements begin that follow each other without a blank row down to `own`.

    And the statement in the row above `own`, if it is one of them.
    """
    block = read.around.block
    first, above = own.lineno, None
    for statement in reversed(block[: block.index(own)]):
        if statement.end_lineno != first - 1:
            break
        first, above = statement.lineno, above or statement
    return first, above


def _deeper(above: ast.stmt | None, indent: str, read: Read) -> str:
    """How much deeper a block of nothing but `torch.no_grad()` is; empty for what is none."""
    match above:
        case ast.With(items=[ast.withitem(context_expr=ast.Call() as mode)], body=[first, *_]):
            file, row = read.file, first.lineno
            inner = _indent(file.line(row)[: file.column(row, first.col_offset) - 1])
            if file.dotted(mode, read.around) == "torch.no_grad" and row > above.lineno:
                return inner.removeprefix(indent) if inner.startswith(indent) else ""
    return ""


def _indent(blank: str) -> str:
    """What counts of the blanks before a statement: with a form feed Python begins anew."""
    return blank.rpartition("\f")[2]


def _unit(read: Read, indent: str) -> str:
    """One step of indentation, as the block around the statement has it."""
    *_, above, own = (None, *read.around.statements)
    if above is not None:
        cases = above.cases if isinstance(above, ast.Match) else []
        head = next((case.pattern for case in cases if own in case.body), above)
        line = read.file.line(head.lineno)
        outer = _indent(line[: len(line) - len(line.lstrip())])
        if indent.startswith(outer) and indent != outer:
            return indent.removeprefix(outer)
    return "\t" if indent.startswith("\t") else "    "
