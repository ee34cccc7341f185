"""Whether a gradient depends on the values of what was saved for it.

Much of what autograd keeps is kept for its shape, or for the gradient of another argument:
`avg_pool2d` keeps its input, and nobody who writes that harms anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from datalint.ops.facts import RESULT, Saved
from datalint.ops.observe.calls import differentiable, items, tensors

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.ops.observe.calls import Call

    Change = Callable[[torch.Tensor], torch.Tensor]

#: Other values for a saved tensor. Indices stay in range; a mask or a sign may need the
#: second or the third to tell, `nan_to_num` the last.
FLOATS: tuple[Change, ...] = (
    lambda t: t * -1.7 + 0.3,
    torch.zeros_like,
    lambda t: t * 3.1 + 2,
    lambda t: t * torch.nan,
)
INTEGERS: tuple[Change, ...] = (lambda t: t.flip(tuple(range(t.dim()))), torch.zeros_like)
BOOLEANS: tuple[Change, ...] = (torch.logical_not, torch.zeros_like, torch.ones_like)


def matters(call: Call, needing: str, saved: Saved) -> bool:
    """Whether other values in what was saved give another gradient with respect to `needing`."""
    truth = _gradient(call, needing, saved, None)
    return any(
        (gradient := _gradient(call, needing, saved, i)) is None
        or truth is None
        or not all(map(_close, gradient, truth))
        for i in range(len(FLOATS))
    )


def _gradient(
    call: Call, needing: str, saved: Saved, change: int | None
) -> list[torch.Tensor] | None:
    """The gradients after one of the changes to what was saved; None if there are none to get."""
    stage = call.stage(needing)
    result = stage.run()
    kept = [t for name, t in stage.given if name == saved.what]
    if saved.what == RESULT:
        kept = [t for place, t in items(result) if saved.item in (None, place)]
    if change is not None:
        for tensor in kept:
            _overwrite(tensor.data, change)
    results = list(tensors(result)) or [tensor for _, tensor in stage.given]
    outputs = [t for t in results if t.requires_grad and t.layout is torch.strided]
    if not outputs:
        return []
    torch.default_generator.manual_seed(1)
    incoming = [torch.randn_like(t) for t in outputs]
    try:
        found = torch.autograd.grad(outputs, stage.leaves, incoming, allow_unused=True)
    except RuntimeError:
        return (
            None  # without a gradient there is nothing to compare: take torch's word that it saves
        )
    return [torch.zeros(()) if g is None else g for g in found]


def _overwrite(tensor: torch.Tensor, change: int) -> None:
    if tensor.layout is not torch.strided:
        tensor = tensor.values() if tensor.is_coalesced() else tensor
    values = BOOLEANS if tensor.dtype is torch.bool else INTEGERS
    values = FLOATS if differentiable(tensor) else values
    tensor.copy_(values[change % len(values)](tensor))


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Alike but for rounding: linear algebra adds up in an order that memory decides."""
    one, other = one.to_dense(), other.to_dense()
    return torch.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors have the same values, NaN included."""
    if one.layout is not torch.strided:
        one, other = one.to_dense(), other.to_dense()
    if one.shape != other.shape:
        return False
    return bool(((one == other) | ((one != one) & (other != other))).all())


def layout(tensor: torch.Tensor) -> tuple[object, ...]:
    """How a tensor lies on its memory."""
    strides = tensor.stride() if tensor.layout is torch.strided else None
    return tensor.layout, tensor.shape, strides
