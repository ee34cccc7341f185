"""What a write puts into a tensor: a constant, a mask's filling, something computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from datalint.flow.events import Kind
from datalint.flow.values import External, Tri, constant

if TYPE_CHECKING:
    from datalint.flow.run import Run
    from datalint.flow.values import Key, Value
    from datalint.ops.facts import Operator

#: From this magnitude on a filling is meant to vanish in a softmax or a comparison.
MASKING = 1e3
_ROUNDING = {"sign_", "sgn_", "round_", "floor_", "ceil_", "trunc_", "fix_"}
#: Operators that add to their input, and what they then are with `beta` or without `accumulate`.
_SHIFTING = {
    "add", "sub", "subtract", "addcmul", "addcdiv", "scatter_add", "index_add", "addmm", "addmv",
    "addr", "addbmm", "baddbmm", "_foreach_add", "_foreach_sub", "_foreach_addcmul",
    "_foreach_addcdiv",
}  # fmt: skip
_ACCUMULATING = {"index_put", "put", "index_reduce"}
_FILLING = {
    "zero_": (), "fill_": ("value",), "masked_fill_": ("value",), "index_fill_": ("value",),
    "fill_diagonal_": ("fill_value",), "__setitem__": ("value",), "full": ("fill_value",),
    "_foreach_zero_": (), "nn.init.constant_": ("val",), "nn.init.zeros_": (), "nn.init.ones_": (),
    "scatter_": ("value", "src"), "index_put_": ("values",),
}  # fmt: skip


def kind_of(run: Run, operator: Operator, named: dict[str, Value]) -> Kind:
    """The kind of a write by an in-place operator with these arguments."""
    name = operator.name
    if name in _ROUNDING:
        return Kind.STRAIGHT_THROUGH
    if _shifts(run, name, named):
        return Kind.SHIFT
    if name in _FILLING:
        values = [named[a] for a in _FILLING[name] if named.get(a)]
        return _filling(run, values) if values or not _FILLING[name] else Kind.COMPUTED
    return Kind.COMPUTED


def _shifts(run: Run, name: str, named: dict[str, Value]) -> bool:
    plain = name.removesuffix("_")
    if plain in _ACCUMULATING:
        return constant(named.get("accumulate", frozenset())) is True
    if plain not in _SHIFTING or "beta" in named:
        return False
    if "out" in named and run.tensors(named["out"]).keys() != run.tensors(named["input"]).keys():
        same = [_memory(run, named[a]) for a in ("out", "input")]
        if same[0] != same[1]:
            return False
    return not _tracked(run, [v for a, v in named.items() if a not in ("input", "out")])


def _memory(run: Run, value: Value) -> frozenset[Key]:
    return frozenset().union(*(t.storages for t in run.tensors(value).values()))


def _tracked(run: Run, values: list[Value]) -> bool:
    """Whether one of them is known to require grad; what is merely unknown mostly does not."""
    return any(t.tracked is Tri.YES for v in values for t in run.tensors(v).values())


def _filling(run: Run, values: list[Value]) -> Kind:
    kinds = {_magnitude(v) for v in values}
    if not kinds:
        return Kind.CONSTANT
    return kinds.pop() if len(kinds) == 1 else Kind.COMPUTED


def _magnitude(value: Value) -> Kind:
    number = constant(value)
    if isinstance(number, int | float):
        return Kind.MASKING if math.isinf(number) or abs(number) >= MASKING else Kind.CONSTANT
    names = {t.name for t in value if isinstance(t, External)}
    if names and names <= {"math.inf", "numpy.inf", "torch.inf", "numpy.NINF"}:
        return Kind.MASKING
    return Kind.COMPUTED
