"""The time that a file takes grows with the file, whatever there is much of in it."""

from __future__ import annotations

import pytest

from tests.benchmarks.growth import measured
from tests.benchmarks.shapes import SHAPES

#: Of twice the size n log n is a little more than twice the time, n * n four times.
TIMES, MORE = 4, 8
#: What takes less is all noise, in seconds.
NOISE = 0.03
MANY = 250
TRIES = 6


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_as_much_takes_less_than_eight_times_as_long(shape: str) -> None:
    make, largest = SHAPES[shape]
    size = min(largest, MANY)
    measured(make(1).encode())  # what is loaded once is not counted
    small = large = float("inf")
    for attempt in range(TRIES):  # the least of some times is what nothing else lengthened
        small = min(small, measured(make(size // TIMES).encode()))
        large = min(large, measured(make(size).encode()))
        if attempt and large < MORE * max(small, NOISE):
            return
    pytest.fail(f"{size // TIMES}: {small:.2f} s, {size}: {large:.2f} s")
