"""The calls in torch's own operator database, under every public spelling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode
from torch.testing._internal import common_methods_invocations as database

from datalint.ops.observe.names import Spelling, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Samples of one operator and dtype, spread evenly over those there are.
SAMPLES = {torch.float64: 12, torch.complex128: 2, torch.int64: 2, torch.bool: 1}


@dataclass(frozen=True, slots=True)
class Call:
    """A public function or method, and arguments for it."""

    spelling: Spelling
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def calls() -> Iterator[Call]:
    """Every sample, made by every variant of its operator."""
    for operator in database.op_db:
        variants = [v for v in _variants(operator) if v is not None]
        for sample in _samples(operator):
            for variant in variants:
                yield from recorded(variant, (sample.input, *sample.args), sample.kwargs)


def _variants(operator: Any) -> Iterator[Callable[..., Any] | None]:
    for form in (operator, *operator.aliases):
        yield from (form.op, form.method_variant, form.inplace_variant)
    yield from (operator.operator_variant, operator.inplace_operator_variant)


def _samples(operator: Any) -> Iterator[Any]:
    for dtype, count in SAMPLES.items():
        if dtype in operator.supported_dtypes("cpu"):
            torch.manual_seed(0)
            samples = list(operator.sample_inputs("cpu", dtype))
            yield from samples[:: -(-len(samples) // count) or 1]


def recorded(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Call]:
    """The public calls `function` amounts to: itself, or those made by a wrapper around them."""
    if names := spellings().get(id(function)):
        return [Call(name, args, kwargs) for name in names]
    with _Recorder() as recorder:
        function(*args, **kwargs)
    return recorder.calls


class _Recorder(TorchFunctionMode):
    """Notes the outermost torch functions called while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for name in spellings().get(id(func), ()):
            self.calls.append(Call(name, tuple(args), dict(kwargs or {})))
        return func(*args, **(kwargs or {}))
