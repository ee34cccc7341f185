"""Which functions can matter: those from which what is looked for may be reached, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set

    from datalint.flow import ir


def mentions(module: ir.Module, ways: Set[str]) -> bool:
    """Whether one of these stands anywhere in a file."""
    return not module.mentions.isdisjoint(_spelled(ways))


def matter(module: ir.Module, ways: Set[str]) -> set[ir.Function]:
    """Functions that mention `.data`, or a function, class or object in sight that leads to one.

    The same for what else is looked for: `ways` that begin with a dot are always written with it.

    Names are taken at their word, whatever they are bound to: too many functions, never too few,
    as far as calls can be followed at all.
    """
    leading = _leading_names(module, _spelled(ways))
    return {f for f in module.functions if f.mentions & leading}


def _spelled(ways: Set[str]) -> set[str]:
    return {s for way in ways for s in ([way] if way.startswith(".") else _spellings(way))}


def _leading_names(module: ir.Module, sought: set[str]) -> set[str]:
    """What is sought and every name behind which it may be, with and without a dot."""
    before: dict[str, list[str]] = {}
    for name, behind in _held(module, sought).items():
        for mentioned in behind:
            before.setdefault(mentioned, []).append(name)
    leading, todo = set(sought), list(sought)
    while todo:
        for name in before.get(todo.pop(), ()):
            if name not in leading:
                leading.add(name)
                todo.append(name)
    return leading


def _held(module: ir.Module, sought: set[str]) -> dict[str, set[str]]:
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
    defined = {*behind, *sought}
    for name, held in module.holds.items():
        behind.setdefault(name, set()).update(held & defined)
    return behind


def _bases(cls: ir.Class) -> set[str]:
    return {getattr(b, "id", "") or f".{getattr(b, 'name', '')}" for b in cls.bases}


def _spellings(name: str) -> tuple[str, str]:
    return name, f".{name}"
