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
        return Layers(None, self.below)

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
        mine, theirs, _ = self.parted(other)
        return all(self.get(k, _GONE) == other.get(k, _GONE) for k in mine.keys() | theirs.keys())

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
        missing = set(there)
        for table in (self.own, *self.below.tables):
            missing = missing.difference(table)
        for key in missing:
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
        absent: Callable[[K, V], V] | None = None,
    ) -> Layers[K, V]:
        """Both maps in one; `absent` is what a key stands for that only one of them has."""
        mine, theirs, below = self.parted(other)
        joined: Layers[K, V] = Layers(None, below)
        if not mine and not theirs:
            return joined
        shared = Layers(None, below).get
        for key in mine if not theirs else theirs if not mine else mine.keys() | theirs.keys():
            a = mine[key] if key in mine else shared(key, _GONE)
            b = theirs[key] if key in theirs else shared(key, _GONE)
            if a is b:
                value = a
            elif a is _GONE or b is _GONE:
                value = b if a is _GONE else a
                if absent:
                    stands = absent(key, value)
                    value = value if stands is value else join(value, stands)
            else:
                value = a if a == b else join(a, b)
            if value is not _GONE or shared(key, _GONE) is not _GONE:
                joined.own[key] = value
        return joined

    def renewed(
        self,
        before: Layers[K, V],
        rename: Callable[[K], K],
        renew: Callable[[V], V],
        join: Callable[[V, V], V],
    ) -> Layers[K, V]:
        """With every key and value that came since `before` renamed; equal keys are joined."""
        since, others, below = self.parted(before)
        if others:
            since = {**{k: self.get(k, _GONE) for k in others}, **since}
        aged: Layers[K, V] = Layers(None, below)
        own = aged.own
        for key, value in since.items():
            if value is _GONE:
                own.setdefault(key, _GONE)
                continue
            place, value = rename(key), renew(value)
            if place is key:
                held = own.get(place, _GONE)
            else:
                held = own.get(place, _GONE) if place in since else aged.get(place, _GONE)
                own.setdefault(key, _GONE)
            own[place] = value if held is _GONE else join(held, value)
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


def _stacked(own: dict[K, V], tables: tuple[dict[K, V], ...]) -> tuple[dict[K, V], ...]:
    """With one more on top; it is put into those below that are not much larger."""
    count = 0
    while count < len(tables) and len(tables[count]) <= LARGER * len(own) + SMALL:
        own = {**tables[count], **own}
        count += 1
    return (own, *tables[count:])
