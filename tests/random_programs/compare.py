"""Whether the linter says of a program what PyTorch says of it, `.data` by `.data`."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.check import check_source
from datalint.rules import ALL
from tests.random_programs import model
from tests.random_programs.judge import Judgement, Verdict, judge
from tests.random_programs.truth import NAME

if TYPE_CHECKING:
    from datalint.finding import Finding

_DEFAULT = {rule.name for rule in ALL if rule.default}
AFTER_SAVE, UNTRACKED = "write-after-save", "untracked-write"


@dataclass(frozen=True)
class Miss:
    """What should have been reported, at one of which rows, for which write."""

    rule: str
    writes: tuple[int, ...]
    rows: frozenset[int]


@dataclass(frozen=True)
class Comparison:
    """Both verdicts, and where they differ."""

    judgement: Judgement
    findings: tuple[Finding, ...]
    misses: tuple[Miss, ...]
    judging: float
    linting: float
    #: How the linter died, which is a failure of its own.
    crash: str = ""

    @property
    def disagree(self) -> bool:
        """Whether this program is worth keeping."""
        return bool(self.crash or self.misses or self.false_alarm)

    @property
    def alarms(self) -> frozenset[str]:
        """The default rules that reported something."""
        return frozenset(finding.rule for finding in self.findings)

    @property
    def false_alarm(self) -> bool:
        """Whether a clean program was reported."""
        clean = self.judgement.verdict is Verdict.CLEAN
        return clean and any(f.span.row not in self.judgement.vain for f in self.findings)


def compare(program: model.Program) -> Comparison:
    """Judges and lints `program`."""
    start = time.perf_counter()
    judgement = judge(program)
    judged = time.perf_counter()
    source = model.as_written(program).encode()
    found, crash = [], ""
    try:
        found = [finding for finding in check_source(source, NAME) if finding.rule in _DEFAULT]
    except Exception as error:  # told with the program that caused it, and counted
        crash = "".join(traceback.format_exception(error)[-2:]).strip()
    linted = time.perf_counter()
    return Comparison(
        judgement,
        tuple(sorted(found, key=lambda finding: finding.order())),
        () if crash else tuple(_missed(judgement, found)),
        judged - start,
        linted - judged,
        crash,
    )


def _missed(judgement: Judgement, found: list[Finding]) -> list[Miss]:
    spoiled = {finding.span.row for finding in found if finding.rule == AFTER_SAVE}
    edited = {finding.span.row for finding in found if finding.rule in (AFTER_SAVE, UNTRACKED)}
    misses = [
        Miss(UNTRACKED, (number,), rows)
        for number, rows in judgement.untracked.items()
        if not rows & edited
    ]
    blamed = frozenset().union(*judgement.after_save.values())
    if blamed and not blamed & spoiled:
        misses.append(Miss(AFTER_SAVE, tuple(judgement.after_save), blamed))
    return misses
