"""The order in which the things of a value are taken: the same in every run."""

from __future__ import annotations

from datalint.flow.values import (
    Bound,
    ClassRef,
    Closure,
    Container,
    External,
    Instance,
    Literal,
    Member,
    Method,
    Opaque,
    Partial,
    Super,
    TensorRef,
    Thing,
    Value,
)


def ordered(value: Value) -> list[Thing]:
    """In an order that is the same in every run."""
    return sorted(value, key=_rank) if len(value) > 1 else list(value)


def _rank(thing: Thing) -> tuple[object, ...]:
    """Comparable with the rank of any other thing: the kind comes before what tells kinds apart."""
    return type(thing).__name__, *_within(thing)


def _within(thing: Thing) -> tuple[object, ...]:
    match thing:
        case TensorRef() | Opaque() | Container() | Instance():
            return tuple(thing.key)
        case ClassRef() | Closure():
            return (thing.node.serial, thing.frame)
        case Method():
            return (thing.function.node.serial, *_rank(thing.receiver))
        case Bound():
            return (thing.name, *_rank(thing.receiver))
        case External():
            return (thing.name,)
        case Member():
            return (thing.path, thing.names)
        case Super():
            return (thing.cls.node.serial, *_rank(thing.receiver))
        case Partial():
            return _rank(thing.callee)
        case Literal():
            return (type(thing.value).__name__, repr(thing.value))
    return ()
