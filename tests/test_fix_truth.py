"""Every fix that a fixture is offered, made by the program itself and run by PyTorch."""

from __future__ import annotations

import pytest

from datalint.check import check_source
from datalint.finding import Applicability
from datalint.fix import Fixer
from datalint.lint import Linter
from datalint.rules import ALL
from datalint.selection import Selection
from datalint.source.edit import edited
from tests.fixture_case import FixtureCase, all_cases
from tests.oracle import Outcome, same
from tests.oracle.trial import Trial

CASES = all_cases()
DEFAULT = {rule.name for rule in ALL if rule.default}
#: Fixtures that PyTorch finds right, though the version counter moves under what was saved.
LUCKY = ("hit", "spurious", "no effect")


def flaw(trial: Trial, after: Outcome, *, safe: bool = False, cures: bool = False) -> str:
    """What is wrong with a fix, or with several: empty where nothing is."""
    before = trial.written
    if before.error is not None:
        good = after.error == before.error
    elif safe:
        good = same(after, before)
    elif trial.judged(before) == "right":
        lucky = any(trial.case.marked(kind) for kind in LUCKY)
        good = same(after, before) or (lucky and after.modified)
    elif cures:
        good = trial.judged(after) in {"raises MOD", "right"}
    else:
        good = same(after, before) or trial.judged(after) in {"raises MOD", "right"}
    return "" if good else f"{trial.entry}(): {trial.judged(before)} -> {after}"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_fix_keeps_right_values_and_makes_wrong_ones_loud(case: FixtureCase) -> None:
    flaws = []
    for finding in check_source(case.linted, str(case.path)):
        if finding.fix is not None:
            fixed = edited(case.source.encode(), str(case.path), finding.fix.edits).decode()
            safe = finding.fix.applicability is Applicability.SAFE
            for trial in (Trial(case, entry) for entry in case.entries):
                told = flaw(trial, trial.outcome(fixed), safe=safe, cures=finding.rule in DEFAULT)
                flaws += [f"line {finding.span.row}, {finding.fix.message}: {told}"] * bool(told)
    assert not flaws, "\n".join([*flaws, case.source])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_all_fixes_together_do_so_too_and_leave_nothing_to_fix(case: FixtureCase) -> None:
    put: list[bytes] = []
    linter = Linter(Selection(("all",)))
    fixer = Fixer(linter, lambda path, old, new: put.append(new), unsafe=True)
    left = fixer.lint(case.linted, str(case.path))
    assert not [finding for finding in left.findings if finding.fix]
    if put:
        fixed = put[0].decode() + case.source[len(case.linted.decode()) :]
        trials = [Trial(case, entry) for entry in case.entries]
        flaws = [flaw(trial, trial.outcome(fixed)) for trial in trials]
        assert not any(flaws), "\n".join([*flaws, fixed])
