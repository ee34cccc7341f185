"""Between which places of a file memory may be handed on: a graph, and what it leads to."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from datalint.flow.closure import closure

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

#: A place, and whether it holds the memory rather than being it.
Side = tuple["Hashable", bool]
#: Where a value may come from, and whether it then holds the memory or is it.
Value = tuple[tuple[Side, bool], ...]

#: What every write leads to, and those that only tensors have a method for.
WRITTEN, IN_PLACE = "written", "in-place"


class Ways:
    """From each side of a place, where what is found there may be found as well."""

    def __init__(self) -> None:
        self._on: dict[Side, list[Side]] = defaultdict(list)

    def lead(self, value: Value, place: Hashable) -> None:
        """What is assigned to a place may be found there."""
        for source, holds in value:
            self._way(source, (place, holds))

    def hold(self, value: Value, place: Hashable) -> None:
        """What is put into what a place stands for may be found in it."""
        for source, _ in value:
            self._way(source, (place, True))

    def write(self, value: Value) -> None:
        """What is written in place: the memory itself, not what holds it."""
        self.lose(memory(value))

    def lose(self, value: Value) -> None:
        """What is handed to where it may be written, or what it holds."""
        for source, _ in value:
            self._on[source].append((WRITTEN, False))

    def _way(self, source: Side, target: Side) -> None:
        self._on[source].append(target)
        if source[1] and target[1]:  # what is put into the one is in the other
            self._on[target].append(source)

    def leading(self, names: Iterable[str], to: Hashable) -> frozenset[str]:
        """The places of these names from which another may be reached."""
        reached = closure(self._on, [(name, held) for name in names for held in (False, True)])
        if (to, False) not in reached:
            return frozenset()
        back: dict[Side, list[Side]] = defaultdict(list)
        for source in reached:
            for target in self._on.get(source, ()):
                back[target].append(source)
        before = {name for name, _ in closure(back, [(to, False)])}
        return frozenset(name for name in names if name in before)


def place(name: Hashable) -> Value:
    """What is found at a place."""
    return ((name, False), False), ((name, True), True)


def taken(value: Value) -> Value:
    """An item of a value, or what else can be got out of it: a view of memory is that memory."""
    out = []
    for source, holds in value:
        out.append((source, False))
        if holds:
            out.append((source, True))
    return tuple(out)


def holding(values: Iterable[Value]) -> Value:
    """What a container of these holds."""
    return tuple((source, True) for value in values for source, _ in value)


def memory(value: Value) -> Value:
    """The value only where it is the memory itself."""
    return tuple(pair for pair in value if not pair[1])


def holders(value: Value) -> Value:
    """The value only where it holds the memory."""
    return tuple(pair for pair in value if pair[1])
