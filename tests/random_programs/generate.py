"""A whole program: leaves, statements, a loss, writes between the two, one backward or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.random_programs import aliases, blocks, helpers, operators, writes
from tests.random_programs.draw import Draw, Plain, Shrinkable
from tests.random_programs.model import Block, Line, Program
from tests.random_programs.scope import Book, Kind, Ref, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

_CELL = Block(
    "class Cell:",
    (Block("def __init__(self, slot):", (Line("self.slot = slot"),)),),
)
_APPLY = Block("def apply(f, *ts):", (Line("return f(*ts)"),))


def numbered(seed: int, index: int) -> Program:
    """Program `index` of the sequence that `seed` begins."""
    return generate(Draw(Plain(f"{seed}:{index}")))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """The same programs as a strategy, which shrinks."""
    return generate(Draw(Shrinkable(draw)))


def generate(draw: Draw) -> Program:
    """One program."""
    book = Book(draw)
    scope = Scope(book)
    _leaves(scope)
    phases = 2 if draw.chance(15) else 1
    for phase in range(phases):
        _phase(scope, last=phase == phases - 1)
    if draw.chance(10):
        blocks.edit(scope)
        book.features["write after the last backward"] += 1
    scope.say(_returned(book))
    text = repr((book.helpers, scope.statements))
    known = [block for block, name in ((_CELL, "Cell("), (_APPLY, "apply(")) if name in text]
    return Program(
        (*known, *book.helpers), tuple(scope.statements), book.flag, frozenset(book.features)
    )


def _leaves(scope: Scope) -> None:
    draw = scope.draw
    for _ in range(draw.integer(1, 2)):
        shape = draw.choice([(3,), (3, 3)])
        make = draw.choice(["torch.randn({}, requires_grad=True)", "nn.Parameter(torch.randn({}))"])
        text = make.format(shape)
        if draw.chance(50):
            shape, text = (3,), f"torch.tensor({_three(draw)}, requires_grad=True)"
        scope.book.leaves.append(scope.bind(text, shape, Kind.LEAF, "w").text)
    for _ in range(draw.integer(1, 2)):
        shape = draw.choice([(3,), (3, 3)])
        scope.bind(f"torch.randn({shape})", shape, Kind.PLAIN, "x")
    scope.say("total = torch.zeros(())")
    if draw.chance(20):
        name, net = operators.module(scope)
        operators.call(scope, name, net)
    if draw.chance(8):
        blocks.edit(scope)
        scope.book.features["write before any use"] += 1
    if draw.chance(6):
        blocks.training(scope)


def _three(draw: Draw) -> list[float]:
    return [(draw.integer(-20, 20) or 7) / 10 for _ in range(3)]


def _detached(scope: Scope) -> None:
    """A detached alias, or a leaf made of one."""
    ref = scope.find(Kind.TRACKED, Kind.SETTLED)
    if ref is None:
        return
    if scope.depth == 0 and scope.draw.chance(40):
        leaf = scope.bind(f"{ref.text}.detach().requires_grad_()", ref.shape, Kind.LEAF, "w")
        scope.book.leaves.append(leaf.text)
        scope.book.features["requires_grad_"] += 1
    else:
        scope.bind(f"{ref.text}.detach()", ref.shape, Kind.PLAIN, "d")
        scope.book.features["detach"] += 1


def _another_name(scope: Scope) -> None:
    aliases.another_name(scope)


def _any_helper(scope: Scope) -> None:
    scope.draw.weighted(helpers.HELPERS)(scope)


def _any_block(scope: Scope) -> None:
    scope.draw.weighted(blocks.BLOCKS)(scope)


#: By how often.
STEPS: dict[Callable[[Scope], None], int] = {
    operators.operation: 34,
    operators.masked: 3,
    operators.indexed: 3,
    blocks.rebind: 3,
    blocks.edit: 3,
    blocks.edit_of_result: 14,
    blocks.edit_of_mask: 2,
    blocks.named_data: 9,
    blocks.add_to_total: 3,
    aliases.view: 6,
    aliases.several_views: 3,
    _another_name: 6,
    _detached: 2,
    _any_helper: 7,
    _any_block: 5,
}


def _phase(scope: Scope, last: bool) -> None:
    draw, book = scope.draw, scope.book
    operators.operation(scope)
    for _ in range(draw.integer(1, 5)):
        step = draw.weighted(STEPS)
        if book.writes and step in (blocks.edit, blocks.edit_of_result) and draw.chance(70):
            step = operators.operation  # one write at fault says more than three
        step(scope)
    if not book.writes:
        draw.weighted({blocks.edit: 1, blocks.edit_of_result: 3})(scope)
    for _ in range(draw.integer(0, 2)):
        operators.operation(scope)
    _loss(scope)
    if draw.chance(15):
        draw.weighted({blocks.edit: 6, _any_helper: 1, _any_block: 1})(scope)
        book.features["write between loss and backward"] += 1
    _backward(scope, last)


def _loss(scope: Scope) -> None:
    draw, terms = scope.draw, ["total"]
    for _ in range(draw.integer(1, 3)):
        ref = scope.find(Kind.TRACKED) or scope.operand()
        # No plain sums or means: those of a softmax are constant, right whatever was done to it.
        text = draw.choice(
            [
                "{x}.cumsum(0).sum()",
                "({x} * {x} + {x}).sum()",
                "{x}.cos().mean()",
                "{x}.exp().sum()",
            ]
        )
        other = scope.find(Kind.PLAIN, shape=ref.shape)
        if other is not None and draw.chance(40):
            text = f"({{x}} * {other.text}).sum()"
        terms.append(text.format(x=ref.text))
    terms += [f"{leaf}.sum()" for leaf in scope.book.leaves[:1]]
    scope.say(f"loss = {' + '.join(terms)}")


def _backward(scope: Scope, last: bool) -> None:
    draw, book = scope.draw, scope.book
    way = draw.weighted({"loss": 80, "autograd.backward": 8, "grad": 6, "create_graph": 6})
    if way == "grad" and "two graphs" in book.features:
        way = "loss"  # what is assigned would hide the gradients of the first graph
    book.features[f"backward by {way}"] += 1
    leaf = book.leaves[0]
    if way == "grad":
        leaves = list(dict.fromkeys(book.leaves))
        slopes = ", ".join(f"{leaf}.grad" for leaf in leaves)
        call = f"torch.autograd.grad(loss, [{', '.join(leaves)}], allow_unused=True)"
        scope.say(f"[{slopes}] = {call}")
    elif way == "create_graph":
        slope = book.fresh("g")
        scope.say(f"({slope},) = torch.autograd.grad(loss, {leaf}, create_graph=True)")
        if draw.chance(50):
            blocks.edit(scope)
        scope.say(f"(loss + ({slope} ** 2).sum()).backward()")
    else:
        call = "loss.backward({})" if way == "loss" else "torch.autograd.backward(loss{})"
        if draw.chance(12):
            keep = "retain_graph=True" if way == "loss" else ", retain_graph=True"
            scope.say(call.format(keep), "retain_graph")
            blocks.edit(scope)
        scope.say(call.format(""))
    if last:
        return
    book.features["two graphs"] += 1
    settled = (
        Ref(ref.text, ref.shape, Kind.SETTLED) if ref.kind is Kind.TRACKED else ref
        for ref in scope.refs
    )
    scope.refs = list(settled)
    scope.say("total = torch.zeros(())")
    if book.nets and draw.chance(60):
        blocks.over_parameters(scope)
    elif draw.chance(50):
        writes_after = scope.find(Kind.SETTLED, Kind.LEAF, Kind.DATA)
        if writes_after is not None:
            writes.write(scope, writes_after)
            book.features["write after a backward"] += 1


def _returned(book: Book) -> str:
    leaves = ", ".join(f"'{leaf}': {leaf}" for leaf in dict.fromkeys(book.leaves))
    return f"return {{k: t.grad for k, t in {{{leaves}}}.items() if t.grad is not None}}"
