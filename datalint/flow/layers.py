"""A map that forks in no time: nothing is copied, and a join looks only at what was changed.

Frozen layers lie under the changes of each way, shared by all that forked from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

#: So many layers are looked through before they are copied into one.
DEEP = 12


class _Gone:
    """Marks a key that a layer has deleted."""


_GONE: Any = _Gone()


class Layers(Generic[K, V]):
    """A mapping; only `own` ever changes."""

    __slots__ = ("below", "depth", "own")

    def __init__(self, below: Layers[K, V] | None = None, own: dict[K, V] | None = None) -> None:
        self.below = below
        self.own: dict[K, V] = {} if own is None else own
        self.depth: int = below.depth + 1 if below else 0

    def fork(self) -> Layers[K, V]:
        """The same map once more; the two go their own ways from here."""
        if self.own:
            base = Layers(self.below, self.own)
            if base.depth > DEEP:
                base = base.merged()
            self.below, self.own, self.depth = base, {}, base.depth + 1
        return Layers(self.below)

    def merged(self) -> Layers[K, V]:
        """The same with fewer layers: each is put into one that is no larger, as they are few."""
        merged = self
        while merged.below and len(merged.below.own) <= len(merged.own):
            merged = Layers(merged.below.below, {**merged.below.own, **merged.own})
        return merged

    @overload
    def get(self, key: K) -> V | None: ...

    @overload
    def get(self, key: K, default: T) -> V | T: ...

    def get(self, key: K, default: object = None) -> object:
        layer: Layers[K, V] | None = self
        while layer is not None:
            if key in layer.own:
                found = layer.own[key]
                return default if found is _GONE else found
            layer = layer.below
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
        layer: Layers[K, V] | None = self
        while layer is not None:
            if layer.own:
                return True
            layer = layer.below
        return False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layers):
            return NotImplemented
        changed, _ = self.changes(other)
        return all(self.get(k, _GONE) == other.get(k, _GONE) for k in changed)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def items(self) -> Iterator[tuple[K, V]]:
        seen: set[K] = set()
        layer: Layers[K, V] | None = self
        while layer is not None:
            for key, value in layer.own.items():
                if key not in seen:
                    seen.add(key)
                    if value is not _GONE:
                        yield key, value
            layer = layer.below

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self.items())

    def values(self) -> Iterator[V]:
        return (value for _, value in self.items())

    def discard(self, key: K) -> None:
        if key in self:
            del self[key]

    def changes(self, other: Layers[K, V]) -> tuple[set[K], Layers[K, V] | None]:
        """The keys in which the two may differ, and the layer under both."""
        keys: set[K] = set()
        a: Layers[K, V] | None = self
        b: Layers[K, V] | None = other
        while a is not b:
            if b is None or (a is not None and a.depth >= b.depth):
                assert a is not None
                keys.update(a.own)
                a = a.below
            else:
                keys.update(b.own)
                b = b.below
        return keys, a

    def join(
        self,
        other: Layers[K, V],
        join: Callable[[V, V], V],
        absent: Callable[[K, V], V] | None = None,
    ) -> Layers[K, V]:
        """Both maps in one; `absent` is what a key stands for that only one of them has."""
        changed, shared = self.changes(other)
        joined: Layers[K, V] = Layers(shared)
        for key in changed:
            a, b = self.get(key, _GONE), other.get(key, _GONE)
            if a is _GONE or b is _GONE:
                value = b if a is _GONE else a
                if absent and value is not _GONE:
                    value = join(value, absent(key, value))
            else:
                value = a if a is b or a == b else join(a, b)
            if value is not _GONE or (shared is not None and key in shared):
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
        changed, shared = self.changes(before)
        aged: Layers[K, V] = Layers(shared)
        for key in changed:
            value = self.get(key, _GONE)
            if value is _GONE:
                aged.own.setdefault(key, _GONE)
                continue
            place, value = rename(key), renew(value)
            if place != key and place not in changed:
                held = aged.get(place, _GONE)
            else:
                held = aged.own.get(place, _GONE)
            aged.own[place] = value if held is _GONE else join(held, value)
            if place != key:
                aged.own.setdefault(key, _GONE)
        return aged
