"""What the operator facts say is what torch does, asked of torch by other code than wrote them."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from datalint.ops import facts
from datalint.ops.facts import RESULT, Saved, Sharing

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.ops.facts import Operator

Gradients = list[Tensor | None]

# We call whatever torch has, and torch has deprecated some of it.
pytestmark = pytest.mark.filterwarnings("ignore")

#: Not operators, or not on tensors.
ELSEWHERE = ("_foreach", "nn.init", "manual_seed", "seed", "distributed", "cuda", "set_", "save")

REFUSALS = (
    RuntimeError, TypeError, ValueError, AttributeError, IndexError, AssertionError, BufferError,
)  # fmt: skip

#: In the domain of every operator that takes fractions, and where a sign or a kink is, beside it.
X = torch.tensor([[0.3, 0.8, 0.45], [0.15, 0.6, 0.7], [0.55, 0.25, 0.9]], dtype=torch.float64)
W = torch.tensor([[0.7, 0.2, 0.35], [0.4, 0.95, 0.5], [0.1, 0.65, 0.85]], dtype=torch.float64)


def gradients(
    call: Callable[..., object], needing: tuple[bool, ...], change: str | None
) -> Gradients:
    """Those of the arguments that need one, after `change` was overwritten through `.data`."""
    torch.default_generator.manual_seed(0)
    leaves = [t.clone().requires_grad_(need) for t, need in zip((X, W), needing, strict=False)]
    given = [leaf * 1 if leaf.requires_grad else leaf for leaf in leaves]
    result = call(*given)
    outputs = list(result) if isinstance(result, tuple | list) else [result]
    if change is not None:
        overwrite(outputs[0] if change == RESULT else given[int(change)])
    tracked = [t for t in outputs if isinstance(t, Tensor) and t.requires_grad]
    if not tracked:
        return []
    weights = [torch.arange(1.0, t.numel() + 1, dtype=t.dtype).reshape(t.shape) for t in tracked]
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    return list(torch.autograd.grad(tracked, wanted, weights, allow_unused=True))


def overwrite(tensor: Tensor) -> None:
    if tensor.dtype is torch.bool:
        tensor.data.logical_not_()
    elif tensor.is_floating_point() or tensor.is_complex():
        tensor.data.mul_(-1.3).add_(0.11)
    else:
        tensor.data.zero_()


def alike(one: Gradients, other: Gradients) -> bool:
    return all(
        a is b or (a is not None and b is not None and torch.allclose(a, b, equal_nan=True))
        for a, b in zip(one, other, strict=True)
    )


def result_matters(call: Callable[..., object]) -> bool:
    return not alike(gradients(call, (True,), None), gradients(call, (True,), RESULT))


def input_matters(call: Callable[..., object]) -> bool:
    return not alike(gradients(call, (True,), None), gradients(call, (True,), "0"))


# What decides whether a write corrupts: the operator's own story

SAVES_RESULT = "sigmoid tanh exp sqrt rsqrt reciprocal relu softmax(0) log_softmax(1) expm1 tan"
SAVES_INPUT = "pow(2) log sin cos abs square clamp(0.4,0.6) log1p erf lgamma digamma var"
SAVES_BOTH = "norm std prod cumprod(0) amax logsumexp(0)"
SAVES_NOTHING = "neg sum mean cumsum(0) add(1) sub(2) mul(3) view(-1) t floor triu"


def method_call(text: str) -> tuple[str, Callable[[Tensor], object]]:
    name, _, rest = text.partition("(")
    args = [float(n) if "." in n else int(n) for n in rest.rstrip(")").split(",") if n]
    return name, lambda x: getattr(x, name)(*args)


@pytest.mark.parametrize(
    ("text", "of_result", "of_input"),
    [
        (text, of_result, of_input)
        for texts, of_result, of_input in (
            (SAVES_RESULT, True, False),
            (SAVES_INPUT, False, True),
            (SAVES_BOTH, True, True),
            (SAVES_NOTHING, False, False),
        )
        for text in texts.split()
    ],
)
def test_an_operator_saves_what_its_gradient_is_made_of(
    text: str, of_result: bool, of_input: bool
) -> None:
    name, call = method_call(text)
    operator = facts.method(name)
    assert operator is not None
    says = {saved.what for saved in operator.saves.get("input", ())} & {RESULT, "input"}
    assert (RESULT in says, "input" in says) == (of_result, of_input)
    assert (result_matters(call), input_matters(call)) == (of_result, of_input)


@cache
def callable_on(count: int) -> list[tuple[str, str]]:
    """The table's functions and methods that take just `count` float tensors, by kind and name."""
    found = []
    for kind, name in facts._rows():
        space = {"function": torch, "method": Tensor}.get(kind)
        if space is None or name.startswith(ELSEWHERE):
            continue
        try:
            call = resolve(space, name)
            result = call(*(X.clone(), W.clone())[:count])
            for needing in range(count):  # some have no derivative after all
                gradients(call, tuple(i == needing for i in range(count)), None)
        except REFUSALS:
            continue
        if isinstance(result, Tensor) and result.layout is torch.strided:
            found.append((kind, name))
    return found


def resolve(space: object, name: str) -> Callable[..., object]:
    for part in name.split("."):
        space = getattr(space, part)
    assert callable(space)
    return space


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_not_saved_may_be_overwritten(count: int) -> None:
    wrong = []
    cases = callable_on(count)
    assert len(cases) > {1: 300, 2: 150}[count]
    for kind, name in cases:
        operator = facts.method(name) if kind == "method" else facts.function(f"torch.{name}")
        assert operator is not None
        call = resolve(torch if kind == "function" else Tensor, name)
        for needing in range(count):
            wrong += unsaid(f"{kind} {name}", operator, call, needing, count)
    assert not wrong


def unsaid(
    what: str, operator: Operator, call: Callable[..., object], needing: int, count: int
) -> list[str]:
    """Everything that matters to the gradient of one argument and is not in the table."""
    needs = tuple(i == needing for i in range(count))
    truth = gradients(call, needs, None)
    said = {saved.what for saved in operator.saved([operator.argument(needing)])}
    candidates = {RESULT: RESULT, **{operator.argument(i): str(i) for i in range(count)}}
    if operator.writes or operator.sharing is not Sharing.FRESH:
        # Result and argument are one memory: what is said of one is said of both.
        candidates.pop(operator.argument(0))
        said |= {RESULT} if operator.argument(0) in said else set()
    return [
        f"{what}: {name} for {operator.argument(needing)}"
        for name, change in candidates.items()
        if name not in said and truth and not alike(truth, gradients(call, needs, change))
    ]


# Several arguments


@pytest.mark.parametrize(
    ("name", "needing", "kept"),
    [
        ("torch.mul", "input", {Saved("other")}),
        ("torch.mul", "other", {Saved("input")}),
        ("torch.mm", "input", {Saved("mat2")}),
        ("torch.where", "input", {Saved("condition")}),
        ("torch.gather", "input", {Saved("index")}),
        ("torch.index_select", "input", {Saved("index")}),
        ("torch.masked_fill", "input", {Saved("mask")}),
        ("torch.nn.functional.embedding", "weight", {Saved("input")}),
        ("torch.nn.functional.linear", "input", {Saved("weight", through_view=True)}),
        ("torch.nn.functional.linear", "bias", set()),
        ("torch.nn.functional.conv2d", "bias", set()),
        ("torch.nn.functional.avg_pool2d", "input", set()),
        ("torch.cat", "tensors", set()),
        ("torch.topk", "input", {Saved(RESULT, item=1)}),
        ("torch._foreach_exp", "input", {Saved(RESULT)}),
        ("torch.Tensor.__getitem__", "input", {Saved("index")}),
        ("torch.Tensor.__setitem__", "value", {Saved("index")}),
        ("torch.Tensor.mul_", "input", {Saved("other")}),
        ("torch.Tensor.mul_", "other", set()),
        ("torch.Tensor.sigmoid_", "input", {Saved(RESULT)}),
        ("torch.Tensor.add_", "input", set()),
    ],
)
def test_what_is_kept_depends_on_what_needs_a_gradient(
    name: str, needing: str, kept: set[Saved]
) -> None:
    operator = facts.function(name)
    assert operator is not None
    assert operator.saved([needing]) == kept


def test_an_in_place_product_keeps_a_copy_of_what_it_overwrites() -> None:
    """So `mul_` saves nothing of its input for `other`, which `mul` does."""

    def product(x: Tensor, w: Tensor) -> Tensor:
        return x.mul_(w)

    needs = (False, True)
    assert alike(gradients(product, needs, None), gradients(product, needs, "0"))
    assert not alike(gradients(torch.mul, needs, None), gradients(torch.mul, needs, "0"))


@pytest.mark.parametrize("name", ["mul", "mm", "matmul", "pow", "nn.functional.linear"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_tensor_kept_through_a_view_does_not_see_other_data(name: str, place: int) -> None:
    """`x.data = v` reaches the gradient just where the argument itself is kept."""
    operator = facts.function(f"torch.{name}")
    assert operator is not None
    call, other = resolve(torch, name), operator.argument(1 - place)
    leaves = [X.clone().requires_grad_(place == 1), W.clone().requires_grad_(place == 0)]
    result = call(*leaves)
    assert isinstance(result, Tensor)
    (truth,) = torch.autograd.grad(result.sum(), leaves[1 - place], retain_graph=True)
    leaves[place].data = leaves[place].data * 2 + 1
    (swapped,) = torch.autograd.grad(result.sum(), leaves[1 - place])
    kept = {s for s in operator.saved([other]) if s.what == operator.argument(place)}
    assert kept
    assert torch.equal(truth, swapped) == all(saved.through_view for saved in kept)


# Writing


@pytest.mark.parametrize(
    "name",
    "__setitem__ __iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__ __ipow__ "
    "__iand__ __ior__ __ixor__ __ilshift__ __irshift__ apply_ map_ map2_ copy_ zero_ fill_ "
    "index_put_ masked_fill_ scatter_ normal_ clamp_ random_ fill_diagonal_".split(),
)
def test_an_in_place_method_writes_its_tensor(name: str) -> None:
    operator = facts.method(name)
    assert operator is not None
    assert operator.writes == {"input"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("torch.relu_", "input"),
        ("torch.sigmoid_", "input"),
        ("torch.nn.functional.elu_", "input"),
        ("torch._foreach_add_", "input"),
        ("torch._foreach_zero_", "input"),
        ("torch.nn.init.normal_", "tensor"),
        ("torch.nn.init.orthogonal_", "tensor"),
        ("torch.add", "out"),
        ("torch.fft.fft", "out"),
        ("torch.linalg.norm", "out"),
        ("torch.special.expit", "out"),
        ("torch.nn.functional.batch_norm", "running_mean"),
        ("torch.distributed.all_reduce", "tensor"),
        ("torch.embedding_renorm_", "input"),
    ],
)
def test_a_function_writes_an_argument(name: str, written: str) -> None:
    operator = facts.function(name)
    assert operator is not None
    assert written in operator.writes


@pytest.mark.parametrize("name", ["relu", "elu", "silu", "hardtanh", "dropout", "threshold"])
def test_inplace_makes_another_operator(name: str) -> None:
    plain = facts.function(f"torch.nn.functional.{name}")
    assert plain is not None
    assert plain.writes <= {"out"}
    changed = plain.given("inplace")
    assert changed is not None
    assert changed.writes == {"input"}
    assert changed.sharing is Sharing.WRITTEN
    assert plain.given("no such keyword") is None


def test_a_norm_limit_writes_the_embedding() -> None:
    for plain, weight in (
        (facts.function("torch.nn.functional.embedding"), "weight"),
        (facts.module("torch.nn.Embedding"), ".weight"),
    ):
        assert plain is not None
        assert not plain.writes
        limited = plain.given("max_norm")
        assert limited is not None
        assert limited.writes == {weight}


def test_every_in_place_method_of_tensors_is_known() -> None:
    public = {n for n in dir(Tensor) if n.endswith("_") and not n.startswith("_")}
    assert facts.in_place_names() == public
    quiet = {"resize_", "resize_as_", "resize_as_sparse_", "share_memory_"}
    for name in sorted(public - quiet):
        operator = facts.method(name)
        assert operator is not None
        assert operator.metadata_only != (operator.writes == {"input"}), name


METADATA_ONLY = {
    "t_": (),
    "transpose_": (0, 1),
    "swapaxes_": (0, 1),
    "swapdims_": (0, 1),
    "squeeze_": (),
    "unsqueeze_": (0,),
    "as_strided_": ((2,), (1,)),
    "detach_": (),
    "requires_grad_": (),
    "set_": (X,),
}


def test_metadata_methods_leave_the_tensor_behind_data_as_it_was() -> None:
    said = {n for n in facts.in_place_names() if getattr(facts.method(n), "metadata_only", False)}
    assert said == METADATA_ONLY.keys()
    for name, args in METADATA_ONLY.items():
        x = W.clone()
        getattr(x.data, name)(*args)
        assert torch.equal(x, W), name


# Returning


@pytest.mark.parametrize(
    ("name", "sharing"),
    [
        ("view", Sharing.ALIAS),
        ("t", Sharing.ALIAS),
        ("transpose", Sharing.ALIAS),
        ("expand_as", Sharing.ALIAS),
        ("chunk", Sharing.ALIAS),
        ("detach", Sharing.ALIAS),
        ("numpy", Sharing.ALIAS),
        ("unsafe_chunk", Sharing.ALIAS),
        ("contiguous", Sharing.MAYBE),
        ("reshape", Sharing.MAYBE),
        ("flatten", Sharing.MAYBE),
        ("ravel", Sharing.MAYBE),
        ("to", Sharing.MAYBE),
        ("float", Sharing.MAYBE),
        ("type_as", Sharing.MAYBE),
        ("cuda", Sharing.MAYBE),
        ("cpu", Sharing.MAYBE),
        ("__getitem__", Sharing.MAYBE),
        ("clone", Sharing.FRESH),
        ("index_select", Sharing.FRESH),
        ("new_tensor", Sharing.FRESH),
        ("sigmoid", Sharing.FRESH),
        ("item", Sharing.NOT_A_TENSOR),
        ("size", Sharing.NOT_A_TENSOR),
        ("add_", Sharing.WRITTEN),
        ("copy_", Sharing.WRITTEN),
    ],
)
def test_a_method_returns_memory(name: str, sharing: Sharing) -> None:
    operator = facts.method(name)
    assert operator is not None
    assert operator.sharing is sharing


def test_every_unary_result_lies_where_the_table_says() -> None:
    for kind, name in callable_on(1):
        operator = facts.method(name) if kind == "method" else facts.function(f"torch.{name}")
        assert operator is not None
        x = X.clone()
        result = resolve(torch if kind == "function" else Tensor, name)(x)
        assert isinstance(result, Tensor)
        shared = result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
        allowed = {
            Sharing.FRESH: {False},
            Sharing.ALIAS: {True},
            Sharing.WRITTEN: {True},
            Sharing.MAYBE: {False, True},
            Sharing.NOT_A_TENSOR: set(),
        }
        assert shared in allowed[operator.sharing], name


@pytest.mark.parametrize(
    ("name", "tracked"),
    [("relu", True), ("max", True), ("detach", False), ("argmax", False), ("eq", False)],
)
def test_a_result_is_tracked_or_not(name: str, tracked: bool) -> None:
    operator = facts.method(name)
    assert operator is not None
    assert operator.tracked is tracked


# Modules


def module(name: str) -> Operator:
    found = facts.module(f"torch.nn.{name}")
    assert found is not None
    return found


def test_linear_keeps_its_input_for_its_weight_and_its_weight_for_its_input() -> None:
    linear = module("Linear")
    assert linear.saved(["input"]) == {Saved(".weight", through_view=True)}
    assert Saved("input") in linear.saved([".weight"])
    assert linear.saved([".bias"]) == set()
    assert linear.state == {".weight", ".bias"}


def test_an_embedding_keeps_indices_only() -> None:
    assert module("Embedding").saved([".weight"]) == {Saved("input")}


def test_batch_norm_reads_its_variance_when_evaluating_and_writes_it_when_training() -> None:
    norm = module("BatchNorm2d")
    assert Saved(".running_var") in norm.saved(["input"])
    assert {".running_mean", ".running_var"} <= norm.writes


def test_layers_are_counted_out() -> None:
    assert facts.own("weight_ih_l3_reverse") == ".weight_ih_l*_reverse"
    assert facts.own("layers.0.linear1.weight") == ".layers.*.linear1.weight"
    assert facts.own("0.weight") == ".*.weight"
    assert facts.own("linear1.weight") == ".linear1.weight"
    assert facts.own("weight_ih_l3") in module("LSTM").state
    assert facts.own("layers.5.linear1.weight") in module("TransformerEncoder").state


def test_modules_share_memory_or_not() -> None:
    assert module("Identity").sharing is Sharing.ALIAS
    assert module("Flatten").sharing is Sharing.MAYBE
    assert module("Dropout").sharing is Sharing.MAYBE
    assert module("ReLU").sharing is Sharing.FRESH
    inplace = module("ReLU").given("inplace")
    assert inplace is not None
    assert inplace.writes == {"input"}


def test_every_layer_of_torch_but_containers_is_known() -> None:
    containers = {
        "Container", "DataParallel", "Module", "ModuleDict", "ModuleList", "ParameterDict",
        "ParameterList", "Sequential", "RNNBase", "RNNCellBase",
    }  # fmt: skip
    for name, kind in vars(nn).items():
        if isinstance(kind, type) and issubclass(kind, nn.Module) and name not in containers:
            assert facts.module(f"torch.nn.{name}") is not None, name


# Spelling


def test_one_operator_by_all_its_names() -> None:
    spelled = [
        facts.method("sigmoid"),
        facts.function("torch.sigmoid"),
        facts.function("torch.Tensor.sigmoid"),
    ]
    assert spelled[0] is not None
    assert spelled == [spelled[0]] * 3
    for alias in "torch.special.expit", "torch.nn.functional.sigmoid":
        operator = facts.function(alias)
        assert operator is not None
        assert operator.saves == spelled[0].saves


def test_unknown_names() -> None:
    assert facts.function("torch.no_such") is None
    assert facts.function("numpy.add") is None
    assert facts.method("no_such") is None
    assert facts.method("cat") is None
    assert facts.module("torch.nn.NoSuch") is None
    assert facts.module("keras.Linear") is None
    assert facts.attribute("no_such") is None


def test_attributes() -> None:
    for name, sharing in (
        ("T", Sharing.ALIAS),
        ("data", Sharing.ALIAS),
        ("shape", Sharing.NOT_A_TENSOR),
    ):
        operator = facts.attribute(name)
        assert operator is not None
        assert operator.sharing is sharing


def test_arguments_by_place_and_keyword() -> None:
    where, method, einsum = (
        facts.function("torch.where"),
        facts.method("where"),
        facts.function("torch.einsum"),
    )
    assert where is not None
    assert method is not None
    assert einsum is not None
    assert [where.argument(i) for i in range(3)] == ["condition", "input", "other"]
    assert [method.argument(i) for i in range(3)] == ["input", "condition", "other"]
    assert [method.argument(n) for n in ("self", "other")] == ["input", "other"]
    assert [einsum.argument(i) for i in range(3)] == ["args"] * 3
    assert where.argument(9) == "#9"


# The tables themselves


def rows(table: str) -> list[list[str]]:
    text = facts.TABLES[table].read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("table", ["observed", "curated"])
def test_every_row_can_be_read(table: str) -> None:
    names = set()
    for row in rows(table):
        operator = facts.parse("\t".join(row))
        assert operator.name == row[0]
        assert all(saved.what for kept in operator.saves.values() for saved in kept)
        names |= {(kind, row[0]) for kind in row[1].split(",")}
    assert len(names) == sum(len(row[1].split(",")) for row in rows(table))


def test_every_curated_row_has_a_reason_and_says_something_new() -> None:
    observed = {(kind, row[0]): row[2:] for row in rows("observed") for kind in row[1].split(",")}
    for row in rows("curated"):
        assert len(row) == 9
        assert row[8]
        for kind in row[1].split(","):
            assert observed.get((kind, row[0])) != row[2:8], row[0]


def test_looking_up_needs_no_torch() -> None:
    code = "import sys; from datalint.ops import facts; facts.method('add'); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
