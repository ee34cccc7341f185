"""The oracle is believed by every other test, so it is tried first."""

from __future__ import annotations

from textwrap import dedent

import pytest
import torch

from tests.oracle import (
    execute,
    execute_with_snapshots,
    same,
    with_clone,
    with_cures,
    with_detach,
    without_lines,
)


def program(body: str) -> str:
    """A program whose `run` is `body`."""
    head = "import torch\nfrom torch import nn\n"
    return head + "def run():\n" + "".join(f"    {line}\n" for line in dedent(body).split("\n"))


SIGMOID = """
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x.sigmoid()
{write}
y.sum().backward()
return {{"x": x.grad}}
"""


def test_a_silent_corruption_is_seen_against_the_snapshots() -> None:
    source = program(SIGMOID.format(write="y.data.zero_()"))
    assert execute(source).gradients["x"].tolist() == [0.0, 0.0, 0.0]
    truth = execute_with_snapshots(source)
    assert torch.allclose(truth.gradients["x"], torch.tensor([0.1966, 0.1050, 0.0452]), atol=1e-4)
    assert not same(execute(source), truth)


def test_detach_makes_it_loud() -> None:
    source = with_detach(program(SIGMOID.format(write="y.data.zero_()")))
    outcome = execute(source)
    assert outcome.modified
    assert outcome.error is not None and outcome.error.startswith("RuntimeError: ")
    assert execute_with_snapshots(source).error is None


def test_a_second_backward_is_no_evidence() -> None:
    outcome = execute(program(SIGMOID.format(write="y.sum().backward()")))
    assert outcome.error is not None and "a second time" in outcome.error
    assert not outcome.modified


def test_programs_without_a_write_equal_their_snapshots() -> None:
    source = program("""
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(),
                            nn.Dropout(0.5), nn.Linear(8, 3))
        x = torch.randn(4, 1, 4, 4)
        nn.functional.cross_entropy(net(x), torch.tensor([0, 1, 2, 1])).backward()
        return {name: p.grad for name, p in net.named_parameters()}
    """)
    assert len(execute(source).gradients) == 6
    assert same(execute(source), execute_with_snapshots(source))


def test_the_running_statistics_of_a_train_mode_batch_norm_disturb_nothing() -> None:
    source = program("""
        norm = nn.BatchNorm1d(3)
        x = torch.randn(5, 3, requires_grad=True)
        loss = norm(x).pow(2).sum() + norm(x * 2).pow(3).sum()
        loss.backward()
        return {"x": x.grad, "weight": norm.weight.grad}
    """)
    assert same(execute(source), execute_with_snapshots(source))


@pytest.mark.parametrize("op", ["exp", "sin", "sigmoid", "tanh", "sqrt", "reciprocal"])
def test_a_double_backward_goes_through_the_copies(op: str) -> None:
    source = program(f"""
        x = torch.tensor([0.5, 1.5], requires_grad=True)
        w = torch.tensor([2.0, 3.0], requires_grad=True)
        h = w * x
        y = torch.{op}(h) * w
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        (gg,) = torch.autograd.grad((g ** 2).sum(), x, create_graph=True)
        gg.sum().backward()
        return {{"x": x.grad, "w": w.grad}}
    """)
    outcome = execute(source)
    assert outcome.error is None
    assert same(outcome, execute_with_snapshots(source))


def test_a_write_between_the_two_backwards_of_a_create_graph_is_seen() -> None:
    source = program("""
        x = torch.tensor([0.5, 1.5], requires_grad=True)
        y = x.exp()
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        y.data.mul_(10)
        g.sum().backward()
        return {"x": x.grad}
    """)
    exp = torch.tensor([0.5, 1.5]).exp()
    assert torch.allclose(execute_with_snapshots(source).gradients["x"], exp)
    assert torch.allclose(execute(source).gradients["x"], 10 * exp)


def test_what_a_custom_function_saves_is_copied_and_what_it_stashes_is_not() -> None:
    source = program("""
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, h):
                ctx.save_for_backward(h)
                ctx.stash = h
                return h * h
            @staticmethod
            def backward(ctx, grad):
                (h,) = ctx.saved_tensors
                return grad * KEPT * 2
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        h = x + 0
        y = Square.apply(h)
        h.data.zero_()
        y.sum().backward()
        return {"x": x.grad}
    """)
    saved, stashed = source.replace("KEPT", "h"), source.replace("KEPT", "ctx.stash")
    assert execute_with_snapshots(saved).gradients["x"].tolist() == [2.0, 4.0]
    assert same(execute(stashed), execute_with_snapshots(stashed))
    assert execute(with_clone(stashed)).gradients["x"].tolist() == [2.0, 4.0]


def test_leaves_keep_their_identity() -> None:
    source = program("""
        w = nn.Parameter(torch.tensor([2.0, 3.0]))
        seen = []
        w.register_hook(lambda grad: seen.append(grad) or grad * 2)
        loss = (w * w).sum()
        w.data.mul_(5)
        loss.backward()
        assert len(seen) == 1
        return {"w": w.grad}
    """)
    assert execute_with_snapshots(source).gradients["w"].tolist() == [8.0, 12.0]
    assert execute(source).gradients["w"].tolist() == [40.0, 60.0]


def test_the_setter_is_seen() -> None:
    source = program("""
        w = torch.tensor([2.0], requires_grad=True)
        loss = (w ** 2).sum()
        w.data = torch.tensor([7.0])
        loss.backward()
        return {"w": w.grad}
    """)
    assert execute_with_snapshots(source).gradients["w"].item() == 4.0
    assert execute(source).gradients["w"].item() == 14.0


def test_a_program_leaves_nothing_behind() -> None:
    execute(program("torch.set_grad_enabled(False)\nraise ValueError('no')"))
    assert torch.is_grad_enabled()
    draw = program("return {'x': torch.rand(3)}")
    assert same(execute(draw), execute(draw))


def test_a_program_is_a_module_with_its_own_future() -> None:
    source = dedent("""
        from dataclasses import dataclass
        import copy, torch
        @dataclass
        class Pair:
            first: torch.Tensor
        def run():
            assert Pair.__annotations__ == {"first": torch.Tensor}
            return {"x": copy.deepcopy(Pair(torch.ones(1))).first}
    """)
    assert execute(source).error is None
    later = "from __future__ import annotations\n" + source.replace(
        "torch.Tensor}", "'torch.Tensor'}"
    )
    assert execute(later).error is None


def test_errors_are_told_with_their_type() -> None:
    assert execute(program("return {'x': undefined}")).error == (
        "NameError: name 'undefined' is not defined"
    )


def test_a_gradient_that_never_arrived_is_an_error() -> None:
    absent = program("x = torch.ones(1, requires_grad=True)\nreturn {'x': x.grad}")
    assert execute(absent).error == "ValueError: no gradient reached x"


def test_same_is_strict_about_keys_shapes_errors_and_lenient_about_nan() -> None:
    def returning(expression: str) -> str:
        return program(f"return {expression}")

    nan = execute(returning("{'x': torch.tensor([float('nan'), 1.0])}"))
    assert same(nan, nan)
    one = execute(returning("{'x': torch.ones(1)}"))
    assert not same(one, execute(returning("{'y': torch.ones(1)}")))
    assert not same(one, execute(returning("{'x': torch.ones(1, 1)}")))
    assert not same(one, execute(returning("{'x': torch.ones(1) * 1.01}")))
    error = execute(returning("1 / 0"))
    assert not same(error, error)


def test_detach_is_written_for_tensors_only_and_on_the_rows_asked_for() -> None:
    source = program("""
        class Batch:
            data = torch.ones(2, requires_grad=True)
        h = torch.ones(2, requires_grad=True).exp()
        Batch.data.sum().backward()
        Batch.data = 3
        getattr(h, "data").mul_(2)
        h.data += 1
        Batch.data *= 2
        h.data = h.data
        h.sum().backward()
        return {}
    """)
    everywhere = with_detach(source)
    assert everywhere.count("_detached(") == 4  # the helper itself and three plain reads
    assert "_augmented(_detached, h, _operator.iadd, 1)" in everywhere
    assert "_augmented(_detached, Batch, _operator.imul, 2)" in everywhere
    assert "h.data = _detached(h)" in everywhere
    assert execute(everywhere).modified
    rows = {n for n, line in enumerate(source.splitlines(), 1) if "getattr" in line}
    assert with_detach(source, rows).count("_detached(") == 2


def test_cures_replace_the_whole_innermost_statement() -> None:
    source = program("""
        h = torch.ones(2)
        if True:
            torch.clamp(
                h.data,
                max=1,
                out=h.data,
            )
        return {"h": h}
    """)
    row = next(n for n, line in enumerate(source.splitlines(), 1) if "max=1" in line)
    cured = with_cures(source, {row: "h = h.clamp(max=1); h = h * 3"})
    assert "        h = h.clamp(max=1); h = h * 3\n" in cured
    assert "out=" not in cured
    assert execute(cured).gradients["h"].tolist() == [3.0, 3.0]
    assert "        pass\n" in without_lines(source, {row})


def test_future_imports_stay_first() -> None:
    source = '"""Doc."""\nfrom __future__ import annotations\nimport torch\n'
    execute(with_detach(source + "def run():\n    return {'x': torch.ones(1).data}\n"))
    outcome = execute(with_clone(source + "def run():\n    return {'x': torch.ones(1).data}\n"))
    assert outcome.error is None
