"""Which functions can matter: those from which a `.data` may be reached, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datalint.flow import ir

DATA = ".data"


def matter(module: ir.Module) -> set[ir.Function]:
    """Functions that mention `.data`, or a function, class or object in sight that leads to one.

    Names are taken at their word, whatever they are bound to: too many functions, never too few,
    as far as calls can be followed at all.
    """
    leading = _leading_names(module)
    return {f for f in module.functions if f.mentions & leading}


def _leading_names(module: ir.Module) -> set[str]:
    """`.data` and every name behind which it may be, with and without a dot."""
    mentions = _mentions(module)
    leading = {DATA}
    while True:
        found = {n for n, behind in mentions.items() if n not in leading and behind & leading}
        if not found:
            return leading
        leading |= found


def _mentions(module: ir.Module) -> dict[str, set[str]]:
    """What is mentioned behind each name of a function, a class, or an object made of one."""
    behind: dict[str, set[str]] = {}
    for function in module.functions:
        for name in _spellings(function.name):
            behind.setdefault(name, set()).update(function.mentions)
    for cls in module.classes:
        for name in _spellings(cls.name):
            behind.setdefault(name, set()).update(_bases(cls))
            for method in cls.methods.values():
                behind.setdefault(name, set()).update(method.mentions)
    defined = {*behind, DATA}
    for name, held in module.holds.items():
        behind.setdefault(name, set()).update(held & defined)
    return behind


def _bases(cls: ir.Class) -> set[str]:
    return {getattr(b, "id", "") or f".{getattr(b, 'name', '')}" for b in cls.bases}


def _spellings(name: str) -> tuple[str, str]:
    return name, f".{name}"
