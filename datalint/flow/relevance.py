"""Which functions can matter: those from which what is looked for may be reached, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.closure import closure

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    Mentions = Mapping[ir.Function, Set[str]]

#: Methods that run where a class is called.
_MAKING = {"__init__", "__new__", "__post_init__", "__init_subclass__"}


def matter(module: ir.Module, sought: Set[str]) -> set[ir.Function]:
    """Functions that mention what is sought, or a function, class or object that leads to it.

    Names are taken at their word, whatever they are bound to: too many functions, never too few,
    as far as calls can be followed at all.
    """
    if module.mentions.isdisjoint(sought):
        return set()
    mentions = _mentioned(module)
    leading = _leading_names(module, mentions, sought)
    return {function for function, mentioned in mentions.items() if mentioned & leading}


def spelled(ways: Set[str]) -> set[str]:
    """How ways past a version counter are mentioned: some are always written with a dot."""
    return {s for way in ways for s in ([way] if way.startswith(".") else _spellings(way))}


def _mentioned(module: ir.Module) -> dict[ir.Function, Set[str]]:
    """What each function mentions: with `super().__init__` its bases, not all that have one."""
    found: dict[ir.Function, Set[str]] = {f: f.mentions for f in module.functions}
    for cls in module.classes:
        for method in cls.methods.values():
            if "super" in method.mentions:
                found[method] = (method.mentions - {".__init__"}) | _bases(cls)
    return found


def _leading_names(module: ir.Module, mentions: Mentions, sought: Set[str]) -> set[str]:
    """What is sought and every name behind which it may be, with and without a dot."""
    before: dict[str, list[str]] = {}
    for name, behind in _held(module, mentions, sought).items():
        for mentioned in behind:
            before.setdefault(mentioned, []).append(name)
    return closure(before, sought)


def _held(module: ir.Module, mentions: Mentions, sought: Set[str]) -> dict[str, set[str]]:
    """What is mentioned behind each name of a function, a class, or an object made of one."""
    behind: dict[str, set[str]] = {}

    def put(name: str, mentions: Set[str]) -> None:
        behind.setdefault(name, set()).update(mentions)

    methods = {method for cls in module.classes for method in cls.methods.values()}
    for function in module.functions:
        plain, dotted = _spellings(function.name)
        for name in (dotted,) if function in methods else (plain, dotted, ir.made_by(plain)):
            put(name, mentions[function])
    for cls in module.classes:
        behind_object = _behind_object(cls, mentions)
        behind_class = behind_object | _behind_call(cls, mentions)
        put(ir.made_by(cls.name), behind_object)
        for name in _spellings(cls.name):
            put(name, behind_class)
    defined = {*behind, *sought}
    for name, held in module.holds.items():
        put(name, held & defined)
    return behind


def _behind_call(cls: ir.Class, mentions: Mentions) -> set[str]:
    """What may run where a class is called, to make an object of it."""
    making = (method for method in cls.methods.values() if method.name in _MAKING)
    made = (mentions[m] for m in making if not (_is_module(cls) and _is_aside(m)))
    return _bases(cls).union(*made)


def _is_aside(method: ir.Function) -> bool:
    """Whether it is enough to look at a module's constructor by itself.

    Where a module is made no graph is, and what is written is its own, if not what it was given.
    """
    given = {ir.data_of(parameter.name) for parameter in method.parameters[1:]}
    return method.name == "__init__" and given.isdisjoint(method.mentions)


def _behind_object(cls: ir.Class, mentions: Mentions) -> set[str]:
    """What may run where an object is used that is there already, and no method is mentioned."""
    methods = cls.methods.values()
    hooked = any(".register_forward_hook" in method.mentions for method in methods)
    unspoken = (mentions[method] for method in methods if hooked or _is_unspoken(method.name))
    return set(map(ir.made_by, _bases(cls))).union(*unspoken)


def _is_module(cls: ir.Class) -> bool:
    return any(base.endswith("Module") for base in _bases(cls))


def _is_unspoken(method: str) -> bool:
    """Whether it runs without a word of it, and not only where the object is made."""
    return method == "forward" or (method.startswith("__") and method not in _MAKING)


def _bases(cls: ir.Class) -> set[str]:
    return {getattr(b, "id", "") or f".{getattr(b, 'name', '')}" for b in cls.bases}


def _spellings(name: str) -> tuple[str, str]:
    return name, f".{name}"
