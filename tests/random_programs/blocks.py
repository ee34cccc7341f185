"""Compound statements: branches, loops, `try`, `with`; and what is carried around a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.random_programs.aliases import alias_data, view
from tests.random_programs.model import Write
from tests.random_programs.operators import indexed, masked, operation
from tests.random_programs.scope import OPERANDS, Kind, Ref, Scope
from tests.random_programs.writes import target, write

if TYPE_CHECKING:
    from collections.abc import Callable


CARRIED = (
    "torch.tanh({x} * {y})",
    "{x} * {y}",
    "{x}.sigmoid()",
    "{x} + {y}.sin()",
    "{x}.exp() * 0.1",
)


def rebind(scope: Scope) -> None:
    """`h = op(h)`: the name goes on to a new tensor, its aliases stay with the old one."""
    names = [r for r in scope.refs if r.kind is Kind.TRACKED and r.text.isidentifier()]
    if not names or not scope.grad:
        return operation(scope)
    ref = scope.draw.choice(names[-3:])
    other = scope.other(ref)
    text = scope.draw.choice(
        [
            "torch.tanh({x} * {y})",
            "{x} * {y}",
            "{x}.sigmoid()",
            "{x} + {y}.sin()",
            "{x}.exp() * 0.1",
        ]
    )
    scope.say(f"{ref.text} = {text.format(x=ref.text, y=other.text)}", "rebinding")
    return None


def _fill(scope: Scope, most: int = 3) -> None:
    steps: dict[Callable[[Scope], None], int] = {
        rebind: 5,
        operation: 3,
        edit: 5,
        add_to_total: 3,
        view: 1,
        named_data: 1,
    }
    for _ in range(scope.draw.integer(1, most)):
        scope.draw.weighted(steps)(scope)
    if scope.depth < 3 and scope.draw.chance(12):
        scope.draw.weighted(BLOCKS)(scope)


def edit(scope: Scope) -> None:
    """A write, and perhaps a use of what was written."""
    owner = target(scope)
    if owner is not None:
        _write_and_use(scope, owner)


def edit_of_result(scope: Scope) -> None:
    """A write to what an operator has just computed: the activation that is edited on its way."""
    operation(scope, saves=scope.draw.choice(["nothing", "input", "result", "input"]))
    _write_and_use(scope, scope.refs[-1])


def edit_of_mask(scope: Scope) -> None:
    """A write to a mask or to rows, which an operator has saved or is about to."""
    saves = scope.draw.choice([masked, indexed])
    saves(scope)
    found = scope.find(Kind.MASK, Kind.INDEX)
    assert found is not None
    write(scope, found)
    if scope.draw.chance(50):
        saves(scope)


def _write_and_use(scope: Scope, owner: Ref) -> None:
    write(scope, owner)
    if not scope.draw.chance(90):
        return
    if owner.kind is Kind.DATA and scope.draw.chance(90):
        owner = scope.find(Kind.TRACKED, shape=owner.shape) or owner
    if owner.kind is Kind.TRACKED and scope.grad and scope.draw.chance(40):
        add_to_total(scope, owner)
    elif owner.kind in OPERANDS:
        operation(scope, owner)
        if scope.refs[-1].kind is Kind.TRACKED and scope.grad and scope.draw.chance(60):
            add_to_total(scope, scope.refs[-1])


def named_data(scope: Scope) -> None:
    """`c = h.data`."""
    ref = scope.find(Kind.TRACKED) or scope.find(Kind.LEAF)
    if ref is not None:
        alias_data(scope, ref)


def add_to_total(scope: Scope, ref: Ref | None = None) -> None:
    """A share in the loss."""
    ref = ref or scope.find(Kind.TRACKED)
    if ref is None or not scope.grad:
        return operation(scope)
    text = scope.draw.choice(
        ["total = total + {x}.sum()", "total = total + ({x} * {x} + {x}).sum()"]
    )
    scope.say(text.format(x=ref.text), "total")
    return None


def branch(scope: Scope) -> None:
    """`if flag:`, which the linter cannot decide; the program is run both ways."""
    scope.book.flag = True
    then, other = scope.inner(), scope.inner()
    _fill(then)
    if scope.draw.chance(15):
        _fill(other, 2)
        cases = scope.inner()
        cases.block("case True:", then)
        cases.block("case _:", other)
        return scope.block("match flag:", cases, "match")
    scope.block(scope.draw.choice(["if flag:", "if not flag:"]), then, "branch")
    if scope.draw.chance(40):
        _fill(other, 2)
        scope.block("else:", other)
    return None


def count(scope: Scope) -> None:
    """`for` over a range, at times with a `continue` or `break` of the last turn."""
    inner, name = scope.inner(), scope.book.fresh("n")
    turns = scope.draw.integer(2, 3)
    if scope.draw.chance(20):
        early = scope.inner()
        early.say(scope.draw.choice(["continue", "break"]), "jump")
        inner.block(f"if {name} == {turns - 1}:", early)
    _fill(inner)
    scope.block(f"for {name} in range({turns}):", inner, "for range")


def repeat(scope: Scope) -> None:
    """`while`."""
    inner, name = scope.inner(), scope.book.fresh("n")
    _fill(inner)
    inner.say(f"{name} += 1")
    scope.say(f"{name} = 0")
    scope.block(f"while {name} < 2:", inner, "while")


def over_tensors(scope: Scope) -> None:
    """`for t in (a, b): t.data.mul_(2)`, and comprehensions."""
    a = scope.find(Kind.TRACKED, Kind.LEAF)
    b = scope.find(Kind.TRACKED, Kind.LEAF, Kind.PLAIN, shape=a.shape) if a else None
    if a is None or b is None:
        return
    inner, name = scope.inner(), scope.book.fresh("t")
    element = Ref(name, a.shape, a.kind)
    inner.refs.append(element)
    write(inner, element)
    if scope.draw.chance(30):
        operation(inner)
    head = scope.draw.choice(OVER).format(t=name, a=a.text, b=b.text)
    scope.block(head, inner, "for over tensors")


OVER = (
    "for {t} in ({a}, {b}):",
    "for _, {t} in enumerate([{a}, {b}]):",
    "for {t} in [{a}] + [{b}]:",
    "for {t} in {{'a': {a}, 'b': {b}}}.values():",
    "for _, {t} in {{'a': {a}, 'b': {b}}}.items():",
    "for {t}, _ in zip([{a}, {b}], range(2)):",
    "for {t} in reversed([{a}, {b}]):",
)


def comprehension(scope: Scope) -> None:
    """`[t.data.mul_(2) for t in (a, b)]`."""
    a = scope.find(Kind.TRACKED, Kind.LEAF)
    b = scope.find(Kind.TRACKED, Kind.LEAF, shape=a.shape) if a else None
    if a is not None and b is not None:
        text = scope.draw.choice(["{t}.mul_(3.0)", "{t}.clamp_(max=0.1)", "torch.sin_({t})"])
        each = f"[{text} for t in ({a.text}, {b.text})]"
        scope.write(Write(scope.number(), "t.data", each, inner=True), "comprehension that writes")


def over_parameters(scope: Scope) -> None:
    """`for p in net.parameters(): p.data.mul_(2)`: an update, a clip."""
    if not scope.book.nets:
        return comprehension(scope)
    text = scope.draw.choice(["{t}.mul_(0.9)", "{t}.clamp_(-0.1, 0.1)", "{t}.add_(0.5)"])
    head = scope.draw.choice(["for p in {}.parameters():", "for _, p in {}.named_parameters():"])
    inner = scope.inner()
    inner.write(Write(scope.number(), "p.data", text))
    scope.block(head.format(scope.draw.choice(scope.book.nets)), inner, "for over parameters")
    return None


def attempt(scope: Scope) -> None:
    """`try: ... finally: ...`"""
    body, last = scope.inner(), scope.inner()
    _fill(body)
    _fill(last, 1)
    scope.block("try:", body, "try")
    scope.block("finally:", last)


def without_grad(scope: Scope) -> None:
    """`with torch.no_grad():` saves nothing; writes in it are writes all the same."""
    inner = scope.inner()
    inner.grad = False
    _fill(inner)
    head = scope.draw.choice(["with torch.no_grad():", "with torch.set_grad_enabled(False):"])
    scope.block(head, inner, "no_grad")


def training(scope: Scope) -> None:
    """A loop of forward, backward and a step of an optimizer, with a write between two of them."""
    leaf = scope.find(Kind.LEAF)
    if leaf is None:
        return
    name = scope.book.fresh("optimizer")
    kind = scope.draw.choice(["SGD([{w}], lr=0.1)", "Adam([{w}], lr=0.1)"])
    scope.say(f"{name} = torch.optim.{kind.format(w=leaf.text)}")
    inner = scope.inner()
    inner.refs = [leaf]
    inner.say(f"{name}.zero_grad()")  # not last: the gradients are the evidence
    operation(inner, leaf)
    out = inner.refs[-1]
    acts = [f"({out.text} * 1.5).sum().backward()", f"{name}.step()", ""]
    before = scope.draw.integer(0, len(acts) - 1)
    for place, act in enumerate(acts):
        if place == before:
            write(inner, scope.draw.choice([leaf, out]))
        if act:
            inner.say(act)
    scope.block("for _ in range(2):", inner, "optimizer loop")


#: By how often.
BLOCKS: dict[Callable[[Scope], None], int] = {
    branch: 6,
    count: 4,
    repeat: 2,
    over_tensors: 4,
    comprehension: 2,
    over_parameters: 5,
    attempt: 2,
    without_grad: 3,
}
