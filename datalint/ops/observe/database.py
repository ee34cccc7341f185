"""The calls in torch's own operator databases, under every public spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode
from torch.testing._internal import common_methods_invocations as database

from datalint.ops.observe.calls import Call
from datalint.ops.observe.names import parameters, public, spellings
from datalint.ops.observe.samples import telling_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The dtypes in which an operator is seen, and how many samples of it at most.
SAMPLES = {torch.float64: 100, torch.complex128: 10, torch.int64: 5, torch.bool: 5}

FOREACH = (
    *database.foreach_unary_op_db,
    *database.foreach_binary_op_db,
    *database.foreach_pointwise_op_db,
    *database.foreach_reduce_op_db,
    *database.foreach_other_op_db,
)


def calls() -> Iterator[Call]:
    """Every sample, made by every variant of its operator."""
    for operator in (*database.op_db, *FOREACH):
        variants = {id(v): v for v in _variants(operator) if v is not None}
        for sample in _samples(operator):
            for variant in variants.values():
                yield from recorded(variant, (sample.input, *sample.args), sample.kwargs)


def _variants(operator: Any) -> Iterator[Callable[..., Any] | None]:
    for form in (operator, *operator.aliases):
        yield from (form.op, form.method_variant, form.inplace_variant)
    yield from (operator.operator_variant, operator.inplace_operator_variant)


def _samples(operator: Any) -> Iterator[Any]:
    for dtype, count in SAMPLES.items():
        if dtype in operator.supported_dtypes("cpu"):
            torch.default_generator.manual_seed(0)
            # Not `sample_inputs`, which walks the stack at every sample to name it in reports.
            samples = operator.sample_inputs_func(operator, "cpu", dtype, requires_grad=False)
            yield from telling_first(samples, _arguments)[:count]


def _arguments(sample: Any) -> dict[object, Any]:
    given: dict[object, Any] = dict(enumerate((sample.input, *sample.args)))
    return given | dict(sample.kwargs)


def recorded(
    function: Callable[..., Any], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
) -> list[Call]:
    """The public calls `function` amounts to: itself, or those made by a wrapper around them."""
    kwargs = kwargs or {}
    if names := spellings().get(id(function)):
        return [Call(name, public()[name], parameters(name), args, kwargs) for name in names]
    recorder = _Recorder()
    try:
        with recorder:
            function(*args, **kwargs)
    except (RuntimeError, TypeError, AssertionError):
        return []  # for another device, or in place for another shape, or + without alpha=
    return recorder.calls


class _Recorder(TorchFunctionMode):
    """Notes the outermost torch functions called while it is active, and what they got."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for name in spellings().get(id(func), ()):
            call = Call(name, public()[name], parameters(name), tuple(args), dict(kwargs or {}))
            self.calls.append(call.kept())
        return func(*args, **(kwargs or {}))
