"""Copies of saved memory: what counts as the same, and how much memory they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from datalint.runtime.copies import Copies

if TYPE_CHECKING:
    from collections.abc import Callable

NAN = float("nan")
LAYOUTS: dict[str, Callable[[], Tensor]] = {
    "contiguous": lambda: torch.arange(24.0).view(2, 3, 4),
    "transposed": lambda: torch.arange(6.0).view(2, 3).t(),
    "channels last": lambda: torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "a column": lambda: torch.arange(6.0).view(2, 3)[:, 1],
    "a column with NaN": lambda: torch.tensor([[1.0, 3.0], [2.0, NAN]])[:, 1],
    "NaN": lambda: torch.tensor([1.0, NAN]),
    "an offset": lambda: torch.arange(9.0)[4:],
    "expanded": lambda: torch.arange(3.0).view(3, 1).expand(3, 1000),
    "an expanded column": lambda: torch.arange(6.0).view(2, 3)[:, 1].view(2, 1).expand(2, 50),
    "a number": lambda: torch.tensor(3.0),
    "whole numbers": lambda: torch.arange(5),
    "truth values": lambda: torch.tensor([True, False]),
    "half": lambda: torch.arange(4.0).half(),
    "complex": lambda: torch.tensor([1 + 2j, 3 - 1j]),
    "conjugate": lambda: torch.tensor([1 + 2j, 3 - 1j]).conj(),
    "negative": lambda: torch.tensor([1 + 2j, 3 - 1j]).conj().imag,
}
each_layout = pytest.mark.parametrize("name", LAYOUTS)


def changed(tensor: Tensor) -> None:
    """Write one element of a tensor, of any layout, past its version counter."""
    base = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
    where = tensor.storage_offset()
    base[where] = ~base[where] if tensor.dtype is torch.bool else base[where] + 1


@each_layout
def test_a_copy_is_the_same_until_a_value_changes(name: str) -> None:
    tensor = LAYOUTS[name]()
    was = tensor.clone()
    copy = Copies().take(tensor)
    assert copy is not None and copy.same(tensor)
    changed(tensor)
    assert not copy.same(tensor)
    restored = copy.restored(tensor)
    assert restored.shape == tensor.shape and torch.equal(
        restored.isnan() if name.endswith("NaN") else restored,
        was.isnan() if name.endswith("NaN") else was,
    )


def test_both_zeros_are_the_same() -> None:
    tensor = torch.tensor([0.0, 1.0])
    copy = Copies().take(tensor)
    tensor.neg_()[1] = 1.0
    assert copy is not None and copy.same(tensor)


def test_what_is_saved_twice_is_copied_once_until_it_changes() -> None:
    copies, tensor = Copies(), torch.arange(6.0)
    first, view = copies.take(tensor), copies.take(tensor.view(2, 3).t())
    assert first is view and copies.pool.used == 24
    changed(tensor)
    second = copies.take(tensor)
    assert second is not first and copies.pool.used == 48
    assert second is not None and second.same(tensor)
    assert first is not None and not first.same(tensor)


def test_elements_that_stand_once_are_copied_once() -> None:
    copies = Copies()
    kept = [copies.take(LAYOUTS[name]()) for name in ("expanded", "an expanded column")]
    assert all(kept) and copies.pool.used == 12 + 8


def test_buffers_are_used_again_and_never_more_than_once_were_in_use() -> None:
    copies = Copies()
    for size in (100, 100, 50, 70, 100):
        kept = copies.take(torch.rand(size))
        assert kept is not None
        del kept
    assert (copies.pool.used, copies.pool.most) == (0, 400)
    assert copies.pool._idle <= 400


def test_memory_that_was_given_up_is_not_read() -> None:
    tensor = torch.arange(1000.0)
    copy = Copies().take(tensor)
    tensor.untyped_storage().resize_(0)
    assert copy is not None and not copy.same(tensor)
    tensor.untyped_storage().resize_(4000)
    tensor.copy_(torch.arange(1000.0))
    assert copy.same(tensor)


def test_what_has_no_values_to_compare_is_left_alone() -> None:
    copies = Copies()
    assert copies.take(torch.empty(0)) is None
    assert copies.take(torch.empty(3, device="meta")) is None
    assert copies.take(torch.eye(3).to_sparse()) is None
    assert copies.take(torch.nn.Parameter(torch.ones(3))) is not None
