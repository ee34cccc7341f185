"""Every fix that a fixture is offered, made by the program itself and run by PyTorch."""

from __future__ import annotations

import pytest

from datalint.check import check_source
from datalint.finding import Applicability
from datalint.fix import Fixer
from datalint.lint import Linted, Linter
from datalint.rules import ALL
from datalint.selection import Selection
from datalint.source.edit import edited
from tests.fixture_case import FixtureCase, all_cases
from tests.oracle import Outcome, execute, same
from tests.oracle.trial import Trial
from tests.random_programs import model
from tests.random_programs.generate import numbered

CASES = all_cases()
DEFAULT = {rule.name for rule in ALL if rule.default}
#: Fixtures that PyTorch finds right, though the version counter moves under what was saved.
LUCKY = ("hit", "spurious", "no effect")
#: What PyTorch says of a view among several that a seen write, unlike one through `.data`, reaches.
ONE_OF_SEVERAL_VIEWS = "Such functions do not allow the output views to be modified inplace"


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_all_fixes_together_do_so_too_and_leave_nothing_to_fix(case: FixtureCase) -> None:
    after, left = all_fixed(case.linted, str(case.path), unsafe=True)
    assert not [finding for finding in left.findings if finding.fix]
    if after != case.linted:
        fixed = after.decode() + case.source[len(case.linted.decode()) :]
        trials = [Trial(case, entry) for entry in case.entries]
        flaws = [flaw(trial, trial.outcome(fixed)) for trial in trials]
        assert not any(flaws), "\n".join([*flaws, fixed])


def all_fixed(source: bytes, path: str, *, unsafe: bool) -> tuple[bytes, Linted]:
    """What a file holds after all fixes, and what is left in it."""
    held = [source]
    fixer = Fixer(Linter(Selection(("all",))), lambda _, old, new: held.append(new), unsafe)
    left = fixer.lint(source, path)
    return held[-1], left


@pytest.mark.parametrize(
    "seeds", [range(12), pytest.param(range(12, 1000), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_random_program_gives_the_same_gradients_when_fixed_or_raises(seeds: range) -> None:
    changed = 0
    for seed in seeds:
        source = model.as_written(numbered(11, seed))
        before = execute(source)
        for unsafe in (False, True):
            fixed, _ = all_fixed(source.encode(), "a.py", unsafe=unsafe)
            changed += unsafe and fixed != source.encode()
            after = execute(fixed.decode())
            loud = unsafe and (after.modified or ONE_OF_SEVERAL_VIEWS in (after.error or ""))
            alike = after.error == before.error if before.error else same(after, before)
            assert alike or loud, f"{before} -> {after}\n{source}\n{fixed.decode()}"
    assert changed > len(seeds) / 2
