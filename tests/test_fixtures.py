"""Three witnesses on every fixture: its markers, the linter, and PyTorch."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from datalint.check import check_source
from datalint.finding import Applicability, Finding
from datalint.rules import ALL
from tests.fixture_case import FixtureCase, Reports, State, all_cases
from tests.oracle import execute, same
from tests.oracle.rewrite import with_edits
from tests.oracle.trial import Trial, objections
from tests.show import told

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
    assert {rule for _, rule in reports} <= RULES | {"blind-write"}
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
