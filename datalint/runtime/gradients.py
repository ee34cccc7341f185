"""What a backward is about to compute, beside what it would by the tensors as they were saved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from datalint.runtime.copies import same_values
from datalint.runtime.corruption import Gradient
from datalint.runtime.names import named
from datalint.runtime.saved import Gradients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from datalint.runtime.saved import Saved

#: How many entries of a gradient are shown.
_FEW = 4
#: Less than this, by the norm, is what rounding does where an order is not fixed.
_ROUNDING = 1e-6

#: A gradient for each target that one reached.
Grads = tuple[Tensor | None, ...]


def compare(
    run_backward: Callable[..., Any],
    roots: Sequence[Any],
    weights: Sequence[Any],
    inputs: Sequence[Any],
    changed: Sequence[Saved],
    rehearse: Callable[[Sequence[Saved], Callable[[], Any]], Any],
) -> None:
    """Tell each saved tensor that changed which gradients it makes wrong.

    The backward is run with all of them as they were saved, as it is, and once for each place
    that wrote; nothing is freed or accumulated by that. `rehearse` puts the given ones right.
    """
    targets = tuple(inputs) or tuple(_leaves(roots))
    if not targets:
        return

    def grads(repaired: Sequence[Saved]) -> Grads:
        result: Grads = rehearse(
            repaired,
            lambda: run_backward(
                roots, weights, True, False, targets, allow_unreachable=True, accumulate_grad=False
            ),
        )
        return result

    state = torch.get_rng_state()
    try:
        meant, got = grads(changed), grads(())
        names = named([target for target in targets if isinstance(target, Tensor)])
        wrong = _wrong(targets, names, meant, got)
        groups = _by_place(changed)
        for group in groups:
            others = [saved for saved in changed if saved not in group]
            # Of several writes one may be harmless, which shows when only it is left in place.
            alone = got if len(groups) == 1 else grads(others)
            harmful = _wrong(targets, names, meant, alone)
            for saved in group:
                saved.gradients = Gradients(wrong if harmful else ())
    except Exception as error:  # whatever keeps this backward from being run twice
        reason = " ".join(str(error).split())
        for saved in changed:
            saved.gradients = Gradients(
                unknown=f"the gradient that was meant is not known: {reason}"
            )
    finally:
        torch.set_rng_state(state)


def _by_place(changed: Sequence[Saved]) -> list[list[Saved]]:
    groups: dict[Any, list[Saved]] = {}
    for saved in changed:
        groups.setdefault(saved.written or saved.assigned, []).append(saved)
    return list(groups.values())


def _leaves(roots: Sequence[Any]) -> Iterable[Tensor]:
    """The leaves that a backward from here accumulates into."""
    nodes = [root.grad_fn if isinstance(root, Tensor) else root.node for root in roots]
    leaves = {id(r): r for r in roots if isinstance(r, Tensor) and r.is_leaf and r.requires_grad}
    seen = set()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, Tensor):
            leaves[id(leaf)] = leaf
        nodes.extend(next_node for next_node, _ in node.next_functions)
    return leaves.values()


def _wrong(
    targets: Sequence[Any], names: dict[int, str], meant: Grads, got: Grads
) -> tuple[Gradient, ...]:
    """The gradients that differ, the one that is relatively worst first."""
    found = []
    for target, right, is_now in zip(targets, meant, got, strict=True):
        if right is None or is_now is None or right.layout is not torch.strided:
            continue
        gradient = _gradient(target, names, right.detach(), is_now.detach())
        if gradient is not None:
            found.append(gradient)
    found.sort(key=lambda g: -math.inf if math.isnan(g.off) else -g.off / (g.meant or 1e-30))
    return tuple(found)


def _gradient(target: Any, names: dict[int, str], meant: Tensor, got: Tensor) -> Gradient | None:
    if same_values(meant, got):
        return None
    shape = tuple(meant.shape)
    name = names.get(id(target), f"a tensor of shape {list(shape)}")
    a, b = _flat(meant), _flat(got)
    if a.shape != b.shape:
        off, first = math.inf, 0
    else:
        difference = (a - b).abs().nan_to_num(nan=math.inf)
        off, worst = _norm(a - b), int(difference.argmax())
        if off <= _ROUNDING * max(_norm(a), _norm(b)):
            return None
        first = 0 if a.numel() <= _FEW or worst < _FEW else worst
    shown = slice(first, first + _FEW)
    return Gradient(
        name, shape, _norm(a), _norm(b), off, tuple(a[shown].tolist()), tuple(b[shown].tolist())
    )


def _flat(tensor: Tensor) -> Tensor:
    """As double numbers in a row, of complex ones the absolute values."""
    return (tensor.abs() if tensor.is_complex() else tensor).double().flatten()


def _norm(tensor: Tensor) -> float:
    return float(tensor.norm())
