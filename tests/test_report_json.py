"""The report for programs, and what tells its findings apart."""

from __future__ import annotations

import json
from typing import Any

from inline_snapshot import snapshot

from datalint.finding import Applicability, Confidence, Finding, Level
from datalint.report import Problem, Report
from datalint.report.json import render
from datalint.source.text import Text
from tests.findings import SOURCE, at, finding, story


def entries(report: Report, text: str = SOURCE) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(
        render(report, {found.path: Text(text) for found in report.findings})
    )
    return loaded


def test_an_entry_has_the_shape_of_ruffs_and_our_own_keys() -> None:
    assert entries(Report((story(),))) == snapshot(
        [
            {
                "rule": "write-after-save",
                "code": "write-after-save",
                "filename": "src/train.py",
                "location": {"row": 5, "column": 5},
                "end_location": {"row": 5, "column": 11},
                "cell": None,
                "message": "`y` is overwritten through `.data` after `sigmoid` saved it",
                "url": "https://github.com/torch-datalint/datalint/blob/main/datalint/rules/write_after_save.py",
                "fix": None,
                "confidence": "high",
                "related": [
                    {
                        "filename": "src/train.py",
                        "location": {"row": 4, "column": 5},
                        "end_location": {"row": 4, "column": 16},
                        "cell": None,
                        "message": "saved here by `sigmoid`",
                    },
                    {
                        "filename": "src/train.py",
                        "location": {"row": 6, "column": 1},
                        "end_location": {"row": 6, "column": 10},
                        "cell": None,
                        "message": "written here",
                    },
                    {
                        "filename": "src/train.py",
                        "location": {"row": 9, "column": 1},
                        "end_location": {"row": 9, "column": 19},
                        "cell": None,
                        "message": "backward here",
                    },
                ],
                "fingerprint": "c732ee2daf925062",
            }
        ]
    )


def test_a_fix_has_its_edits() -> None:
    fixed = finding(
        at(SOURCE, 5, "y.data"),
        rule="data-write",
        level=Level.NOTE,
        confidence=Confidence.MEDIUM,
        fix=(Applicability.UNSAFE, "y.detach()"),
    )
    entry = entries(Report((fixed,)))[0]
    assert (entry["confidence"], entry["fix"]) == snapshot(
        (
            "medium",
            {
                "applicability": "unsafe",
                "message": "use `.detach()`",
                "edits": [
                    {
                        "content": "y.detach()",
                        "location": {"row": 5, "column": 5},
                        "end_location": {"row": 5, "column": 11},
                    }
                ],
            },
        )
    )


def test_a_file_that_was_not_analysed_is_an_entry() -> None:
    assert entries(Report(problems=(Problem("b.py", 3, 7, "syntax error"),))) == snapshot(
        [
            {
                "rule": "not-analysed",
                "code": "not-analysed",
                "filename": "b.py",
                "location": {"row": 3, "column": 7},
                "end_location": {"row": 3, "column": 7},
                "cell": None,
                "message": "syntax error",
                "url": None,
                "fix": None,
                "confidence": None,
                "related": [],
                "fingerprint": "f729634de2a0f4ad",
            }
        ]
    )


def test_what_is_in_a_notebook_names_its_cell() -> None:
    step = at(SOURCE, 4, "x.sigmoid()")
    span = at(SOURCE, 5, "y.data")._replace(cell=3)
    found = finding(span, (step._replace(cell=2), "saved"), (step, "needed"), path="a.ipynb")
    report = Report((found,), (Problem("a.ipynb", 9, 9, "", cell=1),))
    loaded = json.loads(render(report, {"a.ipynb:cell 3": Text(f"%time 'x\n{SOURCE}")}))
    assert [(entry["cell"], entry["location"]["row"]) for entry in loaded] == [(1, 9), (3, 5)]
    assert [related["cell"] for related in loaded[1]["related"]] == [2, None]


def test_entries_stand_in_the_order_of_their_places() -> None:
    report = Report(
        (story("a.py"), story("c.py")), (Problem("a.py", 1, 1, ""), Problem("b.py", 9, 9, ""))
    )
    assert [(e["filename"], e["location"]["row"]) for e in entries(report)] == [
        ("a.py", 1),
        ("a.py", 5),
        ("b.py", 9),
        ("c.py", 5),
    ]


def test_nothing_is_an_empty_array() -> None:
    assert render(Report(checked=3, hidden=2), {}) == "[]\n"


def test_odd_names_survive() -> None:
    text = render(Report((story("\udcff日\n.py"),)), {"\udcff日\n.py": Text(SOURCE)})
    assert text.isascii()
    assert json.loads(text)[0]["filename"] == "\udcff日\n.py"


TWICE = """\
def f(x):
    x.data.zero_()


class C:
    def f(self, x):
        x.data.zero_()
        if x:
            x.data.zero_()

    async def g(self, x):
        x.data.zero_()


x.data.zero_()
"""


def fingerprints(text: str, rule: str = "data-write", path: str = "a.py") -> list[str]:
    found: list[Finding] = [
        finding(at(text, row, "x.data"), rule=rule, path=path)
        for row, line in enumerate(text.splitlines(), start=1)
        if "x.data" in line
    ]
    return [entry["fingerprint"] for entry in entries(Report(tuple(found)), text)]


def test_fingerprints_differ_where_findings_differ() -> None:
    prints = [
        *fingerprints(TWICE),
        *fingerprints(TWICE, rule="data-read"),
        *fingerprints(TWICE, path="b.py"),
    ]
    assert len(set(prints)) == len(prints) == 15


def test_fingerprints_survive_edits_elsewhere() -> None:
    moved = TWICE.replace("class C:", "import torch\n\n\nclass C:\n    '''Doc.'''\n")
    reindented = moved.replace("    x.data.zero_()", "    if True:\n        x.data.zero_()", 1)
    assert fingerprints(reindented) == fingerprints(TWICE)


def test_a_fingerprint_changes_with_its_line_and_its_function() -> None:
    prints = fingerprints(TWICE)
    assert fingerprints(TWICE.replace("x.data.zero_()", "x.data.fill_(0)", 1))[0] != prints[0]
    renamed = fingerprints(TWICE.replace("def f(x)", "def h(x)"))
    assert [new == old for new, old in zip(renamed, prints, strict=True)] == [
        False,
        True,
        True,
        True,
        True,
    ]
