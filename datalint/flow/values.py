"""Abstract values: a value is the set of things an expression may be.

A `Key` names something made at one place in the program: where, under which calls, in this
iteration of a loop or an older one, and which attribute or item of it is meant. Tensors, their
storages, graph nodes and objects are all named by keys; what is known of them is in `state`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datalint.flow import ir


#: A path element for anything below.
ANY = ".any"
#: So far down a path its elements are told apart.
DEEP = 6
#: So many alternatives a value keeps: those that come first in the order of the source.
WIDE = 40
#: So much a container may hold before its places are no longer told apart.
MANY = 500

#: A key without its path.
Root = tuple[int, int, int]


class Key(NamedTuple):
    """`age` is 0 for what this iteration made and 1 for all that older ones made."""

    site: int
    context: int
    age: int = 0
    path: tuple[str, ...] = ()

    def at(self, *names: str) -> Key:
        """What is found under these names; far down all of it is one."""
        path = self.path + names
        if len(path) > DEEP:
            path = (*path[: DEEP - 1], ANY)
        return Key(self.site, self.context, self.age, path)

    @property
    def root(self) -> Root:
        return self[:3]


#: Path elements: a tensor's gradient, an item whose index is not known.
GRAD, ITEM = ".grad", "[]"


def overlap(a: Key, b: Key) -> bool:
    """Whether they may be one memory: the same place, an item of it, or anything below it."""
    if a[:3] != b[:3] or (GRAD in a.path) != (GRAD in b.path):
        return False
    for x, y in zip(a.path, b.path, strict=False):
        if ANY in (x, y):
            return True
        if x != y and not (ITEM in (x, y) and x[0] == y[0] == "["):
            return False
    shared = min(len(a.path), len(b.path))
    rest = a.path[shared:] or b.path[shared:]
    return all(e[0] == "[" for e in rest) or rest[0] == ANY


class Tri(enum.IntEnum):
    """No, perhaps, or yes: whether a tensor requires grad, whether grad mode is on."""

    NO = 0
    MAYBE = 1
    YES = 2


def tri(value: object) -> Tri:
    """A constant flag as far as it is one: anything but True and False is a perhaps."""
    return Tri.YES if value is True else Tri.NO if value is False else Tri.MAYBE


def either(a: Tri, b: Tri) -> Tri:
    """What is known where two ways meet."""
    return a if a == b else Tri.MAYBE


@dataclass(frozen=True, slots=True)
class TensorRef:
    """A tensor for sure."""

    key: Key


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything: an argument, an attribute never set in sight, the result of an unseen call.

    Used as a tensor it is one, whose storage has the same key.
    """

    key: Key


@dataclass(frozen=True, slots=True)
class Container:
    """A list, tuple, set or dict made in sight."""

    key: Key
    kind: str


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class in sight, or of torch's class of this dotted name."""

    key: Key
    of: ClassRef | str


@dataclass(frozen=True, slots=True)
class ClassRef:
    node: ir.Class
    frame: int


@dataclass(frozen=True, slots=True)
class Closure:
    """A function with the frame it was defined in."""

    node: ir.Function
    frame: int
    untracked: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """A function bound to its receiver."""

    receiver: Thing
    function: Closure


@dataclass(frozen=True, slots=True)
class Bound:
    """An attribute of a thing that we know only by name: `x.sigmoid`, `values.append`."""

    receiver: Thing
    name: str


@dataclass(frozen=True, slots=True)
class External:
    """Something importable: `torch`, `torch.nn.functional.relu`, or a builtin by its bare name."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A module of the project, or what these names lead to in it: looked up when it is used."""

    path: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    value: object

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Literal) or type(other.value) is not type(self.value):
            return False
        return bool(other.value == self.value)

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Plain:
    """No tensor and nothing that holds one: a number, a string, a shape."""


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` in a method of this class, for this receiver."""

    receiver: Thing
    cls: ClassRef


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial`: a call some of whose arguments are known already."""

    callee: Thing
    positional: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


Thing = (
    TensorRef | Opaque | Container | Instance | ClassRef | Closure | Method | Bound
    | External | Member | Literal | Plain | Super | Partial
)  # fmt: skip
Value = frozenset[Thing]

NOTHING: Value = frozenset()
PLAIN: Value = frozenset({Plain()})


TRUE: Value = frozenset({Literal(True)})


def just(thing: Thing) -> Value:
    return frozenset({thing})


def constant(value: Value) -> object:
    """The one literal this value is, else Ellipsis."""
    if len(value) == 1:
        (thing,) = value
        if isinstance(thing, Literal):
            return thing.value
    return ...
