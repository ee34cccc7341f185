"""Follows writes: which call changed a saved tensor, and through what it reached it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

from datalint.runtime import frames
from datalint.runtime.lines import Lines
from datalint.runtime.saved import Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from datalint.runtime.saved import Saved

_DATA = vars(torch._C.TensorBase)["data"]
_GET_DATA, _SET_DATA = _DATA.__get__, _DATA.__set__
#: What hands memory to code that does not go through torch.
_HAND_OUT = frozenset(
    "numpy __array__ __dlpack__ to_dlpack untyped_storage storage data_ptr _typed_storage".split()
)
#: What returns views with version counters of their own.
_UNSAFE = frozenset("unsafe_chunk unsafe_split unsafe_split_with_sizes _unsafe_view".split())
#: In-place methods that never move a version counter.
_UNCOUNTED = frozenset("apply_ map_ map2_".split())
_WRITING_DUNDERS = frozenset(
    f"__{name}__"
    for name in (
        "setitem iadd isub imul itruediv ifloordiv imod ipow iand ior ixor ilshift irshift"
    ).split()
)


class Tracer(TorchFunctionMode):
    """Sees each call of torch in this thread, and each line while other code shares memory."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = Lines()
        #: Saved tensors that are not freed, by the address of their storage.
        self._live: dict[int, weakref.WeakSet[Saved]] = {}
        self._ways: dict[int, tuple[weakref.ref[Tensor], Way]] = {}
        self._handed_out: dict[int, tuple[StorageWeakRef, Way]] = {}
        #: What was saved since the call of torch that is under way began.
        self._new: list[Saved] = []

    def saw(self, saved: Saved) -> None:
        """Autograd has just saved this."""
        if saved.copy is None:
            return
        storage = saved.alias.untyped_storage()
        address = storage.data_ptr()
        if address not in self._live:
            self._live[address] = weakref.WeakSet()
        self._live[address].add(saved)
        self._new.append(saved)
        if not storage.resizable():  # it is NumPy's memory, or another process has it as well
            self.lines.watch(saved, None)
        elif (way := self._handed_out_way(address)) is not None:
            self.lines.watch(saved, way)

    def live(self) -> Iterator[Saved]:
        """What is saved and not freed."""
        for address, saves in list(self._live.items()):
            if not saves:
                del self._live[address]
            yield from list(saves)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call `func`, and look at what that did."""
        kwargs = kwargs or {}
        if func == _SET_DATA:
            self._assign(args[0])
        self._new.clear()
        result = func(*args, **kwargs)
        if torch.compiler.is_compiling():
            return result
        name = getattr(func, "__name__", "")
        if func == _GET_DATA:
            self._came(result, Way(frames.here(), "through `.data`"))
        elif name in _UNSAFE:
            for tensor in _tensors((result,)):
                self._came(tensor, Way(frames.here(), f"through `{name}`"))
        elif name in _HAND_OUT:
            self._hand_out(args[0], name)
        elif _writes(name, args, kwargs):
            self._look(name, [*_tensors(args), *_tensors(kwargs.values())])
        elif self._new and name.endswith(("_norm", "rrelu")):
            self._let_be()
        if self._ways:
            self._hand_on(args, kwargs, result)
        return result

    def _came(self, tensor: object, way: Way) -> None:
        if isinstance(tensor, Tensor):
            key = id(tensor)
            gone = weakref.ref(tensor, lambda _: self._ways.pop(key, None))
            self._ways[key] = gone, way

    def _way(self, tensor: Tensor) -> Way | None:
        known = self._ways.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None

    def _hand_on(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """What shares memory with an alias came the same way."""
        for source in _tensors((*args, *kwargs.values())):
            way = self._way(source)
            if way is None:
                continue
            for tensor in _tensors((result,)):
                if self._way(tensor) is None and _storage(tensor) == _storage(source) != 0:
                    self._came(tensor, way)

    def _hand_out(self, tensor: object, name: str) -> None:
        if not isinstance(tensor, Tensor):
            return
        with torch._C.DisableTorchFunction():
            address = _storage(tensor)
            way = self._way(tensor) or Way(frames.here(), f"through `.{name}()`")
            if self._handed_out_way(address) is None and address:
                reference = StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
                self._handed_out[address] = reference, way
            for saved in self._live.get(address, ()):
                self.lines.watch(saved, way)

    def _handed_out_way(self, address: int) -> Way | None:
        known = self._handed_out.get(address)
        if known is None or not known[0].expired():  # type: ignore[no-untyped-call]
            return known and known[1]
        del self._handed_out[address]
        return None

    def _assign(self, tensor: Tensor) -> None:
        for saved in self._live.get(_storage(tensor), ()):
            if saved.original() is tensor and saved.written is None:
                saved.assigned = frames.here()

    def _look(self, name: str, tensors: Iterable[Tensor]) -> None:
        """A call that may write has returned: which saved tensors changed by it?"""
        if not self._live:
            return
        for tensor in tensors:
            for saved in self._live.get(_storage(tensor), ()):
                if saved.written is None and saved.changed():
                    way = self._way(tensor)
                    saved.written, saved.way = frames.here(), way or Way(None, _words(name))

    def _let_be(self) -> None:
        """What the operator that saved it has written itself, as batch norm does in training."""
        for saved in self._new:
            if not saved.tracked and saved.changed():
                saved.copy = None


def _words(name: str) -> str:
    if name.startswith("_fused_"):
        return f"by a fused optimizer (`{name}`)"
    if name in _UNCOUNTED:
        return f"by `{name}`, which moves no version counter"
    return f"by `{name}`, whose version counter is not the saved tensor's"


def _writes(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a function may write one of its arguments, by its name and how it is called."""
    if name.endswith("_") and (not name.endswith("__") or name in _WRITING_DUNDERS):
        return True
    asked = "out" in kwargs or bool(kwargs.get("inplace")) or kwargs.get("max_norm") is not None
    return asked or any(arg is True for arg in args)


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _storage(tensor: Tensor) -> int:
    if tensor.layout is not torch.strided:
        return 0
    try:
        return tensor.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError):  # a stand-in without memory
        return 0
