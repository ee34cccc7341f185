"""The operators programs are made of, by what each saves for backward, and how one is applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.random_programs.scope import Kind, Ref, Scope, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Operator:
    """`text` of `{x}` and perhaps `{y}` of the same shape; what `shape` gives for None is unfit."""

    text: str
    saves: str
    shape: Callable[[Shape], Shape | None]


def _same(shape: Shape) -> Shape:
    return shape


def _scalar(shape: Shape) -> Shape:
    return ()


def _rows(shape: Shape) -> Shape | None:
    return shape[:-1] if shape else None


def _lines(shape: Shape) -> Shape | None:
    return shape if shape else None


def _wide(shape: Shape) -> Shape | None:
    return shape if shape and shape[-1] > 1 else None


def _three(shape: Shape) -> Shape | None:
    return shape if shape and shape[-1] == 3 else None


def _square(shape: Shape) -> Shape | None:
    return shape if shape == (3, 3) else None


def _vector(shape: Shape) -> Shape | None:
    return () if len(shape) == 1 else None


def _matrix_to_vector(shape: Shape) -> Shape | None:
    return (3,) if shape == (3, 3) else None


def _vector_to_matrix(shape: Shape) -> Shape | None:
    return (3, 3) if shape == (3,) else None


def _table(saves: str, shape: Callable[[Shape], Shape | None], texts: str) -> Iterable[Operator]:
    return (Operator(text.strip(), saves, shape) for text in texts.split("|"))


OPERATORS: tuple[Operator, ...] = (
    *_table(
        "nothing",
        _same,
        """
        {x} + {y} | {x} - {y} | -{x} | {x} * 1.5 | {x} / 2 | {x}.clone() |
        torch.stack([{x}, {y}]).sum(0) | {x}.add({y}, alpha=2)
        """,
    ),
    *_table("nothing", _lines, "{x}.cumsum(0) | {x}.flip(0) | {x}.roll(1, 0)"),
    *_table("nothing", _rows, "{x}.sum(-1) | {x}.mean(-1)"),
    *_table("nothing", _scalar, "{x}.sum() | {x}.mean()"),
    *_table(
        "result",
        _same,
        """
        torch.sigmoid({x}) | {x}.sigmoid() | {x}.tanh() | {x}.exp() | ({x}.abs() + 0.5).sqrt() |
        ({x}.abs() + 0.5).rsqrt() | torch.relu({x}) | ({x}.abs() + 0.5).reciprocal() |
        F.relu({x}) | F.elu({x}) | torch.expm1({x})
        """,
    ),
    *_table(
        "result",
        _wide,
        "torch.softmax({x}, -1) | F.log_softmax({x}, dim=-1) | F.softmax({x}, dim=-1)",
    ),
    *_table(
        "input",
        _same,
        """
        {x} * {y} | {x}.mul({y}) | {x} / ({y}.abs() + 1) | {x} ** 2 | {x}.pow(3) | {x}.sin() |
        torch.cos({x}) | F.silu({x}) | F.gelu({x}) | F.softplus({x}) | ({x}.abs() + 0.5).log() |
        {x}.abs() | {x}.clamp(-1, 1) | F.leaky_relu({x}) | F.mish({x}) | F.hardtanh({x}) |
        torch.square({x}) | torch.erf({x}) | torch.addcmul({x}, {x}, {y}) |
        torch.lerp({x}, {y}, {x}) | torch.log1p({x}.abs()) | F.logsigmoid({x}) | {x}.atan() |
        torch.sinh({x}) | F.smooth_l1_loss({x}, {y}, reduction='none')
        """,
    ),
    *_table("input", _scalar, "F.mse_loss({x}, {y}) | ({x} * {y}).sum()"),
    *_table("input", _vector, "torch.dot({x}, {y})"),
    *_table("input", _vector_to_matrix, "torch.outer({x}, {y})"),
    *_table(
        "input",
        _square,
        """
        {x} @ {y} | torch.mm({x}, {y}) | F.linear({x}, {y}) |
        torch.einsum('ij,jk->ik', {x}, {y}) | torch.addmm({x}, {x}, {y})
        """,
    ),
    *_table("input", _rows, "F.cosine_similarity({x}, {y}, dim=-1)"),
    *_table("input", _three, "F.layer_norm({x}, (3,))"),
    *_table("both", _scalar, "{x}.norm() | {x}.prod()"),
    *_table("both", _rows, "{x}.amax(-1) | {x}.logsumexp(-1)"),
    *_table("both", _same, "torch.hypot({x}, {y}) | torch.maximum({x}, {y})"),
    *_table("both", _wide, "F.normalize({x}, dim=-1) | {x}.cumprod(0)"),
    *_table("mask or index", _same, "F.dropout({x}, 0.5) | torch.where({x} > 0, {x}, {y})"),
    *_table("mask or index", _lines, "{x}.sort(-1).values"),
    *_table("mask or index", _rows, "{x}.max(-1).values"),
    *_table("mask or index", _matrix_to_vector, "{x}.gather(0, torch.tensor([[2, 0, 1]]))[0]"),
)

#: Operators on a mask of the shape of `{x}`, which they save.
MASKED = ("torch.where({m}, {x}, {y})", "{x}.masked_fill({m}, 0.5)", "{x} * {m}")
#: Operators on rows `{i}`, which they save.
INDEXED = ("{x}[{i}]", "{x}.index_select(0, {i})", "F.embedding({i}, {x})")


@dataclass(frozen=True)
class Net:
    """A module: its parameters, its buffers, and what it may be called with."""

    text: str
    parameters: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    takes: str = "rows of three"


MODULES: tuple[Net, ...] = (
    Net("nn.Linear(3, 3)", (".weight", ".bias")),
    Net("nn.LayerNorm(3)", (".weight", ".bias")),
    Net("nn.Sigmoid()"),
    Net("nn.Softmax(-1)"),
    Net("nn.ReLU()"),
    Net("nn.GELU()"),
    Net("nn.Dropout(0.5)"),
    Net("nn.PReLU()", (".weight",)),
    Net("nn.Sequential(nn.Linear(3, 3), nn.Sigmoid())", ("[0].weight", "[0].bias")),
    Net("nn.Sequential(nn.Linear(3, 3, bias=False), nn.Tanh())", ("[0].weight",)),
    Net("nn.Embedding(3, 3)", (".weight",), takes="an index"),
    Net("nn.BatchNorm1d(3)", (".weight", ".bias"), (".running_var",), "a square"),
    Net("nn.BatchNorm1d(3).eval()", (".weight", ".bias"), (".running_var",), "a square"),
)


def operation(scope: Scope, x: Ref | None = None, saves: str | None = None) -> None:
    """`h = operator(x, y)`, on something autograd tracks if there is such a thing."""
    x = x or scope.operand()
    fit = [op for op in OPERATORS if op.shape(x.shape) is not None]
    saves = saves or scope.draw.weighted(
        {"nothing": 20, "input": 30, "result": 30, "both": 10, "mask or index": 5}
    )
    op = scope.draw.choice([op for op in fit if op.saves == saves] or fit)
    y = scope.other(x)
    shape = op.shape(x.shape)
    assert shape is not None
    scope.book.features[f"saves {op.saves}"] += 1
    scope.bind(op.text.format(x=x.text, y=y.text), shape, scope.result(x, y))


def masked(scope: Scope) -> None:
    """An operator that saves a mask."""
    x = scope.operand()
    y, mask = scope.operand(x.shape), scope.find(Kind.MASK, shape=x.shape)
    if mask is None:
        least = f"{y.text}.mean()" if x.shape else "0"
        mask = scope.bind(f"{y.text} > {least}", x.shape, Kind.MASK, "m")
    text = scope.draw.choice(MASKED).format(x=x.text, y=y.text, m=mask.text)
    scope.book.features["saves mask or index"] += 1
    scope.bind(text, x.shape, scope.result(x, y))


def indexed(scope: Scope) -> None:
    """An operator that saves the rows it was given."""
    x = scope.operand((3, 3))
    index = scope.find(Kind.INDEX)
    if index is None:
        index = scope.bind("torch.tensor([2, 0])", (2,), Kind.INDEX, "i")
    text = scope.draw.choice(INDEXED).format(x=x.text, i=index.text)
    scope.book.features["saves mask or index"] += 1
    scope.bind(text, (2, 3), scope.result(x))


def module(scope: Scope) -> tuple[str, Net]:
    """A module, made here, and its parameters as leaves."""
    net = scope.draw.choice(MODULES)
    name = scope.book.fresh("net")
    scope.say(f"{name} = {net.text}", "module")
    if net.parameters:
        scope.book.nets.append(name)
    for parameter in net.parameters:
        scope.book.leaves.append(name + parameter)
        scope.refs.append(Ref(name + parameter, _shape(net, parameter), Kind.LEAF))
    scope.refs += [Ref(name + buffer, (3,), Kind.PLAIN) for buffer in net.buffers]
    return name, net


def _shape(net: Net, parameter: str) -> Shape:
    if "PReLU" in net.text:
        return (1,)
    return (3,) if "Norm" in net.text or parameter.endswith("bias") else (3, 3)


def call(scope: Scope, name: str, net: Net) -> None:
    """`y = net(x)`."""
    if net.takes == "an index":
        index = scope.find(Kind.INDEX)
        argument, kind = index.text if index else "torch.tensor([2, 0])", Kind.PLAIN
        shape: Shape = (2, 3)
    else:
        square = net.takes == "a square" or scope.draw.chance(50)
        x = scope.operand((3, 3) if square else (3,))
        argument, shape, kind = x.text, x.shape, scope.result(x)
    if net.parameters and scope.grad:
        kind = Kind.TRACKED
    scope.bind(f"{name}({argument})", shape, kind, "y")
