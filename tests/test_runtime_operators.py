"""Every operator of torch's own database under the witness: no operator is a false alarm."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor

from datalint.runtime import watch

if TYPE_CHECKING:
    from collections.abc import Iterator


def _tensors(result: Any) -> Iterator[Tensor]:
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, list | tuple):
        for one in result:
            yield from _tensors(one)


def backward(operator: Any, sample: Any) -> None:
    """Call an operator and let a gradient flow back through all that it returns."""
    results = _tensors(operator(sample.input, *sample.args, **sample.kwargs))
    wanted = [r for r in results if r.requires_grad and r.numel()]
    if wanted:
        torch.autograd.backward(wanted, [torch.ones_like(r) for r in wanted])


@pytest.mark.slow
def test_no_operator_is_a_false_alarm() -> None:
    # To import this takes five seconds, which who runs the quick tests does without.
    from torch.testing._internal.common_methods_invocations import op_db

    alarms, ran = [], 0
    for operator in op_db:
        if torch.float32 not in operator.supported_backward_dtypes("cpu"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for sample in operator.sample_inputs_func(
                operator, "cpu", torch.float32, requires_grad=True
            ):
                with watch() as witness:
                    try:
                        backward(operator, sample)
                    except RuntimeError as error:
                        assert "modified by an inplace" not in str(error), operator.name
                ran += 1
                alarms += [(operator.name, str(c)) for c in witness.observed]
    assert not alarms
    assert ran > 3000
