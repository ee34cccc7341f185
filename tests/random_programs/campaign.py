"""Many programs in a row: the mix, the coverage, and what the two witnesses disagree about."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from tests.random_programs.compare import Comparison, compare
from tests.random_programs.generate import numbered
from tests.random_programs.judge import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.random_programs import model

#: Of the clean programs, at most so many may be reported.
ALLOWED = 0.05
#: Each of these verdicts must be reached by at least this share of the programs.
LEAST = 0.20
WANTED = (Verdict.AFTER_SAVE, Verdict.UNTRACKED, Verdict.CLEAN)


@dataclass
class Tally:
    """What a campaign has seen so far."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    #: Programs of each verdict that a default rule reported.
    reported: Counter[Verdict] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    crashed: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    alarmed: list[int] = field(default_factory=list)
    judging: float = 0.0
    linting: float = 0.0
    whole: float = 0.0

    @property
    def count(self) -> int:
        """How many programs were seen."""
        return sum(self.verdicts.values())

    def share(self, verdict: Verdict) -> float:
        """Of all programs."""
        return self.verdicts[verdict] / self.count

    @property
    def alarm_rate(self) -> float:
        """Of the clean programs, how many are reported."""
        return len(self.alarmed) / (self.verdicts[Verdict.CLEAN] or 1)

    @property
    def passed(self) -> bool:
        """Nothing missed, few false alarms, and a mix that says something."""
        mixed = all(self.share(verdict) >= LEAST for verdict in WANTED)
        return mixed and not self.crashed and not self.missed and self.alarm_rate <= ALLOWED

    def add(self, index: int, program: model.Program, comparison: Comparison) -> None:
        """One more program."""
        verdict = comparison.judgement.verdict
        self.verdicts[verdict] += 1
        self.features.update(program.features)
        self.judging += comparison.judging
        self.linting += comparison.linting
        self.reported[verdict] += bool(comparison.findings)
        if comparison.crash:
            self.crashed.append(index)
        if comparison.misses:
            self.missed.append(index)
        if comparison.false_alarm:
            self.alarmed.append(index)
            self.alarms.update(comparison.alarms)

    def __str__(self) -> str:
        """The mix and the score."""
        rows = [f"{'verdict':16}{'programs':>9}{'share':>8}{'reported':>10}"]
        for verdict in Verdict:
            n, reported = self.verdicts[verdict], self.reported[verdict]
            rows.append(f"{verdict:16}{n:9}{n / self.count:8.1%}{reported:10}")
        alarms = ", ".join(f"{n} by {rule}" for rule, n in self.alarms.most_common())
        each = 1000 / self.count
        return "\n".join(
            [
                *rows,
                f"the linter died of: {len(self.crashed)} programs",
                f"missed: {len(self.missed)} programs",
                f"clean and reported: {len(self.alarmed)} ({self.alarm_rate:.1%}) {alarms}",
                f"{self.whole:.0f} s; each program took PyTorch {self.judging * each:.1f} ms"
                f" and the linter {self.linting * each:.1f} ms",
            ]
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """Tensors of nine numbers gain nothing from threads and wait for them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def campaign(seed: int, count: int) -> Iterator[tuple[int, model.Program, Comparison, Tally]]:
    """Compares `count` programs; with each, the tally so far."""
    tally, start = Tally(), time.perf_counter()
    with one_thread():
        for index in range(count):
            program = numbered(seed, index)
            comparison = compare(program)
            tally.add(index, program, comparison)
            tally.whole = time.perf_counter() - start
            yield index, program, comparison, tally
