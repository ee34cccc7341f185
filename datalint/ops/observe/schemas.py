"""What torch says of its operators: schemas name what is written, derivatives.yaml what is kept."""

from __future__ import annotations

import re
import types
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torchgen
from torchgen.packaged.autograd.load_derivatives import load_derivatives

from datalint.ops.facts import RESULT, Saved, Sharing
from datalint.ops.observe.names import parameters, public, schemas
from datalint.ops.observe.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datalint.ops.observe.names import Spelling


def writes(spelling: Spelling) -> set[str]:
    """The arguments a function or method writes by its schemas, `out` among them."""
    kind, name = spelling
    value = public().get(spelling)
    if isinstance(value, types.FunctionType):
        return {"out"} & set(value.__code__.co_varnames)
    found = set(_written(name))
    return found if kind == "function" else found - {"out"}


def _written(name: str) -> Iterator[str]:
    for schema in schemas(name):
        for argument in schema.arguments:
            if argument.alias_info is not None and argument.alias_info.is_write:
                yield "out" if argument.kwarg_only or argument.is_out else _renamed(argument.name)


def row(spelling: Spelling) -> Row | None:
    """What can be said of an operator no call of which was seen, for want of a GPU, say."""
    kind, name = spelling
    forms = [s for s in schemas(name) if _dispatched(s)]
    if not forms or isinstance(public()[spelling], types.FunctionType):
        return None
    found = Row(name, parameters(spelling))
    found.kinds[kind] += 1
    found.sight.writes |= writes(spelling)
    found.sight.sharing |= {_sharing(form) for form in forms}
    found.sight.saves = _derivatives().get(forms[0].name.removeprefix("aten::"), {})
    found.sight.tracked = bool(found.sight.saves)
    return found


def _dispatched(schema: Any) -> bool:
    """Whether it is an operator in its own right, not made of others whose savings are its own."""
    name = f"{schema.name}.{schema.overload_name}".rstrip(".")
    composite = "CompositeImplicitAutograd"
    return not any(a.is_out for a in schema.arguments) and not (
        torch._C._dispatch_has_kernel_for_dispatch_key(name, composite)
    )


def _sharing(schema: Any) -> Sharing:
    results = [r for r in schema.returns if "Tensor" in str(r.type)]
    if not results:
        return Sharing.NOT_A_TENSOR
    if all(r.alias_info is None for r in results):
        return Sharing.FRESH
    written = any(r.alias_info is not None and r.alias_info.is_write for r in results)
    return Sharing.WRITTEN if written else Sharing.ALIAS


@cache
def _derivatives() -> dict[str, dict[str, set[Saved]]]:
    """For each base operator and argument, what its formula keeps: more than it needs, at times."""
    packaged = Path(torchgen.__file__).parent / "packaged"
    native = packaged / "ATen" / "native"
    files = (
        packaged / "autograd" / "derivatives.yaml",
        native / "native_functions.yaml",
        native / "tags.yaml",
    )
    loaded, _ = load_derivatives(*map(str, files))
    found: dict[str, dict[str, set[Saved]]] = {}
    for by_dispatch_key in loaded.values():
        for info in by_dispatch_key.values():
            saves = found.setdefault(str(info.func.func.name.name), {})
            for derivative in info.derivatives:
                for needing in derivative.var_names:
                    saves.setdefault(_renamed(needing), set()).update(_kept(derivative, info))
    return found


def _kept(derivative: Any, info: Any) -> Iterator[Saved]:
    for value in derivative.saved_inputs:
        # Not at::TensorGeometry or at::TensorOptions, which hold no values.
        if re.search(r"at::(Tensor|TensorList|ITensorListRef)\b", value.nctype.type.cpp_type()):
            yield Saved(_renamed(str(value.nctype.name)))
    results = [r.name for r in info.func.func.returns]
    for value in derivative.saved_outputs:
        name = str(value.nctype.name)
        place = int(name[6:]) if name[6:].isdigit() else None
        if name in results and len(results) > 1:
            place = results.index(name)
        yield Saved(RESULT, item=place)


def _renamed(name: str) -> str:
    return "input" if name == "self" else name
