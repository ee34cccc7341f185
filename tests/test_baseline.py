"""The baseline as its user meets it: what is recorded, what is new, what is gone."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datalint.baseline import Baseline
from datalint.lint import Linter
from datalint.selection import Selection
from tests.notebooks import markdown, notebook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conftest import Datalint

FILE = "datalint-baseline.json"
HEAD = "import torch\n"
HARMFUL = """\
def train(x):
    y = x.sigmoid()
    c = y.data
    c.zero_()
    y.sum().backward()
"""
#: What only a rule that is not on by default reports.
NOTE = HEAD + "def show(x: torch.Tensor):\n    print(x.data)\n"


@pytest.fixture(autouse=True)
def two_files(datalint: Datalint) -> None:
    Path("pkg").mkdir()
    Path("pkg/a.py").write_text(HEAD + HARMFUL)
    Path("pkg/b.py").write_text(HEAD + HARMFUL + HARMFUL.replace("train", "test"))


def entries() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(Path(FILE).read_bytes())["findings"]
    return loaded


def recorded() -> list[tuple[str, str]]:
    return [(entry["path"], entry["function"]) for entry in entries()]


class TestRoundTrip:
    def test_what_is_recorded_is_not_shown_and_does_not_count(self, datalint: Datalint) -> None:
        done = datalint(".", "--write-baseline")
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "3 findings of 2 files recorded in datalint-baseline.json: 3 added, 0 taken out\n",
            "",
        )
        done = datalint(".", "--baseline", FILE)
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "2 files checked: 0 findings; 3 in the baseline\n",
            "",
        )

    def test_one_new_bad_line_is_a_finding(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        with Path("pkg/a.py").open("a") as file:
            file.write(HARMFUL.replace("c = ", "d = ").replace("c.", "d."))
        done = datalint(".", "--baseline", FILE, "--output-format", "concise")
        assert done.returncode == 1
        assert done.stdout.startswith("pkg/a.py:9:9: error[write-after-save] ")
        assert done.stdout.endswith("\n2 files checked: 1 finding; 3 in the baseline\n")

    def test_another_copy_of_a_line_in_one_function_is_new(self, datalint: Datalint) -> None:
        twice = HEAD + HARMFUL + HARMFUL.partition("\n")[2]
        Path("pkg/a.py").write_text(twice)
        datalint("pkg/a.py", "--write-baseline")
        assert [entry.get("count") for entry in entries()] == [2]
        assert datalint("pkg/a.py", "--baseline", FILE).returncode == 0
        Path("pkg/a.py").write_text(twice + HARMFUL.partition("\n")[2])
        done = datalint("pkg/a.py", "--baseline", FILE)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.endswith("1 finding; 2 in the baseline\n")

    def test_a_finding_of_another_function_rule_or_line_is_new(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        for edited in (
            HARMFUL.replace("train", "tune"),
            HARMFUL.replace("y.data", "y.data  # in place"),
            HARMFUL.replace("sigmoid()", "mul(2)"),
        ):
            Path("pkg/a.py").write_text(HEAD + edited)
            assert datalint("pkg/a.py", "--baseline", FILE).returncode == 1

    def test_the_surest_of_those_that_look_alike_are_recorded(self, datalint: Datalint) -> None:
        """Else what --min-confidence left out would take the place of what was recorded."""
        assumed = "    y = x.sigmoid()\n    c = y.data\n    c.zero_()\n    return y\n"
        certain = "    x = torch.ones(3, requires_grad=True)\n" + HARMFUL.partition("\n")[2]
        branch = "    if x is None:\n" + "".join(f"    {line}\n" for line in assumed.splitlines())
        Path("pkg/a.py").write_text(f"{HEAD}def train(x: torch.Tensor):\n{branch}{certain}")
        sure = "pkg/a.py", "--min-confidence", "high"
        assert "1 finding; 1 of medium" in datalint(*sure).stdout
        datalint(*sure, "--write-baseline")
        done = datalint(*sure, "--baseline", FILE)
        assert (done.returncode, done.stderr) == (0, "")
        done = datalint("pkg/a.py", "--baseline", FILE, "--output-format", "concise")
        assert done.stdout.startswith("pkg/a.py:5:")

    def test_fixes_leave_it_alone(self, datalint: Datalint) -> None:
        Path("pkg/a.py").write_text(HEAD + HARMFUL)
        datalint(".", "--write-baseline")
        before = {path: path.read_bytes() for path in Path("pkg").iterdir()}
        with Path("pkg/a.py").open("a") as file:
            file.write(HARMFUL.replace("train", "tune"))
        done = datalint(".", "--baseline", FILE, "--fix", "--unsafe-fixes")
        assert (done.returncode, done.stderr) == (0, "")
        assert "0 findings; 1 fixed" in done.stdout and "3 in the baseline" in done.stdout
        after = Path("pkg/a.py").read_text()
        assert after.startswith(before[Path("pkg/a.py")].decode())
        assert after.count(".detach()") == 1
        assert Path("pkg/b.py").read_bytes() == before[Path("pkg/b.py")]


class TestPaths:
    @pytest.mark.parametrize(
        ("folder", "path"),
        [
            (".", "pkg/a.py"),
            (".", "./pkg/../pkg/a.py"),
            (".", "{here}/pkg/a.py"),
            (".", "pkg"),
            ("pkg", "a.py"),
            ("pkg", "."),
            ("pkg", "../pkg/a.py"),
            ("other", ".."),
        ],
    )
    def test_spelling_and_the_working_directory_do_not_matter(
        self, folder: str, path: str, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        datalint("pkg", "--write-baseline")
        assert recorded()[0] == ("pkg/a.py", "train")
        here = Path.cwd()
        Path("other").mkdir()
        monkeypatch.chdir(folder)
        baseline = os.path.relpath(here / FILE)
        assert datalint(path.format(here=here), "--baseline", baseline).returncode == 0

    def test_it_holds_where_the_project_is_cloned_to(self, datalint: Datalint) -> None:
        Path("pkg/sub").mkdir()
        datalint(".", "--write-baseline", "--baseline", "pkg/sub/known.json")
        assert '"path": "../a.py"' in Path("pkg/sub/known.json").read_text()
        Path("pkg").rename("clone")
        assert datalint("clone", "--baseline", "clone/sub/known.json").returncode == 0

    @pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
    def test_a_link_is_what_it_leads_to(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        Path("link").symlink_to("pkg")
        assert datalint("link/", "--baseline", FILE).returncode == 0
        Path("c.py").symlink_to("pkg/a.py")
        assert datalint("c.py", "--baseline", FILE).returncode == 0

    def test_standard_input_is_matched_by_its_name(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        source = Path("pkg/a.py").read_bytes()
        words = "-", "--baseline", FILE, "--stdin-filename"
        assert datalint(*words, "pkg/a.py", stdin=source).returncode == 0
        assert datalint(*words, "pkg/c.py", stdin=source).returncode == 1

    @pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
    def test_odd_names_and_lines_survive(self, datalint: Datalint) -> None:
        odd = HARMFUL.replace("y.data", "y.data  # größe \u202e\x1b[2J\x7f")
        for name in (os.fsdecode(b"\xff.py"), "a\nb\x1b.py", "日.py"):
            Path("pkg", name).write_text(HEAD + odd, "utf-8")
        datalint(".", "--write-baseline")
        assert datalint(".", "--baseline", FILE).returncode == 0
        written = Path(FILE).read_text("utf-8")
        assert "日.py" in written and "größe \\u202e\\u001b[2J\\u007f" in written
        assert "\\udcff.py" in written
        assert all(char.isprintable() or char == "\n" for char in written)


class TestFile:
    def test_it_is_one_line_a_finding_and_sorted(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        line = '"rule": "write-after-save", "function": "{}", "line": "c = y.data"}}'
        assert Path(FILE).read_text() == (
            '{\n  "version": 1,\n  "findings": [\n'
            f'    {{"path": "pkg/a.py", {line.format("train")},\n'
            f'    {{"path": "pkg/b.py", {line.format("test")},\n'
            f'    {{"path": "pkg/b.py", {line.format("train")}\n'
            "  ]\n}\n"
        )

    def test_a_function_is_named_from_the_top_of_the_file(self, datalint: Datalint) -> None:
        inner = "".join(f"            {line}\n" for line in HARMFUL.splitlines())
        nested = f"class Net:\n    def fit(self):\n        if self:\n{inner}"
        bare = "x = torch.ones(3, requires_grad=True)\n" + HARMFUL.partition("\n")[2]
        Path("a.py").write_text(HEAD + nested + bare.replace("    ", ""))
        datalint("a.py", "--write-baseline")
        assert recorded() == [("a.py", ""), ("a.py", "Net.fit.train")]

    def test_writing_again_changes_nothing(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        before = Path(FILE).read_bytes()
        done = datalint("pkg", "--write-baseline", "--baseline", f"./{FILE}")
        assert done.stdout.endswith(": 0 added, 0 taken out\n")
        assert Path(FILE).read_bytes() == before
        assert sorted(path.name for path in Path().iterdir()) == [FILE, "pkg"]

    def test_nothing_found_is_a_baseline_too(self, datalint: Datalint) -> None:
        Path("clean.py").touch()
        assert datalint("clean.py", "--write-baseline", "-q").stdout == ""
        assert entries() == []
        assert datalint("clean.py", "--baseline", FILE).returncode == 0

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"{\n<<<<<<< HEAD", f"{FILE}:2: not JSON: Expecting property name"),
            (b"\xff\xfe", f"{FILE} is no baseline of datalint"),
            (b"[" * 100_000, f"{FILE} is no baseline of datalint"),
            (b'{"version": ' + b"1" * 5_000 + b"}", f"{FILE} is no baseline of datalint"),
            (b"[]", f"{FILE} is no baseline of datalint"),
            (b'{"version": 1}', f"{FILE} is no baseline of datalint"),
            (
                b'{"version": 2, "findings": []}',
                f"{FILE} is a baseline of version 2; this datalint reads version 1",
            ),
            *(
                (
                    f'{{"version": 1, "findings": [{{{entry}}}]}}'.encode(),
                    f"{FILE}: entry 1 of its findings is not as datalint writes it",
                )
                for entry in (
                    '"path": "a.py", "rule": "r", "line": "l"',
                    '"path": "a.py", "rule": "r", "line": "l", "function": 3',
                    '"path": "a.py", "rule": "r", "line": "l", "function": "", "count": 0',
                    '"path": "a.py", "rule": "r", "line": "l", "function": "", "row": 3',
                )
            ),
        ],
    )
    @pytest.mark.parametrize("words", [[], ["--write-baseline"]])
    def test_one_that_is_none_is_one_line_and_is_left_alone(
        self, words: list[str], content: bytes, message: str, datalint: Datalint
    ) -> None:
        Path(FILE).write_bytes(content)
        done = datalint(".", "--baseline", FILE, *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith(f"datalint: error: {message}")
        assert Path(FILE).read_bytes() == content

    def test_a_missing_one_is_an_error_and_how_to_make_it_is_said(self, datalint: Datalint) -> None:
        done = datalint(".", "--baseline", "known.json")
        assert (done.returncode, done.stdout, done.stderr) == (
            2,
            "",
            "datalint: error: there is no baseline known.json; --write-baseline makes it\n",
        )
        done = datalint(".", "--baseline", "no/known.json", "--write-baseline")
        assert (done.returncode, done.stdout, done.stderr) == (
            2,
            "",
            "datalint: error: there is no folder for the baseline no/known.json\n",
        )

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a mode that holds")
    def test_one_that_cannot_be_written_is_one_line(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        Path("pkg/a.py").write_text("")
        Path(FILE).chmod(0o400)
        done = datalint(".", "--write-baseline")
        assert (done.returncode, done.stderr) == (
            2,
            f"datalint: error: {FILE}: it is read-only\n",
        )

    def test_a_folder_is_none(self, datalint: Datalint) -> None:
        done = datalint(".", "--baseline", "pkg")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith("datalint: error: pkg: cannot be read: ")

    @pytest.mark.parametrize(
        ("words", "other"),
        [
            (". --fix", "--fix"),
            (". --diff", "--diff"),
            (". -o x.txt", "--output-file"),
            (". --output-format json", "--output-format"),
            (". --diff-base HEAD", "--diff-base"),
            ("-", "standard input"),
        ],
    )
    def test_what_cannot_be_recorded_is_refused(
        self, words: str, other: str, datalint: Datalint
    ) -> None:
        done = datalint(*words.split(), "--write-baseline")
        assert (done.returncode, done.stderr) == (
            2,
            f"datalint: error: --write-baseline and {other} contradict each other\n",
        )
        assert not Path(FILE).exists()


class TestGone:
    """Entries that are not found again, of what was looked for."""

    TOLD = "datalint: note: {} of the baseline {} fixed: --write-baseline takes {} out\n"
    ONE, TWO = TOLD.format("1 finding", "is", "it"), TOLD.format("2 findings", "are", "them")

    @pytest.fixture(autouse=True)
    def baseline(self, two_files: None, datalint: Datalint) -> None:
        Path("note.py").write_text(NOTE)
        datalint(".", "--write-baseline", "--extend-select", "data-read")
        assert recorded() == [
            ("note.py", "show"),
            ("pkg/a.py", "train"),
            ("pkg/b.py", "test"),
            ("pkg/b.py", "train"),
        ]

    def test_it_is_told_and_taken_out(self, datalint: Datalint) -> None:
        Path("pkg/a.py").write_text("")
        done = datalint(".", "--baseline", FILE, "--output-format", "json")
        assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", self.ONE)
        Path("pkg/b.py").write_text(HEAD + HARMFUL)
        assert datalint(".", "--baseline", FILE).stderr == self.TWO
        done = datalint(".", "--write-baseline")
        assert done.stdout.endswith(
            f"2 findings of 2 files recorded in {FILE}: 0 added, 2 taken out\n"
        )
        assert recorded() == [("note.py", "show"), ("pkg/b.py", "train")]
        assert datalint(".", "--baseline", FILE).stderr == ""

    def test_of_a_file_that_is_gone_it_is_told_below_a_folder_that_was_checked(
        self, datalint: Datalint
    ) -> None:
        Path("pkg/b.py").unlink()
        assert datalint("pkg", "--baseline", FILE).stderr == self.TWO
        assert datalint("pkg/a.py", "--baseline", FILE).stderr == ""
        datalint("note.py", "--write-baseline")
        assert len(entries()) == 4
        datalint("pkg", "--write-baseline")
        assert len(entries()) == 2

    def test_of_what_was_not_looked_for_it_is_not(self, datalint: Datalint) -> None:
        Path("pkg/a.py").write_text("")
        Path("note.py").write_text("")
        for words in (
            ["pkg/b.py"],
            [".", "--select", "untracked-write"],
            ["note.py"],  # its rule is opt-in
        ):
            before = Path(FILE).read_bytes()
            assert datalint(*words, "--baseline", FILE).stderr == ""
            done = datalint(*words, "--write-baseline")
            assert done.stdout.endswith(": 0 added, 0 taken out\n")
            assert Path(FILE).read_bytes() == before

    def test_of_a_rule_that_is_not_reported_in_a_file_it_is_not(self, datalint: Datalint) -> None:
        Path("pkg/a.py").write_text("")
        Path("pkg/b.py").unlink()
        Path("pyproject.toml").write_text(
            "[tool.datalint.per-file-ignores]\n'/pkg/' = ['write-after-save']\n"
        )
        assert datalint(".", "--baseline", FILE).stderr == ""
        Path("pyproject.toml").write_text(
            "[tool.datalint.per-file-ignores]\n'/pkg/a.py' = ['write-after-save']\n"
        )
        assert datalint(".", "--baseline", FILE).stderr == self.TWO

    def test_of_what_is_only_not_sure_enough_it_is_not(self, datalint: Datalint) -> None:
        words = ".", "--min-confidence", "high"
        assert "3 in the baseline" in datalint(*words, "--baseline", FILE).stdout
        assert datalint(*words, "--baseline", FILE).stderr == ""
        assert datalint(*words, "--write-baseline").stdout.endswith("0 added, 0 taken out\n")

    def test_of_a_file_that_was_not_analysed_it_is_not(self, datalint: Datalint) -> None:
        Path("pkg/a.py").write_text("x.data = = 3\n")
        Path("pkg/b.py").write_text("")
        done = datalint("pkg", "--baseline", FILE, "-q")
        assert done.returncode == 2 and done.stderr == self.TWO
        done = datalint("pkg", "--write-baseline")
        assert done.returncode == 2
        assert done.stderr == "pkg/a.py:1:10: error[not-analysed] syntax error: invalid syntax\n"
        assert recorded() == [("note.py", "show"), ("pkg/a.py", "train")]


STATEMENTS = (HEAD + HARMFUL + "\n" + HARMFUL.replace("train", "test")).splitlines()
COPIES = (HEAD + HARMFUL + HARMFUL.partition("\n")[2]).splitlines()

#: What may be written before a statement, at its depth, and changes nothing of it.
UNRELATED = st.sampled_from(
    [
        "",
        "# x.data.zero_()",
        "n = 1",
        "def helper():\n    n = 2",
        "def other(n):\n    return n",
        "print('.data')",
        "\t",
        "\f",
    ]
)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A source, and what unrelated edits make of it."""
    lines = draw(st.sampled_from([STATEMENTS, COPIES]))
    after: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        for text in draw(st.lists(UNRELATED, max_size=2)):
            after += [indent + each for each in text.split("\n")]
        after.append(draw(st.sampled_from([line, line + "  "])))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return "\n".join([*lines, ""]), end.join([*after, ""])


@given(edited())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_unrelated_edits_bring_nothing_back(case: tuple[str, str]) -> None:
    before, after = (text.encode() for text in case)
    linted = Linter(Selection()).lint(before, "pkg/a.py")
    assert len(linted.findings) == 2
    Baseline("new.json", Counter()).write(Counter(), linted.findings, linted.sources)
    baseline = Baseline.read("new.json")
    assert Linter(Selection(), sieves=(baseline,)).lint(after, "pkg/a.py").findings == ()
    assert not baseline.gone(["pkg/a.py"], [], Selection())


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (2, 0, 1, 3, 3)])
def test_cells_may_be_added_and_put_in_another_order(
    order: Iterable[int], datalint: Datalint
) -> None:
    train = HEAD + "x = torch.ones(3, requires_grad=True)\ny = x.sigmoid()\nc = y.data\nc.zero_()\n"
    cells = [
        train + "y.sum().backward()",
        train.replace("c = ", "d = ").replace("c.", "d.") + "y.sum().backward()",
        markdown("# c"),
        "%time print(1)",
    ]
    Path("a.ipynb").write_bytes(notebook(*cells[:3]))
    datalint("a.ipynb", "--write-baseline")
    assert [entry["line"] for entry in entries()] == ["c = y.data", "d = y.data"]
    Path("a.ipynb").write_bytes(notebook(*(cells[at] for at in order)))
    done = datalint("a.ipynb", "--baseline", FILE)
    assert (done.returncode, done.stderr) == (0, "")
