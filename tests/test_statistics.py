"""`--statistics`: how many findings there are of each rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.test_cli import HARMFUL, HARMLESS

if TYPE_CHECKING:
    from tests.conftest import Datalint

#: Two reads, of which one is used up at once; such reads are what `--fix` changes.
READS = "import torch\n\nx = torch.ones(3)\nprint(x.data)\ny = x.data\n"
TABLE = """\
2  note   data-read         [*] 1 fixable
1  note   data-write
1  error  write-after-save
"""


@pytest.fixture(autouse=True)
def files(datalint: Datalint) -> None:
    Path("harmful.py").write_text(HARMFUL)
    Path("harmless.py").write_text("import torch\n\n" + HARMLESS)
    Path("reads.py").write_text(READS)


def test_a_table_stands_in_the_place_of_the_findings(datalint: Datalint) -> None:
    done = datalint(".", "--select", "all", "--statistics")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"{TABLE}\n3 files checked: 4 findings; 1 can be fixed: --fix\n"


def test_quiet_leaves_the_table(datalint: Datalint) -> None:
    assert datalint(".", "--select", "all", "--statistics", "-q").stdout == TABLE


def test_levels_are_in_color_where_reports_are(datalint: Datalint) -> None:
    done = datalint("harmful.py", "--statistics", "-q", "--color", "always")
    assert done.stdout == "1  \x1b[1;31merror\x1b[0m  write-after-save\n"


def test_nothing_found_is_the_summary_alone(datalint: Datalint) -> None:
    done = datalint("harmless.py", "--select", "data-read", "--statistics")
    assert (done.returncode, done.stdout) == (
        0,
        "1 file checked: 0 findings; 1 write through .data not shown to be harmful: --select all\n",
    )


def test_json_is_an_array_of_rules(datalint: Datalint) -> None:
    words = "--select", "data-read,write-after-save", "--statistics", "--output-format", "json"
    done = datalint(".", *words, "-o", "counts.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads(Path("counts.json").read_text()) == [
        {"code": "data-read", "rule": "data-read", "level": "note", "count": 2, "fixable": 1},
        {
            "code": "write-after-save",
            "rule": "write-after-save",
            "level": "error",
            "count": 1,
            "fixable": 0,
        },
    ]
    assert datalint("harmless.py", "--statistics", "--output-format", "json").stdout == "[]\n"


def test_all_of_what_can_be_fixed_needs_no_number(datalint: Datalint) -> None:
    Path("reads.py").write_text(READS.replace("y = x.data\n", ""))
    done = datalint("reads.py", "--select", "data-read", "--statistics", "-q")
    assert done.stdout == "1  note  data-read  [*] fixable\n"


def test_it_is_what_is_left_that_counts(datalint: Datalint) -> None:
    done = datalint("reads.py", "--select", "data-read", "--fix", "--statistics", "-q")
    assert (done.returncode, done.stdout) == (1, "1  note  data-read\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_not_analysed_is_named(form: str, datalint: Datalint) -> None:
    Path("wr\x1bong.py").write_text("x.data = = 3\n")
    done = datalint(".", "--statistics", "--output-format", form)
    assert done.returncode == 2
    assert done.stderr == "wr\\x1bong.py:1:10: error[not-analysed] syntax error: invalid syntax\n"
    if form == "text":
        assert done.stdout.startswith("1  error  not-analysed\n1  error  write-after-save\n\n")
    else:
        assert [entry["rule"] for entry in json.loads(done.stdout)] == [
            "not-analysed",
            "write-after-save",
        ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--output-format", "sarif"],
            "--statistics has no other --output-format than text and json",
        ),
        (["--diff"], "--diff and --statistics contradict each other"),
        (["--add-ignore"], "--add-ignore and --statistics contradict each other"),
        (["--write-baseline"], "--write-baseline and --statistics contradict each other"),
        (["--show-files"], "--show-files and --statistics contradict each other"),
        (["--show-settings"], "--show-settings and --statistics contradict each other"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: list[str], message: str, datalint: Datalint
) -> None:
    done = datalint(".", "--statistics", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"datalint: error: {message}\n"
