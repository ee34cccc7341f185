"""A map that forks in no time: nothing is copied, and a join looks only at what was changed.

Frozen layers lie under the changes of each way, shared by all that forked from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

#: Tables that are this many times as large as what is put on them are not copied for it.
LARGER, SMALL = 4, 32


class _Gone:
    """Marks a key that a layer has deleted."""


_GONE: Any = _Gone()


class _Layer(Generic[K, V]):
    """What was changed between two forks; never changes again."""

    __slots__ = ("below", "depth", "own", "tables")

    def __init__(self, own: dict[K, V], below: _Layer[K, V] | None) -> None:
        self.own = own
        self.below: _Layer[K, V] = below or self
        self.depth: int = below.depth + 1 if below else 0
        #: The same as all layers from here down, in few tables: the first that has a key is right.
        self.tables: tuple[dict[K, V], ...] = _stacked(own, below.tables) if below else ()


_GROUND: _Layer[Any, Any] = _Layer({}, None)


class Layers(Generic[K, V]):
    """A mapping; only `own` ever changes."""

    __slots__ = ("below", "own")

    def __init__(self, own: dict[K, V] | None = None, below: _Layer[K, V] = _GROUND) -> None:
        self.own: dict[K, V] = {} if own is None else own
        self.below = below

    def fork(self) -> Layers[K, V]:
        """The same map once more; the two go their own ways from here."""
        if self.own:
            self.below = _Layer(self.own, self.below)
            self.own = {}
        return Layers({}, self.below)

    @overload
    def get(self, key: K) -> V | None: ...

    @overload
    def get(self, key: K, default: T) -> V | T: ...

    def get(self, key: K, default: object = None) -> object:
        if key in self.own:
            found = self.own[key]
            return default if found is _GONE else found
        for table in self.below.tables:
            if key in table:
                found = table[key]
                return default if found is _GONE else found
        return default

    def __contains__(self, key: K) -> bool:
        return self.get(key, _GONE) is not _GONE

    def __getitem__(self, key: K) -> V:
        found = self.get(key, _GONE)
        if found is _GONE:
            raise KeyError(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        self.own[key] = value

    def __delitem__(self, key: K) -> None:
        self.own[key] = _GONE

    def __bool__(self) -> bool:
        """Whether anything was ever put in: quick, and never wrong about an empty map."""
        return bool(self.own or self.below.tables)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layers):
            return NotImplemented
        return all(
            (a := self.get(k, _GONE)) is (b := other.get(k, _GONE)) or a == b
            for k in self.changed(other)
        )

    __hash__ = None  # type: ignore[assignment]  # it changes

    def flat(self) -> dict[K, V]:
        """All of it in one dictionary."""
        tables = (self.own, *self.below.tables)
        return {k: v for k, v in _merged(tables).items() if v is not _GONE}

    def items(self) -> Iterator[tuple[K, V]]:
        return iter(self.flat().items())

    def __iter__(self) -> Iterator[K]:
        return iter(self.flat())

    def discard(self, key: K) -> None:
        if key in self:
            del self[key]

    def absorb(self, other: Layers[K, V]) -> None:
        """Take in the keys that were never here."""
        there = other.flat()
        for key in _in_none(there, (self.own, *self.below.tables)):
            self.own[key] = there[key]

    def parted(self, other: Layers[K, V]) -> tuple[dict[K, V], dict[K, V], _Layer[K, V]]:
        """What each of the two has changed since they were one, and the layer under both."""
        a, b = self.below, other.below
        if a is b:
            return self.own, other.own, a
        mine, theirs = [self.own], [other.own]
        while a is not b:
            if a.depth >= b.depth:
                mine.append(a.own)
                a = a.below
            else:
                theirs.append(b.own)
                b = b.below
        return _merged(mine), _merged(theirs), a

    def changed(self, before: Layers[K, V]) -> set[K]:
        """The keys in which the two may differ."""
        mine, theirs, _ = self.parted(before)
        return mine.keys() | theirs.keys()

    def join(
        self,
        other: Layers[K, V],
        join: Callable[[V, V], V],
        alone: Callable[[K, V], V] | None = None,
    ) -> Layers[K, V]:
        """Both maps in one; `alone` says what is left of a value that only one of them has."""
        mine, theirs, below = self.parted(other)
        if not mine and not theirs:
            return Layers({}, below)
        joined = {**theirs, **mine}

        def either(key: K, a: V, b: V) -> V:
            if a is not _GONE and b is not _GONE:
                return a if a == b else join(a, b)
            value = b if a is _GONE else a
            return alone(key, value) if alone else value

        # Most is new on one of the ways and taken as it is.
        new = _in_none(joined, below.tables)
        twice = set(mine) & set(theirs) if mine and theirs else set()
        for key in twice:
            a, b = mine[key], theirs[key]
            if a is not b:
                joined[key] = either(key, a, b)
        shared = Layers({}, below)
        for key in set(joined) - new - twice:
            here, there = joined[key], shared.get(key, _GONE)
            if here is not there:
                a, b = (here, there) if key in mine else (there, here)
                joined[key] = either(key, a, b)
        if alone:
            for key in new - twice:
                value = joined[key]
                joined[key] = value if value is _GONE else alone(key, value)
        return Layers(joined, below)

    def renewed(
        self,
        before: Layers[K, V],
        rename: Callable[[K], K],
        renew: Callable[[V], V],
        join: Callable[[V, V], V],
    ) -> Layers[K, V]:
        """With every key and value that came since `before` renamed; equal keys are joined."""
        since, others, below = self.parted(before)
        since = {**{k: self.get(k, _GONE) for k in others}, **since} if others else since
        aged: Layers[K, V] = Layers({}, below)
        moved: list[tuple[K, V]] = []
        for key, value in since.items():
            place = rename(key)
            if place is key and value is not _GONE:
                aged.own[key] = renew(value)
            else:
                aged.discard(key)
                if value is not _GONE:
                    moved.append((place, renew(value)))
        for place, value in moved:
            held = aged.get(place, _GONE)
            aged.own[place] = value if held is _GONE else join(held, value)
        return aged


def _merged(tables: Sequence[dict[K, V]]) -> dict[K, V]:
    """All in one; the first that has a key is right."""
    filled = [t for t in tables if t]
    if len(filled) == 1:
        return filled[0]
    merged: dict[K, V] = {}
    for table in reversed(filled):
        merged.update(table)
    return merged


def _in_none(keys: dict[K, V], tables: tuple[dict[K, V], ...]) -> set[K]:
    """The keys that are in none of the tables; no key is hashed again for it."""
    found = set(keys)
    for table in tables:
        found = found.difference(table)
    return found


def _stacked(own: dict[K, V], tables: tuple[dict[K, V], ...]) -> tuple[dict[K, V], ...]:
    """With one more on top; it is put into those below that are not much larger."""
    count = 0
    while count < len(tables) and len(tables[count]) <= LARGER * len(own) + SMALL:
        own = {**tables[count], **own}
        count += 1
    return (own, *tables[count:])
