"""Makes one call in every way that matters and says what torch saved, wrote and returned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import saved_tensors_hooks

from datalint.ops.facts import RESULT, Saved, Sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


@dataclass(slots=True)
class Sight:
    """What was seen of one operator, over all calls so far."""

    saves: dict[str, set[Saved]] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)
    sharing: set[Sharing] = field(default_factory=set)
    tracked: bool = False

    def add(self, other: Sight) -> None:
        """Take over what another call showed."""
        for name, saved in other.saves.items():
            self.saves.setdefault(name, set()).update(saved)
        self.writes |= other.writes
        self.sharing |= other.sharing
        self.tracked |= other.tracked


def watch(
    function: Callable[..., Any],
    parameters: Sequence[str],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Sight:
    """Call once with no gradient needed, then once for every argument that could need one."""
    names = [_name(parameters, i) for i in range(len(args))]
    sight = _watch_plain(function, names, args, kwargs)
    for needing in dict.fromkeys(n for n, t in _named(names, args, kwargs) if _differentiable(t)):
        saved, tracked = _watch_saving(function, names, args, kwargs, needing)
        sight.saves.setdefault(needing, set()).update(saved)
        sight.tracked |= tracked
    return sight


def _name(parameters: Sequence[str], position: int) -> str:
    if position < len(parameters) and not parameters[position].startswith("*"):
        return parameters[position]
    if parameters and parameters[-1].startswith("*"):
        return parameters[-1][1:]
    return f"#{position}"


def _watch_plain(
    function: Callable[..., Any], names: list[str], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Sight:
    args, kwargs = _copied(args), _copied(dict(kwargs))
    given = list(_named(names, args, kwargs))
    before = [(t.clone(), t.shape, t.stride()) for _, t in given]
    torch.manual_seed(0)
    result = function(*args, **kwargs)
    sight = Sight()
    for (name, tensor), (old, shape, stride) in zip(given, before, strict=True):
        if (tensor.shape, tensor.stride()) != (shape, stride) or not _same(tensor, old):
            sight.writes.add(name)
    sight.sharing.add(_sharing(result, given, sight.writes))
    return sight


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(one, other) or torch.equal(
        torch.nan_to_num(one.resolve_conj()), torch.nan_to_num(other.resolve_conj())
    )


def _sharing(result: Any, given: list[tuple[str, torch.Tensor]], written: set[str]) -> Sharing:
    results = [t for t in tensors(result) if t.numel()]
    if not any(True for _ in tensors(result)):
        return Sharing.NOT_A_TENSOR
    for name, tensor in given:
        if any(t is tensor for t in results) and name in written:
            return Sharing.WRITTEN
    shared = any(same_memory(t, tensor) for _, tensor in given for t in results)
    return Sharing.ALIAS if shared else Sharing.FRESH


def _watch_saving(
    function: Callable[..., Any],
    names: list[str],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    needing: str,
) -> tuple[set[Saved], bool]:
    """What is kept if just `needing` needs a gradient, and whether the result then does."""
    torch.manual_seed(0)
    args, kwargs = _copied(args), _copied(dict(kwargs))
    args = [_leaves(a) if n == needing else a for n, a in zip(names, args, strict=True)]
    kwargs = {n: _leaves(a) if n == needing else a for n, a in kwargs.items()}
    packed: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        packed.append(tensor)
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        result = function(*args, **kwargs)
    given = list(_named(names, args, kwargs))
    tracked = any(t.requires_grad for t in tensors(result))
    return set(attribute(packed, given, result)), tracked


def attribute(
    packed: list[torch.Tensor], given: list[tuple[str, torch.Tensor]], result: Any
) -> Iterator[Saved]:
    """Whose memory each packed tensor is: an argument's, the result's, or nobody's.

    A hook is handed the very argument where the argument itself is kept, and some other tensor
    on the same memory where a view of it is: only the former sees what `x.data = v` puts there.
    """
    results = list(tensors(result))
    for tensor in packed:
        owners = [(n, t) for n, t in given if same_memory(t, tensor)]
        mine = [i for i, t in enumerate(results) if same_memory(t, tensor)]
        if owners and not (mine and any(t is results[i] for _, t in owners for i in mine)):
            yield from {Saved(n, through_view=t is not tensor) for n, t in owners}
        elif mine:
            alone = len(results) == 1 or isinstance(result, list)
            yield from {Saved(RESULT, item=None if alone else i) for i in mine}


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in a value, through lists, tuples and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def same_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors lie in one storage. Empty ones all claim address 0."""
    if one.layout is not torch.strided or other.layout is not torch.strided:
        return one is other
    a, b = one.untyped_storage(), other.untyped_storage()
    return bool(a.data_ptr()) and a.data_ptr() == b.data_ptr()


def _named(
    names: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in [*zip(names, args, strict=True), *kwargs.items()]:
        for tensor in tensors(value):
            yield name, tensor


def _differentiable(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _copied(value: Any) -> Any:
    """The same value with every tensor in memory of its own."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return _rebuilt(value, _copied)


def _leaves(value: Any) -> Any:
    """Every floating tensor needs a gradient, and may be written: a leaf may not."""
    if isinstance(value, torch.Tensor):
        return value.requires_grad_().clone() if _differentiable(value) else value
    return _rebuilt(value, _leaves)


def _rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [change(v) for v in value]
    if type(value) is tuple:
        return tuple(change(v) for v in value)
    if isinstance(value, dict):
        return {k: change(v) for k, v in value.items()}
    return value
