"""How the time of a whole run grows with the file: `python -m tests.benchmarks.growth [shape]`.

A row for each size: how often the shape is repeated, seconds of CPU time, and how many times those
of half the size. Where the ratio stays near two, time grows with the file.
"""

from __future__ import annotations

import gc
import sys
import time
from typing import TYPE_CHECKING

from datalint.fix import Fixer
from datalint.lint import Linter
from datalint.report import REPORTERS, Report
from datalint.selection import Selection
from tests.benchmarks.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How many sizes are measured, each twice the one before.
_SIZES = 5


def measured(source: bytes) -> float:
    """Seconds of CPU time to judge, fix and judge again, and report in every format."""
    gc.collect()
    start = time.process_time()
    linter = Linter(Selection(select=("all",)))
    linted = linter.lint(source, "growth.py")
    report = Report(linted.findings)
    for render in REPORTERS.values():
        render(report, linted.sources)
    Fixer(linter, lambda path, before, after: None, unsafe=True).lint(source, "growth.py")
    return time.process_time() - start


def growth(shape: str, sizes: Iterator[int]) -> Iterator[tuple[int, float]]:
    """Each size with its seconds."""
    make, _ = SHAPES[shape]
    for size in sizes:
        yield size, measured(make(size).encode())


def main() -> None:
    """Print the tables of the shapes asked for, or of all."""
    measured(b"import torch\ntorch.ones(3).data.zero_()\n")  # what is loaded once is not counted
    for shape in sys.argv[1:] or SHAPES:
        print(f"\n{shape}\n{'size':>8}{'seconds':>10}{'ratio':>8}", flush=True)
        largest, before = SHAPES[shape][1], None
        for size, seconds in growth(shape, (largest >> n for n in reversed(range(_SIZES)))):
            ratio = f"{seconds / before:8.1f}" if before else ""
            print(f"{size:8}{seconds:10.2f}{ratio}", flush=True)
            before = seconds


if __name__ == "__main__":
    main()
