"""What renderings call as they run: which `.data` each write went through, whom it reached."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "<random program>"
_DATA = vars(torch._C.TensorBase)["data"].__get__
_SEVERAL_VIEWS = {"unbind", "chunk", "split", "tensor_split", "hsplit", "vsplit", "unsafe_chunk"}


def _tensors(result: object) -> list[Tensor]:
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, tuple | list):
        return [t for t in result if isinstance(t, Tensor)]
    return []


class Graph(TorchFunctionMode):
    """Knows the tensor autograd tracks in each memory, so that a write can be made in its sight.

    Views of one call that returns several may not be written in place; they are made one by one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bases: dict[int, Tensor] = {}
        #: Whether a write met a non-leaf that autograd tracks.
        self.met = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Calls `func` and notes what it made."""
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in _SEVERAL_VIEWS and isinstance(args[0], Tensor):
            result = tuple(_same_view(args[0], view) for view in result)
        for tensor in _tensors(result):
            if tensor.requires_grad:
                base = tensor if tensor._base is None else tensor._base
                if not base.is_leaf:
                    self.bases[_memory(base)] = base
        return result


def _same_view(owner: Tensor, view: Tensor) -> Tensor:
    return owner.as_strided(view.size(), view.stride(), view.storage_offset())


_graphs: list[Graph] = []
_watches: list[Watch] = []


def tracked(memory: Tensor) -> Tensor:
    """`memory` as a view of the non-leaf that autograd tracks there; itself where there is none.

    A plain in-place operation on it is the differentiable truth: autograd rebases the non-leaf
    and every view of it on the operation, so all later uses know of the edit.
    """
    base = _graphs[-1].bases.get(_memory(memory))
    if base is None or _memory(base) != _memory(memory):
        return memory  # `base.data = v` gave up memory that is another's by now
    _graphs[-1].met = True
    return _same_view(base, memory)


@contextmanager
def tracking() -> Iterator[Graph]:
    """While this lasts, `tracked` works."""
    graph = Graph()
    _graphs.append(graph)
    try:
        with graph:
            yield graph
    finally:
        _graphs.pop()


@dataclass
class Saved:
    """A tensor autograd saved: as it is, as it was, and which writes changed it."""

    now: Tensor
    then: Tensor
    last: Tensor
    writers: set[int] = field(default_factory=set)


class Watch(TorchFunctionMode):
    """Follows each `.data` through calls, and each saved tensor through the writes."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[Saved] = []
        self.done: set[int] = set()
        #: Writes that changed a value, and what was there before the one that is under way.
        self.effective: set[int] = set()
        self.before: list[Tensor | None] = []
        #: Writes that a backward came after.
        self.before_backward: set[int] = set()
        #: Writes whose result a backward read where it should have read what was saved.
        self.spoilers: set[int] = set()
        #: Rows of the `.data` through which each write went.
        self.rows: dict[int, set[int]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Calls `func`; what it returns came through the `.data` its arguments came through."""
        if getattr(func, "__name__", "") in ("backward", "grad"):
            self.before_backward |= self.done
        result = func(*args, **(kwargs or {}))
        here = {_row_of_program()} if func == _DATA else set()
        came = [t for arg in (*args, *(kwargs or {}).values()) for t in _tensors(arg) if _rows(t)]
        for tensor in _tensors(result) if here or came else ():
            rows = set().union(*(_rows(t) for t in came if _memory(t) == _memory(tensor)))
            tensor.rows = _rows(tensor) | rows | here  # type: ignore[attr-defined]
        return result

    def pack(self, tensor: Tensor) -> Saved:
        """Autograd saves `tensor`."""
        copy = tensor.detach().clone()
        self.saved.append(Saved(tensor, copy, copy))
        return self.saved[-1]

    def unpack(self, saved: Saved) -> Tensor:
        """Backward wants what was saved, and gets it."""
        if saved.writers and not _equal(saved.now, saved.then):
            self.spoilers |= saved.writers
        return saved.then

    def note(self, number: int, rows: set[int]) -> None:
        """Write `number` has just happened."""
        self.done.add(number)
        self.rows.setdefault(number, set()).update(rows)
        for saved in self.saved:
            if not _equal(saved.now, saved.last):
                saved.writers.add(number)
                saved.last = saved.now.detach().clone()


def _equal(a: Tensor, b: Tensor) -> bool:
    with torch._C.DisableTorchFunction():
        return torch.equal(a, b)


def _rows(tensor: Tensor) -> set[int]:
    return getattr(tensor, "rows", set())


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _row_of_program() -> int:
    frame = sys._getframe(2)
    while frame.f_code.co_filename != NAME:
        assert frame.f_back is not None, "only a program reads `.data` here"
        frame = frame.f_back
    return frame.f_lineno


def writes(memory: object) -> None:
    """A write to `memory` is about to happen."""
    copy = memory.detach().clone() if isinstance(memory, Tensor) else None
    _watches[-1].before.append(copy)


def wrote(number: int, memory: object, here: bool) -> None:
    """Write `number` went to `memory`; `here` where a `.data` stands in its own statement."""
    before = _watches[-1].before.pop()
    if not isinstance(memory, Tensor) or before is None or not _equal(memory, before):
        _watches[-1].effective.add(number)
    rows = _rows(memory) if isinstance(memory, Tensor) else set()
    _watches[-1].note(number, rows | {sys._getframe(1).f_lineno} if here else rows)


@contextmanager
def watching() -> Iterator[Watch]:
    """While this lasts, `wrote` works, and what autograd saves is kept safe."""
    watch = Watch()
    _watches.append(watch)
    try:
        with watch, saved_tensors_hooks(watch.pack, watch.unpack):
            yield watch
    finally:
        _watches.pop()
