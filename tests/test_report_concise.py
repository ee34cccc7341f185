"""The report of one line a finding."""

from __future__ import annotations

from inline_snapshot import snapshot

from datalint.finding import Level
from datalint.report import Look, Problem, Report
from datalint.report.concise import render
from tests.findings import SOURCE, at, finding, story


def test_one_line_a_finding_and_the_summary() -> None:
    report = Report(
        (story(), finding(at(SOURCE, 6, "c"), rule="data-write", level=Level.NOTE, path="b\n.py")),
        (Problem("c.py", 3, 7, "syntax error: '\x1b'"),),
        checked=2,
        hidden=1,
    )
    assert render(report, {}) == snapshot("""\
src/train.py:5:5: error[write-after-save] `y` is overwritten through `.data` after `sigmoid` saved it
b\\n.py:6:1: note[data-write] `y` is overwritten through `.data` after `sigmoid` saved it
c.py:3:7: error[not-analysed] syntax error: '\\x1b'
2 files checked, 1 not analysed: 2 findings; 1 write through .data not shown to be harmful: --select all
""")


def test_a_cell_of_a_notebook_is_named_as_ruff_names_it() -> None:
    found = finding(at(SOURCE, 6, "c")._replace(cell=3), path="a.ipynb")
    report = Report((found,), (Problem("b.ipynb", 3, 7, "syntax error", cell=2),))
    assert [line.partition(" error[")[0] for line in render(report, {}).splitlines()[:2]] == [
        "a.ipynb:cell 3:6:1:",
        "b.ipynb:cell 2:3:7:",
    ]


def test_without_a_summary_nothing_is_said_of_nothing() -> None:
    assert render(Report(checked=1), {}, Look(summary=False)) == ""
