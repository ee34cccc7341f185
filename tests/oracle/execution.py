"""Runs a program's `run() -> dict[str, Tensor]`, as written or with everything saved kept safe."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODIFIED = "has been modified by an inplace operation"


@dataclass(frozen=True)
class Outcome:
    """The gradients a program ended with, or else type and text of the exception that ended it."""

    gradients: dict[str, Tensor]
    error: str | None = None

    @property
    def modified(self) -> bool:
        """Whether autograd noticed a write; "a second time" is a fault of the program, no proof."""
        return self.error is not None and _MODIFIED in self.error


def execute(source: str, name: str = "<program>", entry: str = "run") -> Outcome:
    """What `entry()` of the program `source` returns, seeded, in a module of its own."""
    code = compile(source, name, "exec", dont_inherit=True)
    with _undisturbed(), _module(name) as program:
        try:
            exec(code, program.__dict__)
            gradients = program.__dict__[entry]()
            absent = [key for key, gradient in gradients.items() if gradient is None]
            if absent:
                raise ValueError(f"no gradient reached {', '.join(absent)}")
        except Exception as error:  # whatever ends the program is the answer
            return Outcome({}, f"{type(error).__name__}: {error}")
    return Outcome({key: value.detach().clone() for key, value in gradients.items()})


def execute_with_snapshots(source: str, name: str = "<program>", entry: str = "run") -> Outcome:
    """The truth for an after-save write: every tensor is copied as it is saved.

    Later writes cannot reach the copies. Autograd hangs an unpacked copy where the saved tensor
    hung in the graph, leaf or not, so a double backward goes through it. What a program keeps
    out of autograd's sight (`ctx.x = x`, closures, `checkpoint`, its own saved-tensor hooks) is
    not copied: there `with_clone` tells the truth.
    """
    with saved_tensors_hooks(_copy, _as_it_is):
        return execute(source, name, entry)


def same(a: Outcome, b: Outcome) -> bool:
    """Whether both programs ended with the same gradients; NaN equals NaN."""
    return (
        a.error is None
        and b.error is None
        and a.gradients.keys() == b.gradients.keys()
        and all(_close(a.gradients[key], b.gradients[key]) for key in a.gradients)
    )


def _close(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(
        a.to(torch.float64), b.to(torch.float64), rtol=1e-4, atol=1e-6, equal_nan=True
    )


def _copy(saved: Tensor) -> Tensor:
    return saved.detach().clone()


def _as_it_is(saved: Tensor) -> Tensor:
    return saved


@contextmanager
def _module(path: str) -> Iterator[ModuleType]:
    """A new module that can be imported by its name meanwhile, as dataclasses and copies need.

    It imports what lies beside it, which is forgotten afterwards.
    """
    module = ModuleType("program")
    module.__file__ = path
    before = set(sys.modules)
    sys.modules[module.__name__] = module
    sys.path.insert(0, folder := str(Path(path).parent))
    try:
        yield module
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
                del sys.modules[name]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Seeded and silent, and what a program switches globally is switched back after it."""
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
