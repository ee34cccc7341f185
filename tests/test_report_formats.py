"""What holds of every format, and the places that those have in common that know no cells."""

from __future__ import annotations

import json
import os
import tomllib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from datalint.report import REPORTERS, Problem, Report
from datalint.report.links import HOME, page_url
from datalint.report.places import plain
from datalint.rules import ALL
from datalint.source.text import Text
from tests.conftest import ROOT
from tests.findings import SOURCE, at, finding
from tests.hostile import each_report

if TYPE_CHECKING:
    from collections.abc import Mapping


@each_report
def test_nothing_that_a_terminal_acts_on_comes_through(
    made: tuple[Report, Mapping[str, Text]],
) -> None:
    for render in REPORTERS.values():
        shown = render(*made)
        assert shown.endswith("\n")
        assert all(char == "\n" or char.isprintable() for char in shown)
        assert shown == render(*made)


def test_a_rule_has_its_page_where_its_address_says() -> None:
    for rule in ALL:
        file = page_url(rule.name).removeprefix(f"{HOME}/blob/main/")
        assert rule.page in (ROOT / file).read_text("utf-8")


def test_the_project_has_one_address() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert urls["Homepage"] == HOME
    assert all(url.startswith(HOME) for url in urls.values())


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("./a.py", "a.py"),
        ("src//net/../a.py", "src/a.py"),
        ("../a.py", "../a.py"),
        ("/src/a.py", "/src/a.py"),
    ],
)
def test_a_path_has_one_spelling(path: str, spelled: str) -> None:
    assert plain(path) == spelled
    assert plain(path.replace("/", os.sep)) == spelled


#: A cell whose rows are rows 11 to 19 of its file.
CELL = Text(SOURCE, tuple(range(11, 20)))


def notebook() -> tuple[Report, Mapping[str, Text]]:
    """A finding in the third cell of a notebook, with its story, and a cell that is no Python."""
    span, step = (at(SOURCE, *where)._replace(cell=3) for where in ((5, "y.data"), (4, "x.sig")))
    found = finding(span, (step, "saved here"), path="./a.ipynb")
    problem = Problem("./b.ipynb", 2, 4, "syntax error", cell=5)
    return Report((found,), (problem,)), {"./a.ipynb:cell 3": CELL}


def test_in_a_notebook_github_is_told_the_row_of_the_file() -> None:
    first, second, *_ = REPORTERS["github"](*notebook()).splitlines()
    assert first.startswith(
        "::error file=a.ipynb,line=15,endLine=15,title=datalint (write-after-save)::Cell 3, row 5: "
    )
    assert second == (
        "::error file=b.ipynb,title=datalint (not-analysed)::Cell 5, row 2: syntax error."
    )


def test_in_a_notebook_gitlab_is_told_the_row_of_the_file() -> None:
    found, problem = json.loads(REPORTERS["gitlab"](*notebook()))
    assert found["location"] == {"path": "a.ipynb", "lines": {"begin": 15, "end": 15}}
    assert found["description"].startswith("Cell 3, row 5: ")
    assert problem["location"] == {"path": "b.ipynb", "lines": {"begin": 1, "end": 1}}
    assert problem["description"] == "Cell 5, row 2: syntax error."


def test_in_a_notebook_junit_is_told_the_row_of_the_file() -> None:
    found, problem = ET.fromstring(REPORTERS["junit"](*notebook())).iter("testcase")
    assert (found.get("file"), found.get("line")) == ("a.ipynb", "15")
    assert found.get("name") == "write-after-save at cell 3:5:5"
    assert (problem.get("classname"), problem.get("line")) == ("b.ipynb", None)
    assert problem.get("name") == "not-analysed at cell 5:2:4"
