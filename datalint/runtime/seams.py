"""Where torch is told of the witness: others' hooks, what refuses hooks, where backward starts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import saved_tensors_hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

_autograd = torch._C._autograd
_graph = torch.autograd.graph
Hook = "Callable[[Any], Any]"


@contextlib.contextmanager
def hooks(pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]) -> Iterator[None]:
    """Hooks that step aside where torch refuses to work with any, as `torch.func` does.

    There they are taken off as long as no others lie over them; if there are, torch says so.
    """
    disable = _graph.disable_saved_tensors_hooks

    @contextlib.contextmanager
    def disable_others(message: str) -> Iterator[None]:
        ours = _autograd._top_saved_tensors_default_hooks(True)
        aside = ours is not None and ours[0] == pack
        if aside:
            _autograd._pop_saved_tensors_default_hooks()
        try:
            with disable(message):
                yield
        finally:
            if aside:
                _autograd._push_saved_tensors_default_hooks(pack, unpack)

    with replaced(_graph, "disable_saved_tensors_hooks", disable_others):
        _autograd._push_saved_tensors_default_hooks(pack, unpack)
        try:
            yield
        finally:
            _autograd._pop_saved_tensors_default_hooks()


@contextlib.contextmanager
def over_others(compose: Callable[[Any, Any], tuple[Any, Any]]) -> Iterator[None]:
    """Let `compose` replace the pair of hooks that a program installs.

    Checkpointing derives its own kind of them, under which nothing is saved: it is left alone.
    """
    enter = saved_tensors_hooks.__enter__

    def composed(self: Any) -> None:
        if type(self).__module__ == "torch.utils.checkpoint":
            enter(self)
        else:
            _autograd._push_saved_tensors_default_hooks(*compose(self.pack_hook, self.unpack_hook))

    with replaced(saved_tensors_hooks, "__enter__", composed):
        yield


@contextlib.contextmanager
def backward_starts(before: Callable[..., None]) -> Iterator[None]:
    """Let `before` be called with the engine, and with what it is about to be called with."""
    run = _graph._engine_run_backward

    def told(*args: Any, **kwargs: Any) -> Any:
        before(run, *args)
        return run(*args, **kwargs)

    with (
        replaced(_graph, "_engine_run_backward", told),
        replaced(torch.autograd, "_engine_run_backward", told),
    ):
        yield


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """An attribute that is another one for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
