"""The witness: what autograd saves is copied, and compared when a backward needs it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from datalint.runtime import frames, seams
from datalint.runtime.copies import Copies, same_values
from datalint.runtime.corruption import Corruption, Kind
from datalint.runtime.gradients import compare
from datalint.runtime.modified import wording
from datalint.runtime.saved import Saved
from datalint.runtime.trace import Tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.autograd.graph import Node

    from datalint.runtime.copies import Copy

#: By the names that nodes have for them: what batch norm, and `rrelu`, save and then write.
_WRITTEN_BY_OPERATORS = ("running_mean", "running_var", "noise")

_current_node = torch._C._current_autograd_node


class Witness(contextlib.AbstractContextManager["Witness"]):
    """What this thread saves inside the context is watched until it is freed."""

    def __init__(self, *, trace: bool = False) -> None:
        self._copies = Copies()
        self._tracer = Tracer() if trace else None
        #: By what of it is the same each time.
        self._seen: dict[Corruption, Corruption] = {}
        #: Whether values are only looked at, by nobody who wants to be told of corruptions.
        self._aside = False
        #: What is unpacked as it was saved.
        self._repaired: frozenset[Saved] = frozenset()
        self._entered = contextlib.ExitStack()

    @property
    def corruptions(self) -> list[Corruption]:
        """Those seen so far, in order, each once and with the number of times; no harmless ones."""
        return [corruption for corruption in self.observed if not corruption.harmless]

    @property
    def observed(self) -> list[Corruption]:
        """The same with those that changed no gradient."""
        return list(self._seen.values())

    @property
    def copied(self) -> int:
        """The most bytes that copies took up at any one time."""
        return self._copies.pool.most

    def __enter__(self) -> Witness:
        """Begin to watch."""
        for anomaly in (False, True):
            wording(anomaly)  # torch says it only while there are no hooks
        with contextlib.ExitStack() as entered:
            entered.enter_context(seams.hooks(self._pack, self._unpack))
            entered.enter_context(seams.over_others(self._compose))
            if self._tracer is not None:
                entered.callback(self._tracer.lines.stop)
                entered.enter_context(seams.backward_starts(self._before_backward))
                entered.enter_context(self._tracer)
            self._entered = entered.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        """End; what was saved is still compared when a backward needs it."""
        self._entered.close()

    def _pack(self, tensor: Tensor) -> Saved:
        with torch._C.DisableTorchFunction():
            saved = Saved(tensor, self._copy(tensor), frames.spot())
            if self._tracer is not None:
                self._tracer.saw(saved)
            return saved

    def _copy(self, tensor: Tensor) -> Copy | None:
        """Made out of sight of modes that a program follows its operators with."""
        if torch._C._len_torch_dispatch_stack():
            with _disable_current_modes():
                return self._copies.take(tensor)
        return self._copies.take(tensor)

    def _unpack(self, saved: Saved) -> Tensor:
        with torch._C.DisableTorchFunction():
            saved.check_version()
            if saved in self._repaired and saved.copy is not None:
                return saved.copy.restored(saved.alias)
            swapped = saved.swapped()
            if swapped is not None:
                return self._unpack_swapped(saved, swapped)
            if saved.copy is not None and not saved.copy.same(saved.alias):
                self._tell(saved, Kind.OVERWRITTEN)
            return saved.alias

    def _unpack_swapped(self, saved: Saved, swapped: Tensor) -> Tensor:
        """Without hooks torch has a result's old memory, but of an operand the tensor itself."""
        node = _current_node()
        if node is None or saved.is_result_of(node):
            taken, kind = saved.alias, Kind.OVERWRITTEN
        else:
            taken, kind = swapped.detach(), Kind.SWAPPED
        if saved.copy is not None and not same_values(taken, saved.copy.restored(saved.alias)):
            self._tell(saved, kind)
        return taken

    def _compose(
        self, pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]
    ) -> tuple[Callable[[Tensor], Any], Callable[[Any], Tensor]]:
        """The hooks of a program, and what they were given seen beside what they give back.

        What they do to a tensor is theirs: it is wrong only where they hand out what is in memory
        now, and that is no longer what they were given. Their version check is off in any case.
        """

        def both_pack(tensor: Tensor) -> tuple[Saved, Any]:
            return self._pack(tensor), pack(tensor)

        def both_unpack(packed: tuple[Saved, Any]) -> Tensor:
            saved, theirs = packed
            result = unpack(theirs)
            with torch._C.DisableTorchFunction():
                if saved.copy is None or saved.copy.same(saved.alias):
                    return result
                was = saved.copy.restored(saved.alias)
                if same_values(result, saved.alias) and not same_values(result, was):
                    if saved in self._repaired:
                        return was
                    self._tell(saved, Kind.OVERWRITTEN)
            return result

        return both_pack, both_unpack

    def _tell(self, saved: Saved, kind: Kind) -> None:
        node = _current_node()
        if node is None or self._aside or self._is_by_its_operator(node, saved):
            return
        known, way = saved.gradients, saved.way
        corruption = Corruption(
            kind,
            node.name(),
            saved.is_result_of(node),
            saved=frames.place(saved.spot),
            backward=frames.here(),
            written=saved.assigned if kind is Kind.SWAPPED else saved.written,
            through=way.words if way else "",
            alias=way.place if way else None,
            gradients=known.wrong if known else (),
            unknown=known.unknown if known else "",
            harmless=known is not None and not known.wrong and not known.unknown,
        )
        key = replace(corruption, gradients=(), unknown="", harmless=False)
        first = self._seen.get(key)
        if first is None or (first.harmless and not corruption.harmless):
            self._seen[key] = corruption
        else:
            self._seen[key] = replace(first, times=first.times + 1)

    def _is_by_its_operator(self, node: Node, saved: Saved) -> bool:
        """Whether it is what the operator writes itself after it is saved.

        Batch norm writes running statistics in training, and does not need them then.
        """
        if saved.tracked or not getattr(node, "_saved_training", True):
            return False
        aside, self._aside = self._aside, True
        try:
            written = [getattr(node, f"_saved_{name}", None) for name in _WRITTEN_BY_OPERATORS]
        finally:
            self._aside = aside
        return any(isinstance(w, Tensor) and w.is_set_to(saved.alias) for w in written)

    def _before_backward(
        self,
        run: Callable[..., Any],
        roots: Sequence[Any],
        weights: Sequence[Any],
        retain: bool,
        create: bool,
        inputs: Sequence[Any],
        *rest: Any,
    ) -> None:
        """See what this backward is about to compute, where something that is saved has changed."""
        assert self._tracer is not None
        with torch._C.DisableTorchFunction():
            changed = [s for s in self._tracer.live() if s.changed() or s.swapped() is not None]
        if changed and not self._aside:
            for saved in changed:
                saved.gradients = None
            compare(run, roots, weights, inputs, changed, self._rehearse)

    def _rehearse(self, repaired: Sequence[Saved], work: Callable[[], Any]) -> Any:
        before = self._aside, self._repaired
        self._aside, self._repaired = True, frozenset(repaired)
        try:
            return work()
        finally:
            self._aside, self._repaired = before
