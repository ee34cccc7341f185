"""What torch's schemas say an operator writes."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

from datalint.ops.observe.names import public, schemas

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
                out = argument.kwarg_only or argument.is_out
                yield "out" if out else "input" if argument.name == "self" else argument.name
