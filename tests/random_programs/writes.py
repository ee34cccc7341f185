"""Every way to write through `.data`, and what each would be in autograd's sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.random_programs.aliases import read
from tests.random_programs.model import Write
from tests.random_programs.scope import GRADED, Kind, Ref, Scope, Shape

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Spelling:
    """How to write: `{t}` is written to, `{v}` has its shape, `{r}` the shape of a row of it.

    `{n}` is the target's bare name, `{s}` a number, `{rows}` its first and last row. `tracked` is
    a form that autograd sees, where `text` on a tracked tensor is none; `detached` likewise.
    """

    text: str
    tracked: str | None = None
    detached: str | None = None
    fill: bool = False
    straight_through: bool = False
    setter: bool = False
    copies: bool = False
    #: Whether the value may be a tracked tensor, and so is an edit of its own.
    takes_tracked: bool = False
    least_dimensions: int = 0
    needs: str = "any target"


def _table(texts: str, **known: Any) -> Iterable[Spelling]:
    """Spellings that differ in their text only."""
    return (Spelling(text.strip(), **known) for text in texts.split("|"))


ARITHMETIC: tuple[Spelling, ...] = (
    *_table(
        """
        {t}.mul_({v}) | {t}.add_({v}) | {t}.sub_({v}, alpha=2) | {t}.copy_({v}) |
        {t}.copy_({v} * 2) | {t}[...] = {v} | {t}.lerp_({v}, 0.5)
        """,
        takes_tracked=True,
    ),
    *_table(
        """
        {t}.mul_({s}) | {t}.div_({s}) | {t}.div_({v}.abs() + 1) | {t}.neg_() |
        {t}.clamp_(-0.1, 0.1) | {t}.clamp_(max=0.1) | {t}.abs_() | {t}.exp_() | {t}.tanh_() |
        {t}.sigmoid_() | {t}.relu_() | {t}.pow_(2) | {t}.square_() | {t}.addcmul_({v}, {v}) |
        {t}.sin_() | {t}.clip_(max={s}) | {t}.mul_({s}).add_({v}) |
        {t}.addcdiv_({v}, {v}.abs() + 1) | {t}.unsqueeze(0).mul_({s}) | {t}[{t} > 0] *= {s} |
        torch.sigmoid_({t}) | torch.relu_({t}) | torch.exp_({t}) | torch.square_({t}) |
        F.relu_({t}) | F.relu({t}, inplace=True) | F.leaky_relu({t}, 0.3, inplace=True) |
        F.elu_({t}) | F.hardtanh({t}, -0.2, 0.2, inplace=True) | nn.ReLU(inplace=True)({t}) |
        nn.Dropout(0.5, inplace=True)({t}) | F.dropout({t}, 0.5, inplace=True) |
        F.threshold({t}, 0.1, 2.0, inplace=True) | torch.clamp_({t}, max=0.1) |
        torch._foreach_mul_([{t}], {s}) | torch._foreach_neg_([{t}]) |
        torch._foreach_add_([{t}], [{v}]) | torch.Tensor.mul_({t}, {s}) | {t}.__imul__({s})
        """,
    ),
    *_table(
        """
        {t}[0] = {r} | {t}[0].mul_({s}) | {t}[0] *= {s} | {t}[-1] += {r} |
        {t}.index_copy_(0, torch.tensor([0]), {r}.unsqueeze(0)) | {t}.flatten()[0:1].mul_({s}) |
        {t}.index_add_(0, torch.tensor([0]), {r}.unsqueeze(0)) | {t}.cumsum_(0) |
        {t}.scatter_(0, torch.zeros_like({t}, dtype=torch.long), {v}) | {t}[:1].copy_({v}[:1]) |
        {t}.scatter_add_(0, torch.zeros_like({t}, dtype=torch.long), {v}) |
        {t}.index_put_((torch.tensor([0]),), {r}) | {t}[[0]] = {r} | {t}[{rows}] *= {s} |
        {t}.masked_scatter_({t} > 0, {v}) | {t}.put_(torch.tensor([0]), torch.randn(1)) |
        {t}.narrow(0, 0, 1).mul_({s}) | {t}.T.mul_({s})
        """,
        least_dimensions=1,
    ),
    Spelling("torch._foreach_copy_([{t}], [{v}])", tracked="{t}.copy_({v})"),
    Spelling("{t}.detach().mul_({s})", tracked="{t}.mul_({s})"),
    Spelling("torch.mul({t}, {s}, out={t})", tracked="{t}.mul_({s})"),
    Spelling("torch.add({t}, {v}, out={t})", tracked="{t}.add_({v})"),
    Spelling("torch.sin({v}, out={t})", tracked="{t}.copy_({v}.sin())"),
    Spelling("torch.clamp({t}, max=0.1, out={t})", tracked="{t}.clamp_(max=0.1)"),
    Spelling(
        "torch.where({t} > 0, {t}, {v}, out={t})",
        tracked="{t}.copy_(torch.where({t} > 0, {t}, {v}))",
    ),
    Spelling("{t} *= {s}", tracked="{t}.mul_({s})", needs="a name"),
    Spelling("{t} += {v}", tracked="{t}.add_({v})", needs="a name"),
    Spelling("{t} /= {s}", tracked="{t}.div_({s})", needs="a name"),
    Spelling("{t} **= 2", tracked="{t}.pow_(2)", needs="a name"),
    Spelling("{t} *= {s}", "{t}.mul_({s})", "{x}.detach().mul_({s})", needs="an owner"),
    Spelling("{t} -= {v}", "{t}.sub_({v})", "{x}.detach().sub_({v})", needs="an owner"),
    Spelling("{t}.numpy()[...] *= {s}", tracked="{t}.mul_({s})"),
    Spelling("array = {t}.numpy(); array *= {s}", tracked="{t}.mul_({s})"),
)
FILLS: tuple[Spelling, ...] = (
    *_table(
        """
        {t}.zero_() | {t}.masked_fill_({t} > 0.2, 0.2) | {t}.fill_({s}) |
        {t}.masked_fill_({t} > 0, {s}) | {t}[...] = {s} | {t}[{t} > 0] = {s} | {t}.normal_() |
        {t}.uniform_(1, 2) | torch.fill_({t}, {s}) | torch._foreach_zero_([{t}]) |
        {t}.bernoulli_()
        """,
        fill=True,
    ),
    *_table(
        """
        {t}[0] = {s} | {t}[0].zero_() | {t}.index_fill_(0, torch.tensor([0]), {s}) |
        {t}[[0]] = {s} | {t}[{rows}] = {s}
        """,
        fill=True,
        least_dimensions=1,
    ),
    # What `nn.init` does, it does under `no_grad`.
    Spelling("nn.init.normal_({t})", tracked="{t}.normal_()", fill=True),
    Spelling("nn.init.zeros_({t})", tracked="{t}.zero_()", fill=True),
    Spelling("nn.init.constant_({t}, {s})", tracked="{t}.fill_({s})", fill=True),
    Spelling("{t}.numpy().fill({s})", tracked="{t}.fill_({s})", fill=True),
)
OTHERS: tuple[Spelling, ...] = (
    # Straight-through forms.
    Spelling("{t}.sign_()", straight_through=True),
    Spelling("{t}.round_()", straight_through=True),
    Spelling("{t}.copy_({t}.sign())", straight_through=True),
    Spelling("{x}.data = {x}.data * {s}", "{t}.mul_({s})", setter=True, needs="an owner"),
    Spelling("{x}.data = {v}", "{t}.copy_({v})", setter=True, needs="an owner"),
    Spelling("{x}.data = {v}.clone()", "{t}.copy_({v})", setter=True, needs="an owner"),
    *_table("{t}[[0]].zero_() | {t}.flip(0).neg_()", copies=True, least_dimensions=1),
    *_table(
        """
        {t}[{t} > 0].mul_({s}) | {t}.clone().mul_({s}) | {t}.mul({s}).add_({v}) |
        {t}.numpy().copy().fill({s})
        """,
        copies=True,
    ),
    *_table("{t}.unsqueeze_(0) | {t}.t_()", copies=True, needs="an owner"),
)
MASKS: tuple[Spelling, ...] = tuple(
    Spelling(text)
    for text in ("{t}.logical_not_()", "{t}.fill_(True)", "{t}.copy_(~{t})", "{t}.zero_()")
)
INDICES: tuple[Spelling, ...] = tuple(
    Spelling(text)
    for text in ("{t}.zero_()", "{t}.fill_(1)", "{t}[0] = 0", "{t}.add_(1).remainder_(3)")
)
NUMBERS = ("0.5", "-1.5", "2.0", "3.0")


def write(scope: Scope, owner: Ref) -> None:
    """Writes to the memory of `owner`, which is not `.data` yet, or is."""
    target, shape = (owner.text, owner.shape) if owner.kind is Kind.DATA else read(scope, owner)
    if owner.kind in (Kind.MASK, Kind.INDEX):
        target, shape = f"{owner.text}.data", owner.shape
    spelling, made = spelled(scope, owner, target, shape)
    scope.write(made, f"write {spelling.text}", f"write to {owner.kind.name.lower()}")


def spelled(scope: Scope, owner: Ref, target: str, shape: Shape) -> tuple[Spelling, Write]:
    """A write to `target`, which is reached from `owner`."""
    table: tuple[Spelling, ...] = {Kind.MASK: MASKS, Kind.INDEX: INDICES}.get(
        owner.kind
    ) or scope.draw.weighted({ARITHMETIC: 80, FILLS: 10, OTHERS: 10})
    whole = target == f"{owner.text}.data"
    fit = [
        spelling
        for spelling in table
        if spelling.least_dimensions <= len(shape)
        and (spelling.needs != "a name" or target.isidentifier())
        and (spelling.needs != "an owner" or whole)
    ]
    named = [spelling for spelling in fit if spelling.needs == "a name"]
    spelling = scope.draw.choice(named if named and scope.draw.chance(25) else fit)
    value = scope.constant(shape)
    if spelling.takes_tracked and owner.kind is Kind.TRACKED and scope.draw.chance(25):
        other = scope.find(Kind.TRACKED, shape=shape)
        value = other.text if other is not None else value
    slots = {
        "v": value,
        "r": f"torch.randn({shape[1:]})",
        "s": scope.draw.choice(NUMBERS),
        "x": owner.text,
        "rows": f"[0, {shape[0] - 1}]" if shape and shape[0] > 1 else "[0]",
    }
    text, tracked, detached = (
        _filled(form, slots) for form in (spelling.text, spelling.tracked, spelling.detached)
    )
    assert text is not None
    made = Write(
        scope.number(),
        target,
        text,
        tracked=tracked,
        detached=detached,
        fill=spelling.fill,
        setter=spelling.setter,
        straight_through=spelling.straight_through,
        copies=spelling.copies,
    )
    return spelling, made


def _filled(text: str | None, slots: dict[str, str]) -> str | None:
    for slot, value in slots.items():
        text = text and text.replace("{" + slot + "}", value)
    return text


def target(scope: Scope) -> Ref | None:
    """What is written to: most often what autograd tracks, at times what it does not."""
    kinds = scope.draw.weighted(
        {
            (Kind.TRACKED,): 50,
            (Kind.DATA,): 20,
            (Kind.LEAF,): 10,
            (Kind.PLAIN,): 8,
            (Kind.SETTLED,): 5,
            (Kind.MASK, Kind.INDEX): 5,
            (*GRADED, Kind.DATA): 5,
        }
    )
    return scope.find(*kinds) or scope.find(Kind.TRACKED, Kind.LEAF)
