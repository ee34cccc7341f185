"""The runtime witness: what a program did to the tensors that autograd had saved.

    with datalint.runtime.watch() as witness:
        train()
    for corruption in witness.corruptions:
        print(corruption)

Importing this package does not import torch; watching does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.runtime.corruption import Corruption, Gradient, Kind, Place

if TYPE_CHECKING:
    from datalint.runtime.witness import Witness

__all__ = ["Corruption", "Gradient", "Kind", "Place", "watch"]


def watch(*, trace: bool = False) -> Witness:
    """A context manager under which every tensor that autograd saves is watched.

    With `trace` it also follows writes, so that a corruption says where it was made, through what,
    and how wrong the gradient is; what turns out to change no gradient is not reported. It sees
    what this thread saves, and what backward passes started by it need.
    """
    from datalint.runtime.witness import Witness

    return Witness(trace=trace)
