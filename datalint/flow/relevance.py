"""Which functions can matter: those from which what is looked for may be reached, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set

    from datalint.flow import ir


def matter(module: ir.Module, sought: Set[str]) -> set[ir.Function]:
    """Functions that mention what is sought, or a function, class or object that leads to it.

    Names are taken at their word, whatever they are bound to: too many functions, never too few,
    as far as calls can be followed at all.
    """
    if module.mentions.isdisjoint(sought):
        return set()
    leading = _leading_names(module, sought)
    return {f for f in module.functions if f.mentions & leading}


def spelled(ways: Set[str]) -> set[str]:
    """How ways past a version counter are mentioned: some are always written with a dot."""
    return {s for way in ways for s in ([way] if way.startswith(".") else _spellings(way))}


def _leading_names(module: ir.Module, sought: Set[str]) -> set[str]:
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


def _held(module: ir.Module, sought: Set[str]) -> dict[str, set[str]]:
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
