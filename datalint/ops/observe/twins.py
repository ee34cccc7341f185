"""Other spellings of calls already at hand: `torch.exp_` of `Tensor.exp_`, `+=` of `add_`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from datalint.ops.observe.names import parameters, public

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from datalint.ops.observe.calls import Call
    from datalint.ops.observe.names import Spelling

#: What Python's operators are called, and the method each is.
DUNDERS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift", "neg": "neg", "pos": "positive", "abs": "abs",
    "invert": "bitwise_not", "eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge",
}  # fmt: skip


def twins(calls: Iterable[Call]) -> Iterator[Call]:
    """The same calls under public spellings that none of them has."""
    calls = list(calls)
    known = {call.spelling for call in calls}
    for call in calls:
        for spelling in _others(call.spelling):
            if spelling in public() and spelling not in known:
                kwargs = {k: v for k, v in call.kwargs.items() if k != "inplace"}
                other = replace(call, spelling=spelling, function=public()[spelling], kwargs=kwargs)
                if parameters(spelling) == call.parameters or spelling[1].startswith("__"):
                    yield replace(other, parameters=parameters(spelling))


def _others(spelling: Spelling) -> Iterator[Spelling]:
    kind, name = spelling
    yield ("function" if kind == "method" else "method"), name
    if kind == "method":
        yield "function", f"nn.functional.{name}"
        yield from (("method", f"__{d}__") for d, base in DUNDERS.items() if base == name)
        yield from (("method", f"__i{d}__") for d, base in DUNDERS.items() if base + "_" == name)
