"""A call that can be made again and again, each time on fresh copies of its tensors."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from datalint.ops.facts import own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from datalint.ops.observe.names import Spelling

#: Keyword arguments that make another operator of an operator.
FLAGS = ("inplace", "max_norm")


@dataclass(slots=True)
class Stage:
    """One making of a call, set up and not yet run."""

    run: Callable[[], Any]
    #: Every tensor the call is given, by the name of its argument.
    given: list[tuple[str, torch.Tensor]] = field(default_factory=list)
    #: The leaves whose gradient is asked for.
    leaves: list[torch.Tensor] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Call:
    """A public function, method or module, and arguments for it."""

    spelling: Spelling
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def stage(self, needing: str = "", *, scattered: bool = False) -> Stage:
        """Set the call up with `needing`, and nothing else, requiring a gradient.

        The elements of a scattered tensor lie apart from each other and in another order.
        """
        torch.default_generator.manual_seed(0)
        stage = Stage(self.function)
        if isinstance(self.function, torch.nn.Module):
            stage.run = _module(self.function, needing, stage)

        def fresh(name: str, value: Any) -> Any:
            return _changed(value, lambda tensor: _set(tensor, name, needing, scattered, stage))

        args = [fresh(self.parameter(i), value) for i, value in enumerate(self.args)]
        kwargs = {name: fresh(_renamed(name), value) for name, value in self.kwargs.items()}
        function = stage.run
        stage.run = lambda: function(*args, **kwargs)
        return stage

    def parameter(self, position: int) -> str:
        """The name of a positional argument; a last `*tensors` takes the rest."""
        if position < len(self.parameters) and not self.parameters[position].startswith("*"):
            return self.parameters[position]
        rest = self.parameters[-1] if self.parameters else ""
        return rest[1:] if rest.startswith("*") else f"#{position}"

    def value(self, name: str) -> Any:
        """What is passed for an argument, however it is passed; None if it is not."""
        if name in self.kwargs:
            return self.kwargs[name]
        named = {self.parameter(i): value for i, value in enumerate(self.args)}
        return named.get(name)

    def kept(self) -> Call:
        """The same call, proof against whoever writes these tensors later."""
        copied = _changed((self.args, self.kwargs), lambda tensor: tensor.detach().clone())
        return replace(self, args=copied[0], kwargs=copied[1])

    def flagged(self) -> Iterator[Call]:
        """This call under its right name, and with `inplace=True` where it could have that.

        Facts that hold only with a flag are kept apart, as `with inplace`, `with max_norm`.
        """
        given = next((flag for flag in FLAGS if self.value(flag)), None)
        yield self if given is None else self._named_for(given)
        if given is None and "inplace" in self.parameters:
            args = self.args[: self.parameters.index("inplace")]
            yield replace(self, args=args, kwargs=self.kwargs | {"inplace": True})._named_for(
                "inplace"
            )

    def _named_for(self, flag: str) -> Call:
        return replace(self, spelling=(f"with {flag}", self.spelling[1]))


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in a value, through lists, tuples and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def items(result: Any) -> Iterator[tuple[int | None, torch.Tensor]]:
    """The tensors of a result; of a tuple each with its place."""
    parts = enumerate(result) if isinstance(result, tuple) else [(None, result)]
    for place, part in parts:
        yield from ((place, tensor) for tensor in tensors(part))


def differentiable(tensor: torch.Tensor) -> bool:
    """Whether a tensor can need a gradient at all."""
    return tensor.is_floating_point() or tensor.is_complex()


def _renamed(keyword: str) -> str:
    return "input" if keyword == "self" else keyword


def _set(
    tensor: torch.Tensor, name: str, needing: str, scattered: bool, stage: Stage
) -> torch.Tensor:
    """A copy of a tensor; where it needs a gradient, a copy of a leaf, as leaves resist writes."""
    mine = tensor.detach().clone()
    if name == needing and differentiable(mine):
        stage.leaves.append(mine.requires_grad_())
        mine = mine.clone()
    if scattered and mine.layout is torch.strided and mine.dim():
        turned = mine.transpose(0, -1)
        mine = torch.stack([turned, turned], -1)[..., 0].transpose(0, -1)
    stage.given.append((name, mine))
    return mine


def _module(module: torch.nn.Module, needing: str, stage: Stage) -> torch.nn.Module:
    mine = copy.deepcopy(module)
    for path, tensor in [*mine.named_parameters(), *mine.named_buffers()]:
        tensor.requires_grad_(own(path) == needing and differentiable(tensor))
        stage.given.append((own(path), tensor))
        stage.leaves += [tensor] * tensor.requires_grad
    return mine


def _changed(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The same value with every tensor in it changed."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, list):
        return [_changed(v, change) for v in value]
    if type(value) is tuple:
        return tuple(_changed(v, change) for v in value)
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return type(value)(*(_changed(v, change) for v in value))
    if isinstance(value, dict):
        return {k: _changed(v, change) for k, v in value.items()}
    return value
