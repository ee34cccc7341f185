"""Writes past the version counter without `.data`: what is told, what is left alone, what cures."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from datalint.check import check_source
from datalint.finding import Confidence, Finding, NotAnalysed
from datalint.flow.events import DATA
from datalint.lint import Linter
from datalint.rules import ALL
from datalint.runner import Run
from datalint.selection import Selection
from datalint.source.text import Sought
from tests.fixture_case import FixtureCase, State, all_cases
from tests.oracle.trial import Trial

CASES = all_cases()
HARMFUL = [
    case
    for case in CASES
    if case.state is State.OUT_OF_REACH
    and "blind-write" in {rule for _, rule in case.reports("expect-all")}
]
IMPORTS = """
import copy
import numpy as np
import torch
from torch.autograd.graph import increment_version
from torch.utils import dlpack
"""


def told(body: str, arguments: str = "x, y, array, f") -> list[Finding]:
    """What the rule says of the body of a function, whose arguments come from anywhere."""
    lines = dedent(body).strip().splitlines()
    source = IMPORTS + f"def outer({arguments}):\n" + "".join(f"    {line}\n" for line in lines)
    return [f for f in check_source(source.encode()) if f.rule == "blind-write"]


@pytest.mark.parametrize(
    ("body", "way"),
    [
        ("x.detach().numpy()[0] = 1", "through `.numpy()`"),
        ("n = x.detach().numpy()\nn += 1", "through `.numpy()`"),
        ("np.add(x.detach().numpy(), 1, out=x.detach().numpy())", "through `.numpy()`"),
        ("np.asarray(x.detach()).fill(0)", "through `asarray()`"),
        ("x.detach().__array__()[0] = 1", "through `.__array__()`"),
        ("with torch.no_grad():\n    x.numpy()[0] = 1", "through `.numpy()`"),
        ("x.untyped_storage()[0] = 1", "through `.untyped_storage()`"),
        ("torch.relu(x)\nx.storage().fill_(0)", "through `.storage()`"),
        ("torch.from_dlpack(x.detach()).zero_()", "through `from_dlpack()`"),
        ("dlpack.from_dlpack(dlpack.to_dlpack(x)).zero_()", "through `to_dlpack()`"),
        ("torch.from_dlpack(x.detach().__dlpack__()).zero_()", "through `.__dlpack__()`"),
        ("x.detach().apply_(f)", "by `.apply_()`"),
        ("x.detach().map_(y, f)", "by `.map_()`"),
        ("x.detach().map2_(y, y, f)", "by `.map2_()`"),
        ("a, b = x.unsafe_chunk(2)\na.zero_()", "through `.unsafe_chunk()`"),
        ("torch.unsafe_split(x, 2)[0].zero_()", "through `.unsafe_split()`"),
        ("for p in x.unsafe_split_with_sizes([1]):\n    p.zero_()",
         "through `.unsafe_split_with_sizes()`"),
    ],
)  # fmt: skip
def test_every_way_past_the_counter_is_told_where_it_is_taken(body: str, way: str) -> None:
    (finding,) = told(body)
    assert finding.message == (
        f"`x` is written {way}, past its version counter: nothing checks this write"
    )
    assert finding.confidence is Confidence.HIGH
    assert [note.message for note in finding.notes] == ["written here"]
    assert "increment_version(x)`" in finding.help
    assert finding.fix is None


@pytest.mark.parametrize(
    "body",
    [
        "n = x.detach().numpy().copy()\nn += 1",
        "n = x.detach().numpy().astype(float)\nn += 1",
        "n = x.detach().numpy()\nn = n + 1",
        "print(x.detach().numpy().mean())",
        "n = x.detach().clone().numpy()\nn += 1",
        "n = x.detach().cpu().numpy()\nn += 1",
        "n = x.numpy()\nn += 1",
        "x.apply_(f)",
        "n = torch.zeros(3).numpy()\nn += 1",
        "n = f(x).detach().numpy()\nn += 1",
        "n = np.asarray(f(x).detach())\nn += 1",
        "t = torch.from_numpy(array)\nt += 1",
        "n = np.asarray(array)\nn += 1",
        "array[0] = 1",
        "t = torch.from_dlpack(array)\nt += 1",
        "x.storage()[0] = 1",
        "x.untyped_storage().resize_(0)",
        "n = copy.copy(x)\nn += 1",
        "a, b = x.chunk(2)\na.zero_()",
        "x.grad.numpy()[0] = 1",
        "with torch.no_grad():\n    p = f(x)\n    p.numpy()[0] = 1",
    ],
)
def test_what_looks_like_it_and_shares_no_watched_memory_is_left_alone(body: str) -> None:
    assert told(body) == []


def test_a_constant_is_told_of_where_it_was_saved() -> None:
    (finding,) = told("m = torch.ones(3)\nz = x * m\nm.numpy()[0] = 2\nz.sum().backward()")
    assert "after `mul` saved `other` for backward: the gradient is silently wrong" in (
        finding.message
    )
    assert [note.message for note in finding.notes] == [
        "`mul` saves `other` here", "written here", "backward here",
    ]  # fmt: skip


def test_with_no_backward_in_sight_one_may_follow() -> None:
    (finding,) = told("z = x.exp()\nz.detach().numpy()[0] = 2\nreturn z")
    assert "for backward and a backward may follow" in finding.message
    assert finding.confidence is Confidence.MEDIUM


def test_what_left_through_data_is_not_told_again() -> None:
    assert told("x.data.numpy()[0] = 1") == []
    assert told("x.data.apply_(f)") == []
    assert told("x.unsafe_chunk(2)[0].data.zero_()") == []


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("x.detach().apply_(f)\nincrement_version(x)", []),
        ("x.detach().apply_(f)\nincrement_version([x, y])", []),
        ("for i in range(3):\n    x.detach().apply_(f)\nincrement_version(x)", []),
        ("n = x.detach().numpy()\nn[0] = 1\nincrement_version(x.detach())", []),
        ("x.detach().apply_(f)\nincrement_version(y)", [8]),
        ("increment_version(x)\nx.detach().apply_(f)", [9]),
        ("z = x.exp()\nz.detach().apply_(f)\nincrement_version(z)\nz.sum().backward()", []),
        ("z = x.exp()\nz.detach().apply_(f)\nz.sum().backward()\nincrement_version(z)", [9]),
        ("z = x.exp()\nz.detach().apply_(f)\nif y:\n    increment_version(z)\nreturn z", [9]),
    ],
)
def test_a_counter_moved_by_hand_counts_what_was_written_before(body: str, rows: list[int]) -> None:
    assert [finding.span.row for finding in told(body)] == rows


def test_a_moved_counter_is_no_help_where_nobody_looks_at_it() -> None:
    body = """
    with torch.autograd.graph.save_on_cpu():
        z = x.exp()
    z.detach().apply_(f)
    increment_version(z)
    z.sum().backward()
    """
    (finding,) = told(body)
    assert "silently wrong" in finding.message
    assert "increment_version" not in finding.help


def test_a_piece_that_was_saved_has_a_counter_of_its_own() -> None:
    """PyTorch raises: fixtures/blind/a_piece_that_was_saved.py."""
    body = "a, b = torch.unsafe_chunk(x, 2)\nz = a * b\nwith torch.no_grad():\n    b.zero_()"
    (finding,) = told(body + "\nz.sum().backward()")
    assert "nothing checks this write" in finding.message


def _with_the_bump(case: FixtureCase) -> str:
    """The fixture with the call that the help spells out, right after the write it points at."""
    (finding,) = [f for f in check_source(case.linted) if f.rule == "blind-write"]
    (call,) = re.findall(r"`(torch\.autograd\.graph\.increment_version\(.*?\))`", finding.help)
    (row,) = [note.span.row for note in finding.notes if note.message == "written here"]
    lines = case.source.splitlines()
    indentation = " " * (len(lines[row - 1]) - len(lines[row - 1].lstrip()))
    lines.insert(row, indentation + call)
    return "\n".join(lines) + "\n"


#: Where the write is in the function whose names the help uses.
ADVISED = [case for case in HARMFUL if case.name != "blind/written_in_a_helper"]


@pytest.mark.parametrize("case", ADVISED, ids=[case.name for case in ADVISED])
def test_the_call_that_is_advised_makes_pytorch_raise_and_datalint_quiet(case: FixtureCase) -> None:
    source = _with_the_bump(case)
    assert Trial(case).outcome(source).modified
    assert [f.rule for f in check_source(source.encode())] == []


def test_there_are_fixtures_of_every_kind() -> None:
    assert len(HARMFUL) >= 18


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_other_rules_say_the_same_whatever_else_is_looked_for(case: FixtureCase) -> None:
    every = [f for f in check_source(case.linted, str(case.path)) if f.rule != "blind-write"]
    only = check_source(case.linted, str(case.path), sought=Sought(reads=True))
    assert [f for f in only if f.rule != "blind-write"] == every


def test_files_without_data_are_read_only_where_the_rule_is_selected() -> None:
    source = b"x.detach().numpy()[0] = )"
    with pytest.raises(NotAnalysed):
        check_source(source)
    assert check_source(source, sought=Sought(reads=True)) == []


@pytest.mark.parametrize(
    ("selection", "findings"),
    [
        (Selection(), 0),
        (Selection(extend_select=("blind-write",)), 1),
        (Selection(select=("all",)), 1),
        (Selection(select=("all",), ignore=("blind-write",)), 0),
        (Selection(ignore=("data-write",)), 0),
    ],
)
def test_a_selection_says_what_is_looked_for(selection: Selection, findings: int) -> None:
    run = Run(Linter(selection))
    run.check_source(b"def f(x):\n    x.detach().numpy()[0] = 1\n", "a.py")
    report = run.report()
    assert (report.checked, len(report.findings)) == (1, findings)


def test_only_one_rule_is_about_other_ways_than_data() -> None:
    assert [rule.name for rule in ALL if rule.ways - {DATA}] == ["blind-write"]
