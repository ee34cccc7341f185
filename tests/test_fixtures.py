"""Three witnesses on every fixture: its markers, the linter, and PyTorch."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

from datalint.check import check_source
from datalint.finding import Applicability, Finding
from datalint.rules import ALL
from tests.fixture_case import FixtureCase, Reports, State, all_cases
from tests.oracle import execute, same
from tests.oracle.rewrite import with_cures, with_edits
from tests.oracle.trial import Trial, objections
from tests.show import told

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = all_cases()
DEFAULT = {rule.name for rule in ALL if rule.default}
RULES = {rule.name for rule in ALL}


def by_name(cases: list[FixtureCase]) -> pytest.MarkDecorator:
    """One test for each fixture, called by its name."""
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


@cache
def _findings(path: str, linted: bytes) -> list[Finding]:
    return check_source(linted, path)


def findings(case: FixtureCase) -> list[Finding]:
    """What the linter says, of all rules."""
    return _findings(str(case.path), case.linted)


def disagreements(case: FixtureCase) -> list[str]:
    """Where the linter contradicts the markers."""
    found: Reports = Counter((finding.span.row, finding.rule) for finding in findings(case))
    expected = case.reports("expect", "spurious", "expect-all")
    if not case.marked("expect-all"):
        found_here = Counter({report: n for report, n in found.items() if report[1] in DEFAULT})
    else:
        found_here = found
    return [
        *(f"line {row}: {rule} is not reported" for row, rule in expected - found_here),
        *(f"line {row}: {rule} is reported" for row, rule in found_here - expected),
        *(
            f"line {row}: {rule} is reported now, so it is no longer missing"
            for row, rule in case.reports("missing") & found
        ),
    ]


@by_name(CASES)
def test_the_linter_agrees_with_the_markers(case: FixtureCase) -> None:
    problems = disagreements(case)
    assert not problems, told(case, problems)


@by_name(CASES)
def test_pytorch_agrees_with_the_markers(case: FixtureCase) -> None:
    problems = objections(case)
    assert not problems, told(case, problems)


@by_name([case for case in CASES if case.state is State.WRONG])
def test_the_fix_makes_it_loud_or_right(case: FixtureCase) -> None:
    trial = Trial(case, case.entries[0])
    for finding in findings(case):
        if finding.rule in DEFAULT and finding.fix is not None:
            outcome = trial.outcome(with_edits(case.source, finding.fix.edits))
            judged = trial.judged(outcome)
            problem = f"line {finding.span.row}: with the fix it is {judged}: {outcome.error}"
            assert judged in {"raises MOD", "right"}, told(case, [problem])


def advised(finding: Finding) -> list[str]:
    """The assignments that the help spells out in full, without a `new` still to be filled in."""
    codes = re.findall("`([^`]+)`", finding.help)
    return [code for code in codes if " = " in code and not re.search(r"\bnew\b", code)]


@by_name([case for case in CASES if case.state is State.WRONG])
def test_the_advice_is_right(case: FixtureCase) -> None:
    trial = Trial(case, case.entries[0])
    problems = [
        f"line {finding.span.row}: {problem}"
        for finding in findings(case)
        if finding.rule in DEFAULT and advised(finding)
        for problem in _flaws(trial, finding)
    ]
    assert not problems, told(case, problems)


def _flaws(trial: Trial, finding: Finding) -> Iterator[str]:
    cure, *straight_through = advised(finding)
    cured = with_cures(trial.case.source, {finding.span.row: cure})
    try:
        outcome = trial.outcome(cured)
    except SyntaxError as error:
        yield f"`{cure}` is no statement: {error}"
        return
    if finding.rule == "untracked-write":
        right = trial.judged(outcome) in {"raises MOD", "right"}
    else:
        # Zeros have no graph, and backward says so as loudly as one could wish.
        loud = outcome.modified or ("zeros_like" in cure and "grad_fn" in (outcome.error or ""))
        right = loud or same(outcome, trial.snapshots(cured))
    if not right:
        yield f"`{cure}` leaves it {trial.judged(outcome)}: {outcome}"
    for form in straight_through:
        # What passes the gradient by is what the untracked edit did, said openly.
        passed = trial.outcome(with_cures(trial.case.source, {finding.span.row: form}))
        if not same(passed, trial.written):
            yield f"`{form}` does not pass the gradient by: {passed}"


@by_name([case for case in CASES if case.entries == ("run",)])
def test_safe_fixes_change_nothing(case: FixtureCase) -> None:
    fixes = [finding.fix for finding in findings(case) if finding.fix is not None]
    safe = [fix for fix in fixes if fix.applicability is Applicability.SAFE]
    if safe:
        edits = {edit for fix in safe for edit in fix.edits}
        outcome = execute(with_edits(case.source, edits), str(case.path))
        written = Trial(case).written
        if written.error is None:
            assert same(outcome, written), told(case, [f"with the safe fixes: {outcome}"])
        else:
            assert outcome.error == written.error


@by_name(CASES)
def test_a_fixture_tells_its_story_and_marks_known_rules(case: FixtureCase) -> None:
    reports = case.reports("expect", "expect-all", "missing", "spurious")
    assert {rule for _, rule in reports} <= RULES
    assert 20 <= len(case.story) <= 220, "one or two sentences"
    assert len(case.reports("expect")) == 0 or len(case.rules & DEFAULT) == 1, (
        "one story, one fixture"
    )
    assert all(marker.text for marker in case.markers if marker.kind != "no effect")


def test_there_are_as_many_as_promised() -> None:
    proven = [
        case
        for case in CASES
        if case.rules & {"write-after-save", "untracked-write"} and case.state is State.WRONG
    ]
    assert len(CASES) >= 110
    assert len(proven) >= 60
    assert {case.state for case in CASES} == set(State)


def test_enough_advice_is_spelled_out_to_be_judged() -> None:
    said = [finding for case in CASES for finding in findings(case) if finding.rule in DEFAULT]
    assert sum(bool(advised(finding)) for finding in said) >= 30
    assert sum(finding.fix is not None for finding in said) >= 100
