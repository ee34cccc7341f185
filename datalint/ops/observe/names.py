"""Which public names torch has, and what their positional arguments are called."""

from __future__ import annotations

import inspect
import types
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional
from torch._jit_internal import boolean_dispatched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The namespaces whose functions people call on tensors, as the tables spell them.
NAMESPACES = (
    "",
    "nn.functional.",
    "nn.init.",
    "special.",
    "linalg.",
    "fft.",
    "sparse.",
    "signal.windows.",
    "nn.utils.",
    "nn.utils.rnn.",
    "masked.",
)

#: What has neither a signature nor a schema to ask.
NAMELESS = {
    "__getitem__": ("input", "index"),
    "__setitem__": ("input", "index", "value"),
    "tensor": ("data",),
    "as_tensor": ("data",),
    "asarray": ("obj",),
}

#: (kind, name), as in the tables: ("function", "nn.functional.relu"), ("method", "relu_").
Spelling = tuple[str, str]


@cache
def public() -> dict[Spelling, Callable[..., Any]]:
    """Every public function and method, dunder methods included."""
    found: dict[Spelling, Callable[..., Any]] = {}
    for name, value in inspect.getmembers(torch.Tensor, callable):
        if not name.startswith("_") or (name.startswith("__") and not hasattr(object, name)):
            found["method", name] = value
    for prefix in NAMESPACES:
        found.update((("function", prefix + name), value) for name, value in _functions(prefix))
    return found


def _functions(prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    space: Any = torch
    for part in prefix.split(".")[:-1]:
        space = getattr(space, part)
    for name, value in inspect.getmembers(space, callable):
        ours = (getattr(value, "__module__", None) or "torch").startswith("torch")
        hidden = name.startswith("_") and not name.startswith("_foreach_")
        if ours and not hidden and not inspect.isclass(value):
            yield name, value


@cache
def spellings() -> dict[int, list[Spelling]]:
    """The public names of a function object, by its id."""
    found: dict[int, list[Spelling]] = {}
    for spelling, value in public().items():
        found.setdefault(id(value), []).append(spelling)
    return found


@cache
def parameters(spelling: Spelling) -> tuple[str, ...]:
    """The names of the positional arguments, in order; `input` is the tensor of a method."""
    kind, name = spelling
    value = public()[spelling]
    names = _from_signature(value) or parameters_of(name) or parameters_of(value.__name__)
    if not names:
        usual = ("input", "other") if name.startswith("__") else ("input",)
        names = NAMELESS.get(name, usual if kind == "method" else ())
    if kind == "method" and "input" in names:
        names = ("input", *(n for n in names if n != "input"))
    return names


def _from_signature(value: Callable[..., Any]) -> tuple[str, ...]:
    value = inspect.unwrap(value)
    if not isinstance(value, types.FunctionType):
        return ()
    value = boolean_dispatched.get(value, {}).get("if_false", value)
    return tuple(
        "*" + p.name if p.kind is p.VAR_POSITIONAL else _renamed(p.name)
        for p in inspect.signature(value).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)
    )


def parameters_of(name: str) -> tuple[str, ...]:
    """What schemas call the arguments of an operator.

    Overloads differ: at each position a tensor's name wins, it is the one facts speak of.
    """
    names: list[str] = []
    tensors: list[bool] = []
    for schema in schemas(name):
        for i, argument in enumerate(a for a in schema.arguments if not a.kwarg_only):
            is_tensor = "Tensor" in str(argument.type)
            if i == len(names):
                names.append(_renamed(argument.name))
                tensors.append(is_tensor)
            elif is_tensor and not tensors[i]:
                names[i], tensors[i] = _renamed(argument.name), True
    return tuple(names)


def schemas(name: str) -> list[Any]:
    """The schemas of a public name: `special.expit` is `aten::special_expit`."""
    for candidate in name.replace(".", "_"), name.rpartition(".")[2]:
        if found := _schemas_by_name().get(candidate):
            return found
    return []


@cache
def _schemas_by_name() -> dict[str, list[Any]]:
    """Every operator on tensors; TorchScript has others of the same names, on lists and numbers."""
    found: dict[str, list[Any]] = {}
    for schema in sorted(torch._C._jit_get_all_schemas(), key=str):
        name = f"{schema.name}.{schema.overload_name}".rstrip(".")
        if name.startswith("aten::") and torch._C._dispatch_has_kernel(name):
            found.setdefault(schema.name.removeprefix("aten::"), []).append(schema)
    return found


def _renamed(name: str) -> str:
    return "input" if name == "self" else name
