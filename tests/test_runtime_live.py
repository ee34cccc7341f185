"""The witness on programs of its own: what it finds live, what it leaves alone, what it misses."""

from __future__ import annotations

import io
import shutil
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.graph import save_on_cpu, saved_tensors_hooks
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

from datalint.runtime import Corruption, Kind, watch
from datalint.runtime.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

both_modes = pytest.mark.parametrize("trace", [False, True], ids=["hooks", "traced"])
OPTIMIZERS = [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad]


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def seen(program: Callable[[], object], *, trace: bool = True) -> list[Corruption]:
    """What the witness tells of a program."""
    with watch(trace=trace) as witness:
        program()
    return witness.corruptions


def leaf(*values: float) -> Tensor:
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def row_of(place: object, text: str) -> None:
    """The place is a row of this file that holds the text."""
    row = place.row  # type: ignore[attr-defined]
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123
        assert text in file.read().splitlines()[row - 1]


@both_modes
def test_kron_saves_memory_with_another_version_counter(trace: bool) -> None:
    h, w = torch.ones(2) * 2, leaf(1.0, 2.0)

    def program() -> None:
        product = torch.kron(h, w)
        h.add_(1)
        product.sum().backward()

    (corruption,) = seen(program, trace=trace)
    assert not corruption.result
    if trace:
        row_of(corruption.written, "h.add_(1)")
        assert "`add_`" in corruption.through


@both_modes
@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)
def test_a_fused_optimizer_steps_between_two_backwards(
    kind: type[torch.optim.Optimizer], trace: bool
) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1))
    optimizer = kind(net.parameters(), lr=0.1, fused=True)  # type: ignore[call-arg]

    def program() -> None:
        loss = net(torch.ones(2, 3)).sum()
        loss.backward(retain_graph=True)
        optimizer.step()
        loss.backward()

    corruptions = seen(program, trace=trace)
    assert corruptions
    if trace:
        for corruption in corruptions:
            row_of(corruption.written, "optimizer.step()")
            assert "a fused optimizer" in corruption.through
            assert corruption.gradients[0].name.startswith("`net.0.")


@both_modes
def test_a_write_through_numpy(trace: bool) -> None:
    x = leaf()

    def program() -> None:
        y = x.exp()
        array = y.detach().numpy()
        np.multiply(array, 2.0, out=array)
        y.sum().backward()

    (corruption,) = seen(program, trace=trace)
    if trace:
        row_of(corruption.written, "np.multiply")
        row_of(corruption.alias, "y.detach().numpy()")
        (gradient,) = corruption.gradients
        assert gradient.name == "`x`"
        assert gradient.got_entries == pytest.approx([2 * e for e in gradient.meant_entries])


def test_memory_that_numpy_owns() -> None:
    array = np.ones(3, dtype=np.float32)
    batch, w = torch.from_numpy(array), leaf()

    def program() -> None:
        loss = (batch * w).sum()
        array[:] = 7.0
        loss.backward()

    (corruption,) = seen(program)
    row_of(corruption.written, "array[:] = 7.0")


@both_modes
def test_swapped_memory_is_what_backward_has_without_the_witness_too(trace: bool) -> None:
    def program() -> Tensor:
        x = leaf()
        y = (x**2).sum()
        x.data = torch.full((3,), 10.0)
        y.backward()
        assert x.grad is not None
        return x.grad

    without = program()
    assert without.tolist() == [20.0, 20.0, 20.0]
    with watch(trace=trace) as witness:
        assert torch.equal(program(), without)
    (corruption,) = witness.corruptions
    assert corruption.kind is Kind.SWAPPED
    if trace:
        row_of(corruption.written, "x.data = torch.full")


@both_modes
def test_an_assignment_to_a_result_changes_nothing(trace: bool) -> None:
    def program() -> None:
        y = (x := leaf()).exp()
        y.data = torch.zeros(3)
        y.sum().backward()
        assert x.grad is not None and torch.allclose(x.grad, x.detach().exp())

    program()
    assert seen(program, trace=trace) == []


@both_modes
@pytest.mark.parametrize("anomaly", [False, True])
def test_what_torch_would_have_raised_is_raised(trace: bool, anomaly: bool) -> None:
    def of_a_result() -> None:
        y = leaf().sigmoid()
        y.detach().zero_()
        y.sum().backward()

    def of_an_operand() -> None:
        h = leaf() * 2
        y = h * h
        h.mul_(2)
        y.sum().backward()

    def of_a_leaf() -> None:
        weight = leaf(2.0)
        y = weight**2
        with torch.no_grad():
            weight.add_(1)
        y.sum().backward()

    for program in (of_a_result, of_an_operand, of_a_leaf):
        with torch.autograd.set_detect_anomaly(anomaly, check_nan=False):
            with pytest.raises(RuntimeError, match="modified by an inplace") as plain:
                program()
            with watch(trace=trace) as witness, pytest.raises(RuntimeError) as watched:
                program()
        assert str(watched.value) == str(plain.value)
        assert witness.corruptions == []


@both_modes
def test_other_hooks_that_keep_an_alias_are_seen_through(trace: bool) -> None:
    def program() -> None:
        with save_on_cpu():
            y = leaf().exp()
        y.detach().zero_()
        y.sum().backward()

    (corruption,) = seen(program, trace=trace)
    assert corruption.node == "ExpBackward0"


@both_modes
def test_other_hooks_may_do_what_they_like_with_what_is_saved(trace: bool) -> None:
    def program() -> None:
        with saved_tensors_hooks(lambda t: t.to(torch.bfloat16), lambda t: t.float() + 1):
            y = leaf().exp()
        y.data.zero_()
        y.sum().backward()

    assert seen(program, trace=trace) == []


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.5)
        self.out = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu_(self.norm(self.convolution(x)))
        return self.out(self.dropout(hidden).mean((2, 3)))


def trained(step: Callable[[nn.Module, Tensor], Tensor], net: nn.Module) -> list[float]:
    """The losses of a few steps."""
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(3):
        loss = step(net, torch.randn(4, 1, 6, 6))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def plain(net: nn.Module, x: Tensor) -> Tensor:
    return net(x).square().mean()


def rematerialized(net: nn.Module, x: Tensor) -> Tensor:
    return checkpoint(net, x, use_reentrant=False).square().mean()


def reentrant(net: nn.Module, x: Tensor) -> Tensor:
    return checkpoint(net, x.requires_grad_(), use_reentrant=True).square().mean()


def mixed(net: nn.Module, x: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return net(x).float().square().mean()


def penalized(net: nn.Module, x: Tensor) -> Tensor:
    x.requires_grad_()
    loss = net(x).square().mean()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    return loss + gradient.square().sum()


def functional(net: nn.Module, x: Tensor) -> Tensor:
    weight = torch.func.grad(lambda w: F.conv2d(x, w).square().sum())(torch.ones(1, 1, 3, 3))
    each = torch.vmap(lambda image: image.mean() * weight.mean())(x)
    return net(x).square().mean() + each.sum().detach()


def loaded(net: nn.Module, x: Tensor) -> Tensor:
    workers = DataLoader(TensorDataset(x.detach()), batch_size=2, num_workers=1)
    return torch.stack([net(batch).square().mean() for (batch,) in workers]).sum()


@both_modes
@pytest.mark.parametrize(
    "step",
    [plain, rematerialized, reentrant, mixed, penalized, functional, loaded],
    ids=lambda step: step.__name__,
)
def test_training_is_as_without_and_no_false_alarm(
    step: Callable[[nn.Module, Tensor], Tensor], trace: bool
) -> None:
    torch.manual_seed(1)
    without = trained(step, _Net())
    torch.manual_seed(1)
    with watch(trace=trace) as witness:
        losses = trained(step, _Net())
    assert losses == without
    assert witness.observed == []


@both_modes
def test_running_statistics_of_evaluation_are_needed(trace: bool) -> None:
    norm = nn.BatchNorm1d(3).eval()
    x = torch.randn(4, 3, requires_grad=True)

    def program() -> None:
        y = norm(x).square().sum()
        assert isinstance(norm.running_var, Tensor)
        norm.running_var.data.mul_(9.0)
        y.backward()

    assert [corruption.node for corruption in seen(program, trace=trace)] != []


@pytest.mark.slow
@both_modes
def test_a_compiled_module_is_watched_where_it_is_entered(trace: bool) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    compiled = torch.compile(net, backend="aot_eager")
    x = torch.randn(2, 3)

    def program() -> Tensor:
        net.zero_grad()
        compiled(x).sum().backward()
        assert isinstance(net[0].weight, Tensor) and net[0].weight.grad is not None
        return net[0].weight.grad.clone()

    without = program()
    with watch(trace=trace) as witness:
        assert torch.equal(program(), without)
    assert witness.observed == []


@pytest.fixture
def _process_group(tmp_path: Path) -> Iterator[None]:
    before = sys.excepthook
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    dist.destroy_process_group()
    sys.excepthook = before  # it is replaced, and not given back


@both_modes
@pytest.mark.usefixtures("_process_group")
def test_distributed_training_on_one_process(trace: bool) -> None:
    def step(net: nn.Module, x: Tensor) -> Tensor:
        return plain(net, x)

    torch.manual_seed(1)
    without = trained(step, nn.parallel.DistributedDataParallel(_Net()))
    torch.manual_seed(1)
    with watch(trace=trace) as witness:
        losses = trained(step, nn.parallel.DistributedDataParallel(_Net()))
    assert losses == without
    assert witness.observed == []


class _Operators(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(
        self, func: object, types: object, args: tuple[object, ...] = (), kwargs: object = None
    ) -> object:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))  # type: ignore[operator,dict-item]


@both_modes
def test_a_program_that_follows_its_own_operators_sees_no_others(trace: bool) -> None:
    def program() -> list[str]:
        with _Operators() as operators:
            table = torch.arange(6.0).view(2, 3).requires_grad_()
            table[:, 1].exp().sum().backward()
        return operators.names

    without = program()
    with watch(trace=trace):
        assert program() == without


@both_modes
def test_a_second_backward_and_a_second_derivative_are_watched(trace: bool) -> None:
    def second_backward() -> None:
        y = leaf().exp()
        y.sum().backward(retain_graph=True)
        y.data.zero_()
        y.sum().backward()

    def second_derivative() -> None:
        x = leaf()
        (gradient,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        gradient.data.zero_()
        gradient.square().sum().backward()
        x.grad = None

    assert seen(second_backward, trace=trace)
    assert seen(second_derivative, trace=trace) == []


def test_a_change_without_consequence_is_told_by_tracing() -> None:
    def program() -> None:
        y = leaf().relu()
        y.data.mul_(0.5)
        y.sum().backward()

    assert seen(program) == []
    with watch(trace=True) as witness:
        program()
    assert [corruption.harmless for corruption in witness.observed] == [True]


def test_of_two_writes_only_the_harmful_one_is_told() -> None:
    def program() -> None:
        x = leaf()
        y, z = x.relu(), x.exp()
        y.data.mul_(0.5)
        z.data.mul_(0.5)
        (y + z).sum().backward()

    (corruption,) = seen(program)
    row_of(corruption.written, "z.data.mul_(0.5)")


def test_what_was_the_same_each_time_is_told_once() -> None:
    def program() -> None:
        for _ in range(5):
            y = leaf().exp()
            y.data.zero_()
            y.sum().backward()

    (corruption,) = seen(program)
    assert corruption.times == 5


class _Stash(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        ctx.x = x  # type: ignore[attr-defined]
        return x * x

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return 2 * ctx.x * gradient  # type: ignore[attr-defined,no-any-return]


def test_what_it_cannot_see() -> None:
    """README.md names these; each makes a gradient wrong."""
    scale = torch.ones(3)

    def on_ctx() -> None:
        h = leaf() + 1
        y = _Stash.apply(h)
        h.data.zero_()
        y.sum().backward()  # type: ignore[attr-defined]

    def in_a_closure() -> None:
        h = leaf() * 3
        h.register_hook(lambda gradient: gradient * scale)
        scale.data.zero_()
        h.sum().backward()

    def inside_of_a_checkpoint() -> None:
        w = leaf()
        y = checkpoint(lambda x: (x * w).tanh(), leaf(), use_reentrant=False)
        w.data.zero_()
        y.sum().backward()

    def in_another_thread() -> None:
        def work() -> None:
            y = leaf().exp()
            y.data.zero_()
            y.sum().backward()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    for program in (on_ctx, in_a_closure, inside_of_a_checkpoint, in_another_thread):
        assert seen(program) == []


def test_copies_take_no_more_memory_than_what_is_saved() -> None:
    saved: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor.detach()

    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    x = torch.randn(8, 16, 32)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        kept = layer(x)
        total = sum(saved.values())
        kept.sum().backward()
    with watch() as witness:
        layer(x).sum().backward()
    assert 0 < witness.copied <= total


def test_names_of_what_is_wrong_come_from_variables_and_modules() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.net = nn.Linear(3, 1)

        def step(self) -> None:
            hidden = torch.ones(2, 3) * 2
            loss = self.net(hidden).sum()
            hidden.data.zero_()
            loss.backward()

    (corruption,) = seen(Trainer().step)
    assert [gradient.name for gradient in corruption.gradients] == ["`self.net.weight`"]


def test_a_corruption_is_one_line() -> None:
    def program() -> None:
        y = leaf().exp()
        y.data.zero_()
        y.sum().backward()

    (corruption,) = seen(program)
    out = io.StringIO()
    print(corruption, file=out)
    assert out.getvalue().count("\n") == 1 and "ExpBackward0" in out.getvalue()


def test_a_loop_is_told_once_with_its_first_gradient() -> None:
    def program() -> None:
        for step in range(4):
            y = (leaf() * (step + 1)).exp()
            y.data.mul_(2.0)
            y.sum().backward()

    (corruption,) = seen(program)
    assert corruption.times == 4 and len(corruption.gradients) == 1


def test_a_tracer_that_is_there_already_stays_and_is_not_in_the_way() -> None:
    def program() -> None:
        y = leaf().exp()
        y.detach().numpy()[:] = 0.0
        y.sum().backward()

    def tracer(*_: object) -> None: ...

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        (corruption,) = seen(program)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert corruption.written is None and corruption.gradients


def test_lines_are_traced_no_longer_than_needed() -> None:
    before = sys.gettrace()

    def program() -> None:
        y = leaf().exp()
        y.detach().numpy()[:] = 0.0
        y.sum().backward()

    assert seen(program)
    assert sys.gettrace() is before


def test_a_program_whose_source_cannot_be_read_is_told_of() -> None:
    code = "y = x.exp()\ny.data.zero_()\ny.sum().backward()\n"
    (corruption,) = seen(lambda: exec(code, {"x": leaf()}))
    assert corruption.written is not None  # the line that calls `exec`
    row_of(corruption.written, "exec(code")


def test_one_place_that_spoils_several_tensors_is_one_finding() -> None:
    first, second = leaf(), leaf(4.0, 5.0, 6.0)
    optimizer = torch.optim.SGD([first, second], lr=0.1, fused=True)

    def program() -> None:
        loss = (first * first).sum()
        loss = loss + second.square().sum()
        loss.backward(retain_graph=True)
        optimizer.step()
        loss.backward()

    corruptions = seen(program)
    assert {corruption.node for corruption in corruptions} == {"MulBackward0", "PowBackward0"}
    findings = Findings()
    (finding,) = findings.report(corruptions).findings
    assert "by a fused optimizer (`_fused_sgd_`)" in finding.message
    assert "as 1 other saved tensor was" in finding.message
    assert findings.unplaced == []


@pytest.mark.slow
@both_modes
@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor compiles C++")
def test_what_inductor_compiles_is_no_false_alarm(trace: bool) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Dropout(0.5), nn.Linear(3, 1))
    compiled = torch.compile(net)
    with watch(trace=trace) as witness:
        for _ in range(3):
            compiled(torch.randn(4, 3)).sum().backward()
    assert witness.observed == []


def test_what_was_harmless_once_may_do_harm_later() -> None:
    def program() -> None:
        for factor in (0.5, 0.0):
            y = leaf().relu()
            y.data.mul_(factor)
            y.sum().backward()

    (corruption,) = seen(program)
    assert not corruption.harmless and corruption.gradients


def test_what_is_computed_from_an_alias_is_none() -> None:
    w = leaf(1.0, 2.0)

    def program() -> None:
        h = torch.ones(2).data * 2
        product = torch.kron(h, w)
        h.add_(1)
        product.sum().backward()

    (corruption,) = seen(program)
    assert corruption.alias is None and "`add_`" in corruption.through


def test_an_alias_of_an_alias_is_one() -> None:
    def program() -> None:
        y = leaf().exp()
        alias = y.data
        first, *_ = alias.view(3, 1).unbind()
        first.add_(1)
        y.sum().backward()

    (corruption,) = seen(program)
    row_of(corruption.alias, "alias = y.data")
    row_of(corruption.written, "first.add_(1)")


class _Noisy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x * 1

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient * torch.rand(3)


@both_modes
def test_what_backward_draws_is_the_same(trace: bool) -> None:
    def program() -> Tensor:
        torch.manual_seed(3)
        x = leaf()
        y = _Noisy.apply(x).exp()  # type: ignore[attr-defined]
        y.data.mul_(2.0)
        y.sum().backward()
        assert x.grad is not None
        return x.grad

    without = program()
    with watch(trace=trace) as witness:
        assert torch.equal(program(), without)
    assert witness.corruptions


def test_the_gradient_told_is_the_one_that_was_asked_for() -> None:
    def program() -> None:
        h = leaf() * 2
        y = h.exp()
        y.data.zero_()
        torch.autograd.grad(y.sum(), h)

    (corruption,) = seen(program)
    assert [gradient.name for gradient in corruption.gradients] == ["`h`"]
