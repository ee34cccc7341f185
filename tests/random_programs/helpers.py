"""Functions programs are split into: writers, operators, closures, generators, decorated ones."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.random_programs import classes
from tests.random_programs.aliases import read
from tests.random_programs.model import Block, Line, Write
from tests.random_programs.operators import operation
from tests.random_programs.scope import Kind, Ref, Scope
from tests.random_programs.writes import spelled, target, write

if TYPE_CHECKING:
    from collections.abc import Callable


def _define(scope: Scope, head: str, inner: Scope) -> None:
    scope.book.helpers.append(Block(head, tuple(inner.statements)))


def writer(scope: Scope) -> None:
    """`def touch(t): t.data.mul_(2)`, called, perhaps by way of another helper."""
    owner = target(scope)
    if owner is None:
        return
    name = scope.book.fresh("touch")
    inner = scope.function(Ref("t", owner.shape, owner.kind))
    write(inner, inner.refs[0])
    _define(scope, f"def {name}(t):", inner)
    if scope.draw.chance(25):
        outer = scope.book.fresh("touch")
        scope.book.helpers.append(Block(f"def {outer}(t):", (Line(f"{name}(t)"),)))
        scope.book.features["nested helpers"] += 1
        name = outer
    call = scope.draw.weighted({"{f}({x})": 60, "apply({f}, {x})": 20, "{f}(t={x})": 20})
    scope.say(call.format(f=name, x=owner.text), "helper that writes")


def writer_of_its_argument(scope: Scope) -> None:
    """`def edit(t): t.mul_(2)`, given `.data`: a function or a lambda."""
    owner = target(scope)
    if owner is None or owner.kind in (Kind.MASK, Kind.INDEX):
        return
    text, shape = (owner.text, owner.shape) if owner.kind is Kind.DATA else read(scope, owner)
    _, made = spelled(scope.function(), replace(owner, text="t"), "t", shape)
    body, name = made.text.replace("{t}", "t"), scope.book.fresh("edit")
    if made.setter or (made.tracked and not body.startswith("t ")):
        return  # given a tracked argument, this body would not be an edit in autograd's sight
    if _is_expression(body) and scope.draw.chance(40):
        scope.say(f"{name} = lambda t: {body}", "lambda")
    else:
        scope.book.helpers.append(Block(f"def {name}(t):", (Line(body),)))
    call = replace(made, target=text, text=f"{name}({{t}})", tracked=None, detached=None)
    scope.write(call, "helper that writes its argument")


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True


def closure(scope: Scope) -> None:
    """`def fix(): h.data.mul_(2)` or `fix = lambda: ...`, called at once or later."""
    owner = target(scope)
    if owner is None:
        return
    name, inner = scope.book.fresh("fix"), scope.inner()
    write(inner, owner)
    made = inner.statements[-1]
    assert isinstance(made, Write)
    if _is_expression(made.text) and _is_expression(made.tracked or "t") and scope.draw.chance(50):
        scope.write(replace(made, head=f"{name} = lambda: "), "lambda closure")
    else:
        scope.block(f"def {name}():", inner, "closure")
    for _ in range(scope.draw.integer(0, 2)):
        operation(scope)
    scope.say(f"{name}()")


def operator_helper(scope: Scope) -> None:
    """`def act(t, u): ...; return y`, which may write on the way, and may return `.data` too."""
    x = scope.operand()
    y = scope.other(x)
    name = scope.book.fresh("act")
    inner = scope.function(Ref("t", x.shape, x.kind), Ref("u", y.shape, y.kind))
    for _ in range(scope.draw.integer(1, 2)):
        operation(inner)
    if scope.draw.chance(30):
        write(inner, target(inner) or inner.refs[-1])
        scope.book.features["helper that saves and writes"] += 1
        if scope.draw.chance(50):
            operation(inner)
    out = scope.draw.choice(inner.refs[2:])
    pair = scope.draw.chance(30)
    inner.say(f"return {out.text}, {out.text}.data" if pair else f"return {out.text}")
    _define(scope, f"def {name}(t, u):", inner)
    call = scope.draw.weighted({f"{name}({{}}, {{}})": 3, f"apply({name}, {{}}, {{}})": 1})
    text, kind = call.format(x.text, y.text), scope.result(x, y)
    if out.kind is Kind.DATA:
        kind = Kind.DATA
    if pair:
        result, data = scope.book.fresh("y"), scope.book.fresh("c")
        scope.say(f"{result}, {data} = {text}", "helper that returns a pair")
        scope.refs += [Ref(result, out.shape, kind), Ref(data, out.shape, Kind.DATA)]
    else:
        scope.bind(text, out.shape, kind, "y")
        scope.book.features["helper that computes"] += 1


def passing_helper(scope: Scope) -> None:
    """`def raw(t): return t.data`, or the argument itself."""
    ref = scope.find(Kind.TRACKED) or scope.find(Kind.LEAF)
    if ref is None:
        return
    name = scope.book.fresh("same")
    if scope.draw.chance(50):
        inner = scope.function()
        text, shape = read(inner, Ref("t", ref.shape, ref.kind))
        inner.say(f"return {text}", "helper that returns .data")
        _define(scope, f"def {name}(t):", inner)
        scope.bind(f"{name}({ref.text})", shape, Kind.DATA, "c")
        return
    body = scope.draw.choice(["return t", "return [t, None][0]", "return t if True else None"])
    scope.book.helpers.append(Block(f"def {name}(t):", (Line(body),)))
    scope.bind(f"{name}({ref.text})", ref.shape, ref.kind, "a")
    scope.book.features["helper that returns its argument"] += 1


def generator(scope: Scope) -> None:
    """`for c in each(a, b): c.mul_(2)`, where `each` yields `.data`."""
    a = scope.find(Kind.TRACKED) or scope.find(Kind.LEAF)
    b = scope.find(Kind.TRACKED, Kind.LEAF, shape=a.shape) if a else None
    if a is None or b is None:
        return
    name = scope.book.fresh("each")
    body = Block("for t in ts:", (Line("yield t.data"),))
    scope.book.helpers.append(Block(f"def {name}(*ts):", (body,)))
    inner = scope.inner()
    element = Ref(scope.book.fresh("c"), a.shape, Kind.DATA)
    write(inner, element)
    scope.block(f"for {element.text} in {name}({a.text}, {b.text}):", inner, "generator")


def decorated(scope: Scope) -> None:
    """`@torch.no_grad()`: saves nothing, writes all the same; and a function that calls itself."""
    owner = target(scope)
    if owner is None:
        return
    name = scope.book.fresh("touch")
    inner = scope.function(Ref("t", owner.shape, owner.kind))
    write(inner, inner.refs[0])
    if scope.draw.chance(50):
        scope.book.helpers.append(Line("@torch.no_grad()"))
        _define(scope, f"def {name}(t):", inner)
        scope.say(f"{name}({owner.text})", "decorated helper")
        return
    again = Block("if n:", (Line(f"return {name}(t, n - 1)"),))
    body = (again, *inner.statements)
    scope.book.helpers.append(Block(f"def {name}(t, n):", body))
    scope.say(f"{name}({owner.text}, 2)", "recursion")


#: By how often.
HELPERS: dict[Callable[[Scope], None], int] = {
    writer: 4,
    writer_of_its_argument: 3,
    closure: 3,
    operator_helper: 5,
    passing_helper: 3,
    generator: 2,
    decorated: 2,
    classes.method: 3,
    classes.module_class: 3,
    classes.custom_function: 2,
}
