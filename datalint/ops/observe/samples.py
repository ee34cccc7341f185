"""Which of an operator's many samples to look at first: those that show something new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch

from datalint.ops.observe.calls import tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Sample = TypeVar("Sample")


def telling_first(
    samples: Iterable[Sample], arguments: Callable[[Sample], Mapping[Any, Any]]
) -> list[Sample]:
    """The samples with an option, a rank or a sign that no earlier one has, then the others."""
    telling: list[Sample] = []
    others: list[Sample] = []
    seen: set[object] = set()
    for sample in samples:
        shown = set(_features(arguments(sample)))
        (telling if shown - seen else others).append(sample)
        seen |= shown
    return telling + others


def _features(arguments: Mapping[Any, Any]) -> Iterator[object]:
    if any(not tensor.numel() for tensor in tensors(list(arguments.values()))):
        return  # nothing is to be seen in empty tensors
    for place, value in arguments.items():
        if isinstance(value, torch.Tensor):
            yield place, value.dim(), value.dtype, value.numel() > 1
        elif isinstance(value, float | int) and not isinstance(value, bool):
            yield place, type(value), (value > 0) - (value < 0)
        else:
            yield place, repr(value) if isinstance(value, bool | str | None) else type(value)
