"""All to which steps lead, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T")


def closure(steps: Mapping[T, Iterable[T]], starts: Iterable[T]) -> set[T]:
    """The starts, and all that can be reached from them."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        for other in steps.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
