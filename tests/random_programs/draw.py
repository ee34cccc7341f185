"""Where choices come from: a plain random source, which is fast, or hypothesis, which shrinks."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


class Source(Protocol):
    """All that the generator asks of chance."""

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""


class Draw:
    """Choices in the words of the generator; what stands first is what shrinking prefers."""

    def __init__(self, source: Source) -> None:
        self._below = source.below

    def integer(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        return low + self._below(high - low + 1)

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[self._below(len(options))]

    def weighted(self, weights: Mapping[T, int]) -> T:
        """One of the keys, as often as its weight says."""
        at = self._below(sum(weights.values()))
        for option, weight in weights.items():
            if at < weight:
                return option
            at -= weight
        raise AssertionError("weights are whole numbers, not all zero")

    def chance(self, percent: int) -> bool:
        """True in `percent` of cases."""
        return self._below(100) >= 100 - percent


class Plain:
    """Choices of the standard library's generator: the same seed, the same program."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def below(self, n: int) -> int:
        """See `Source`."""
        return int(self._random.random() * n)


class Shrinkable:
    """Choices of hypothesis, which can make them smaller when a test fails."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def below(self, n: int) -> int:
        """See `Source`."""
        return self._draw(st.integers(0, n - 1))
