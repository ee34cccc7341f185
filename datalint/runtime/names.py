"""What the user's code calls a tensor: a variable, or a parameter of a module it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from datalint.runtime import frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def named(tensors: Sequence[Tensor]) -> dict[int, str]:
    """By `id`, the names of those that the running functions, innermost first, have one for."""
    wanted = {id(tensor) for tensor in tensors}
    names: dict[int, str] = {}
    frame = frames.users_frame()
    while frame is not None and wanted - names.keys():
        if frames.is_users(frame.f_code.co_filename):
            for name, tensor in _tensors(dict(frame.f_locals)):
                if id(tensor) in wanted:
                    names.setdefault(id(tensor), f"`{name}`")
        frame = frame.f_back
    return names


def _tensors(variables: dict[str, object]) -> Iterator[tuple[str, Tensor]]:
    """Variables, then the parameters of modules in variables and in attributes of objects."""
    for name, value in variables.items():
        if isinstance(value, Tensor):
            yield name, value
    for name, value in variables.items():
        held = {name: value}
        if not isinstance(value, nn.Module | type | Tensor):
            attributes = getattr(value, "__dict__", {})
            held |= {f"{name}.{key}": item for key, item in list(attributes.items())}
        for path, module in held.items():
            if isinstance(module, nn.Module):
                for parameter_name, parameter in module.named_parameters():
                    yield f"{path}.{parameter_name}", parameter
            elif isinstance(module, Tensor) and path != name:
                yield path, module
