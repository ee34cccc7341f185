"""Makes a call in every way that matters and says what torch saved, wrote and returned."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import saved_tensors_hooks

from datalint.ops.facts import RESULT, Saved, Sharing
from datalint.ops.observe.calls import Stage, differentiable, items, tensors
from datalint.ops.observe.effect import layout, matters, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datalint.ops.observe.calls import Call

#: After so many calls in which it did not matter what was kept, it never does.
TRIALS = 150


@dataclass(slots=True)
class Sight:
    """What was seen of one operator, over all calls so far."""

    saves: dict[str, set[Saved]] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)
    sharing: set[Sharing] = field(default_factory=set)
    tracked: bool = False
    #: A module's own parameters and buffers.
    state: set[str] = field(default_factory=set)
    #: How often what is kept for an argument did not matter to its gradient.
    doubts: Counter[tuple[str, Saved]] = field(default_factory=Counter)


def watch(call: Call, sight: Sight) -> None:
    """Make a call once with no gradient needed, then for every argument that could need one."""
    plain = call.stage()
    sight.state |= {name for name, _ in plain.given if name.startswith(".")}
    _watch_memory(plain, sight)
    if Sharing.ALIAS in sight.sharing:
        # What is a view of this argument may be a copy of another: `contiguous`, `reshape`.
        _watch_scattered(call, sight)
    for needing in dict.fromkeys(name for name, tensor in plain.given if differentiable(tensor)):
        _watch_saving(call, needing, sight)


def _watch_memory(stage: Stage, sight: Sight) -> None:
    before = [(tensor.clone(), layout(tensor)) for _, tensor in stage.given]
    result = stage.run()
    sight.writes |= {
        name
        for (name, tensor), (values, form) in zip(stage.given, before, strict=True)
        if layout(tensor) != form or not same(tensor, values)
    }
    sight.sharing |= _sharing(result, stage.given, sight.writes)


def _watch_scattered(call: Call, sight: Sight) -> None:
    try:
        _watch_memory(call.stage(scattered=True), sight)
    except RuntimeError:
        return  # `view` and its like refuse: they never copy


def _sharing(result: Any, given: list[tuple[str, torch.Tensor]], written: set[str]) -> set[Sharing]:
    results = list(tensors(result))
    if not results:
        return {Sharing.NOT_A_TENSOR}
    if any(t is tensor for name, tensor in given if name in written for t in results):
        return {Sharing.WRITTEN}
    if any(same_memory(t, tensor) for _, tensor in given for t in results):
        return {Sharing.ALIAS}
    # Nothing can be said of an empty result, but that there is one.
    return {Sharing.FRESH} if any(t.numel() for t in results) else set()


def _watch_saving(call: Call, needing: str, sight: Sight) -> None:
    """Add what is kept if just `needing` needs a gradient, where that gradient depends on it."""
    stage = call.stage(needing)
    packed: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        packed.append(tensor)
        return tensor

    try:
        with saved_tensors_hooks(pack, lambda tensor: tensor):
            result = stage.run()
    except RuntimeError:
        return  # torch refuses: there is no gradient with respect to this argument
    sight.tracked |= any(t.requires_grad for t in tensors(result))
    known = sight.saves.setdefault(needing, set())
    # A list function returns a tuple whose elements are all alike.
    result = list(result) if call.spelling[1].startswith("_foreach_") else result
    for saved in set(_owners(packed, stage.given, result)) - known:
        sight.doubts[needing, saved] += 1
        if sight.doubts[needing, saved] <= TRIALS and matters(call, needing, saved):
            known.add(saved)


def _owners(
    packed: list[torch.Tensor], given: list[tuple[str, torch.Tensor]], result: Any
) -> Iterator[Saved]:
    """Whose memory each packed tensor is: an argument's, the result's, or nobody's.

    A hook is handed the very argument where the argument itself is kept, and some other tensor
    on the same memory where a view of it is: only the former sees what `x.data = v` puts there.
    """
    for tensor in packed:
        mine = [(i, t) for i, t in items(result) if same_memory(t, tensor)]
        owners = [(n, t) for n, t in given if same_memory(t, tensor)]
        in_place = any(t is own for _, t in owners for _, own in mine)
        if owners and not in_place:
            yield from {Saved(name, through_view=t is not tensor) for name, t in owners}
        else:
            yield from {Saved(RESULT, item=i) for i, _ in mine}


def same_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors lie in one storage. Empty ones all claim address 0."""
    if one.layout is not torch.strided or other.layout is not torch.strided:
        return one is other
    a, b = one.untyped_storage(), other.untyped_storage()
    return bool(a.data_ptr()) and a.data_ptr() == b.data_ptr()
