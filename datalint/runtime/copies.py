"""Copies of what autograd saves: one of each stretch of memory, compared byte by byte."""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections import defaultdict

import torch
from torch import Tensor

_compare = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None).memcmp
_compare.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)

_is_functorch = torch._C._functorch.is_functorch_wrapped_tensor
_is_functional = torch._is_functional_tensor


class Stretch:
    """What a stretch of the processor's memory without gaps held, as bytes in a pooled buffer."""

    __slots__ = ("__weakref__", "_pool", "_size", "buffer")

    def __init__(self, address: int, size: int, pool: Pool) -> None:
        self._pool, self._size = pool, size
        self.buffer = pool.take(size)
        ctypes.memmove(self.buffer.data_ptr(), address, size)

    def __del__(self) -> None:
        """The buffer is for the next one."""
        self._pool.give(self.buffer)

    def is_at(self, address: int) -> bool:
        """Whether the bytes are those at an address."""
        return not _compare(address, self.buffer.data_ptr(), self._size)

    def same(self, tensor: Tensor) -> bool:
        """Whether a tensor over the stretch holds the same values still."""
        if _reach(tensor) < self._size:  # its storage was given up
            return False
        return self.is_at(tensor.data_ptr()) or same_values(tensor, self.restored(tensor))

    def restored(self, like: Tensor) -> Tensor:
        """The old values in memory of their own, laid out like a tensor over the stretch."""
        flat = self.buffer.clone().view(like.dtype)
        return _as_flagged(flat.as_strided(like.size(), like.stride(), 0), like)


class Values:
    """The same for memory with gaps, or of another device."""

    __slots__ = ("__weakref__", "_pool", "_values")

    def __init__(self, tensor: Tensor, pool: Pool) -> None:
        self._values = _unexpanded(tensor).clone()
        self._pool = pool
        pool.count(self._values.nbytes)

    def __del__(self) -> None:
        """The values are gone."""
        self._pool.count(-self._values.nbytes)

    def same(self, tensor: Tensor) -> bool:
        """See `Stretch`."""
        return _reach(tensor) > 0 and same_values(_unexpanded(tensor), self._values)

    def restored(self, like: Tensor) -> Tensor:
        """See `Stretch`."""
        return self._values.clone().expand(like.size())


Copy = Stretch | Values


class Pool:
    """Buffers that are used again: to fault in new memory takes longer than to copy into it."""

    def __init__(self) -> None:
        self._free: defaultdict[int, list[Tensor]] = defaultdict(list)
        self._idle = 0
        #: Bytes in use, and the most that ever were.
        self.used = self.most = 0

    def count(self, size: int) -> None:
        """So many more bytes are in use."""
        self.used += size
        self.most = max(self.most, self.used)

    def take(self, size: int) -> Tensor:
        """A buffer of so many bytes."""
        self.count(size)
        if free := self._free.get(size):
            self._idle -= size
            return free.pop()
        return torch.empty(size, dtype=torch.uint8, device="cpu")

    def give(self, buffer: Tensor) -> None:
        """It is no longer needed; there are never more bytes, used and idle, than once were used.

        Where sizes change from step to step, the idle ones are those that no step asks for.
        """
        size = buffer.numel()
        self.count(-size)
        if self.used + self._idle + size > self.most:
            self._free.clear()
            self._idle = 0
        self._free[size].append(buffer)
        self._idle += size


class Copies:
    """Makes copies; of memory that is saved twice, and did not change between, there is but one."""

    def __init__(self) -> None:
        self.pool = Pool()
        self._kept: weakref.WeakValueDictionary[tuple[int, int], Stretch] = (
            weakref.WeakValueDictionary()
        )

    def take(self, tensor: Tensor) -> Copy | None:
        """A copy of a plain tensor; None of one without memory to compare."""
        if not _plain(tensor):
            return None
        if not tensor.is_cpu or not (length := _gapless(tensor)):
            return Values(tensor, self.pool)
        size, address = length * tensor.itemsize, tensor.data_ptr()
        kept = self._kept.get((address, size))
        if kept is None or not kept.is_at(address):
            kept = self._kept[address, size] = Stretch(address, size, self.pool)
        return kept


def _plain(tensor: Tensor) -> bool:
    """Whether it is values in memory, and not a stand-in that something traces or transforms."""
    return (
        tensor.layout is torch.strided
        and tensor.numel() > 0
        and not tensor.is_meta
        and not _is_functorch(tensor)
        and not _is_functional(tensor)
        and (type(tensor) is Tensor or not _dispatches(tensor))
    )


def _dispatches(tensor: Tensor) -> bool:
    # Neither a parameter nor a subclass that only prints otherwise has a dispatch of its own.
    return type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__


def _gapless(tensor: Tensor) -> int:
    """How many elements are in the stretch of memory that a tensor fills; 0 if it leaves gaps."""
    if tensor.is_contiguous():
        return int(tensor.numel())
    length: int = 1
    dimensions = sorted(zip(tensor.stride(), tensor.size(), strict=True))
    for stride, size in dimensions:
        if size == 1 or stride == 0:
            continue
        if stride != length:
            return 0
        length *= int(size)
    return length


def _unexpanded(tensor: Tensor) -> Tensor:
    """Without the repetitions of elements that stand in memory once."""
    if 0 not in tensor.stride():
        return tensor
    sizes = [s if step else 1 for s, step in zip(tensor.size(), tensor.stride(), strict=True)]
    return tensor.as_strided(sizes, tensor.stride())


def _reach(tensor: Tensor) -> int:
    """How many bytes of its storage there are from a tensor's first element on."""
    return int(tensor.untyped_storage().nbytes() - tensor.storage_offset() * tensor.itemsize)


def same_values(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one shape and the same values; NaN is, and the two zeros are."""
    if a.shape != b.shape or a.dtype != b.dtype or a.device != b.device:
        return False
    return torch.equal(a, b) or bool(((a == b) | ((a != a) & (b != b))).all())


def _as_flagged(values: Tensor, like: Tensor) -> Tensor:
    if like.is_conj():
        values = torch._conj(values)
    return torch._neg_view(values) if like.is_neg() else values
