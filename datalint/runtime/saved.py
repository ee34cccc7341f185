"""One saved tensor: what torch would make of it without the hooks, and what is left of it."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from datalint.runtime.modified import wording

if TYPE_CHECKING:
    from torch import Tensor
    from torch.autograd.graph import Node

    from datalint.runtime.copies import Copy
    from datalint.runtime.corruption import Gradient, Place
    from datalint.runtime.frames import Spot


@dataclass(frozen=True, slots=True)
class Way:
    """How a piece of code came by memory past its version counter: where, and in words."""

    place: Place | None
    words: str


@dataclass(frozen=True, slots=True)
class Gradients:
    """Those that a change makes wrong; or why that is not known."""

    wrong: tuple[Gradient, ...] = ()
    unknown: str = ""


class Saved:
    """A tensor that autograd saved, in the form of an alias, and how it was then."""

    __slots__ = (
        "__weakref__",
        "_leaf",
        "_made_by",
        "_original",
        "alias",
        "assigned",
        "copy",
        "gradients",
        "spot",
        "tracked",
        "version",
        "way",
        "written",
    )

    def __init__(self, tensor: Tensor, copy: Copy | None, spot: Spot | None) -> None:
        # A view of detached memory shares the version counter and is in no graph.
        self.alias = tensor.detach()
        self.copy, self.spot = copy, spot
        self.version: int = tensor._version
        self.tracked = tensor.requires_grad
        # What tracing finds out: where it was changed and how, where `.data` was assigned to it,
        # and which gradients that makes wrong, if any.
        self.written: Place | None = None
        self.way: Way | None = None
        self.assigned: Place | None = None
        self.gradients: Gradients | None = None
        # A strong reference to what the node returns would be a cycle that nobody collects.
        if tensor.is_leaf:
            self._leaf: Tensor | None = tensor
            self._original: weakref.ref[Tensor] | None = None
            self._made_by: tuple[str, int] | None = None
        else:
            made_by = tensor.grad_fn
            assert made_by is not None
            self._leaf, self._original = None, weakref.ref(tensor)
            self._made_by = (made_by.name(), tensor.output_nr)

    def original(self) -> Tensor | None:
        """The tensor itself, as long as the program has it."""
        return self._leaf if self._original is None else self._original()

    def is_result_of(self, node: Node) -> bool:
        """Whether the node returned it; if nobody has it any more, whether one like it did."""
        original = self.original()
        if original is not None:
            return original.grad_fn is node
        return self._made_by is not None and self._made_by[0] == node.name()

    def swapped(self) -> Tensor | None:
        """The tensor, if `x.data = v` has given it other memory than was saved."""
        original = self.original()
        return None if original is None or original.is_set_to(self.alias) else original

    def changed(self) -> bool:
        """Whether it has other values than it had, and its version is the old one."""
        return (
            self.copy is not None
            and self.alias._version == self.version
            and not self.copy.same(self.alias)
        )

    def check_version(self) -> None:
        """Raise what torch raises, whose own check is off where there are hooks."""
        version = self.alias._version
        if version != self.version:
            tensor = f"{self.alias.type()} {list(self.alias.shape)}"
            words = wording(torch.is_anomaly_enabled())
            raise RuntimeError(words.say(tensor, self._maker(), version, self.version))

    def _maker(self) -> tuple[str, int] | None:
        """The node that returned it: of a view whose base was written that is another one now."""
        original = self.original()
        if original is None or original.grad_fn is None:
            return self._made_by
        return original.grad_fn.name(), original.output_nr
