"""The command line as its user meets it: words, streams, exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalint import __version__
from datalint.report import REPORTERS
from datalint.rules import ALL
from tests.conftest import clean_environment
from tests.notebooks import markdown, notebook

if TYPE_CHECKING:
    from tests.conftest import Datalint

HARMFUL = """\
import torch

x = torch.ones(3, requires_grad=True)
y = x.sigmoid()
c = y.data
c.zero_()
y.sum().backward()
"""
HARMLESS = """\
def step(net, loss, lr):
    loss.backward()
    for p in net.parameters():
        p.data.add_(p.grad, alpha=-lr)
"""


@pytest.fixture(autouse=True)
def two_files(datalint: Datalint) -> None:
    Path("harmful.py").write_text(HARMFUL)
    Path("harmless.py").write_text("import torch\n\n" + HARMLESS)


class TestCheck:
    def test_a_finding_is_exit_code_1(self, datalint: Datalint) -> None:
        done = datalint("harmful.py")
        assert (done.returncode, done.stderr) == (1, "")
        assert "error[write-after-save]: " in done.stdout
        assert "--> harmful.py:5:5\n" in done.stdout
        assert "5 | c = y.data\n  |     ^^^^^^\n" in done.stdout
        assert done.stdout.endswith("\n1 file checked: 1 finding\n")

    def test_none_is_exit_code_0_and_says_what_is_not_shown(self, datalint: Datalint) -> None:
        done = datalint("harmless.py")
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "1 file checked: 0 findings; 1 write through .data not shown to be harmful:"
            " --select all\n",
            "",
        )

    def test_what_was_not_shown_can_be(self, datalint: Datalint) -> None:
        done = datalint("harmless.py", "--select", "all", "--output-format", "concise")
        assert done.returncode == 1
        assert done.stdout.startswith("harmless.py:6:9: note[data-write] ")
        assert done.stdout.endswith("1 file checked: 1 finding\n")

    def test_check_may_be_said_or_left_out_and_options_stand_anywhere(
        self, datalint: Datalint
    ) -> None:
        outputs = {
            datalint(*words).stdout
            for words in (
                (".", "-q"),
                ("-q", "."),
                ("check", "-q", "."),
                ("check", ".", "--quiet"),
                ("--quiet", "--", "harmful.py", "harmless.py"),
            )
        }
        assert len(outputs) == 1
        assert "harmful.py:5:5" in outputs.pop()

    def test_a_path_named_like_a_command_can_be_checked(self, datalint: Datalint) -> None:
        Path("explain").mkdir()
        Path("explain", "a.py").write_text(HARMFUL)
        assert datalint("check", "explain").returncode == 1
        assert datalint("./explain").returncode == 1

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            (["--select", "data-read"], 0),
            (["--select", "data-read,write-after-save"], 1),
            (["--select", "data-read", "--select", "write-after-save"], 1),
            (["--ignore", "write-after-save"], 0),
            (["--select", "all", "--ignore", "all, data-read", "--extend-select", "all"], 2),
            (["--extend-select", "data-read"], 1),
            (["--exit-zero"], 0),
            (["--isolated", "--no-cache"], 1),
            (["--min-confidence", "high"], 1),
        ],
    )
    def test_options_decide_the_exit_code(
        self, options: list[str], code: int, datalint: Datalint
    ) -> None:
        assert datalint("harmful.py", *options).returncode == code

    def test_quiet_leaves_out_the_summary_and_verbose_says_more(self, datalint: Datalint) -> None:
        assert datalint("-q", "harmless.py").stdout == ""
        Path("plain.py").touch()
        done = datalint("-v", "plain.py", "harmful.py")
        assert done.stderr == "harmful.py: 1 shown of 1 found\nplain.py: nothing to judge\n"

    def test_output_goes_to_a_file(self, process: Datalint) -> None:
        Path("hârm\x1bful.py").write_text(HARMFUL)
        done = process(".", "--output-format", "concise", "-o", "report.txt", PYTHONUTF8="0")
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
        lines = Path("report.txt").read_text("utf-8").splitlines()
        assert [line.partition(" ")[0] for line in lines] == [
            "harmful.py:5:5:",
            "hârm\\x1bful.py:5:5:",
            "3",
        ]

    def test_json_is_one_array_whatever_happens(self, datalint: Datalint) -> None:
        Path("wrong.py").write_text("x.data = = 3\n")
        done = datalint(".", "--output-format", "json")
        assert (done.returncode, done.stderr) == (2, "")
        assert [(entry["filename"], entry["rule"]) for entry in json.loads(done.stdout)] == [
            ("harmful.py", "write-after-save"),
            ("wrong.py", "not-analysed"),
        ]

    def test_reports_are_the_same_every_time(self, process: Datalint) -> None:
        for name in "zyxabc":
            Path(name).mkdir()
            Path(name, "m.py").write_text(HARMFUL)
        runs = {
            process("z", ".", "--output-format", "json", PYTHONHASHSEED=str(seed)).stdout
            for seed in range(3)
        }
        assert len(runs) == 1
        names = [entry["filename"] for entry in json.loads(runs.pop())]
        assert names == sorted(names)
        assert len(names) == 7

    def test_what_is_said_of_each_file_is_safe_for_a_terminal(self, datalint: Datalint) -> None:
        Path("a\x1b[2J.py").touch()
        assert datalint("-v", "a\x1b[2J.py").stderr == "a\\x1b[2J.py: nothing to judge\n"

    def test_excluded_files_are_a_note(self, datalint: Datalint) -> None:
        Path("web/build").mkdir(parents=True)
        Path("web/build/made.py").write_text(HARMFUL)
        done = datalint("web")
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "0 files checked: 0 findings\n",
            "datalint: note: every Python file in web is excluded\n",
        )


UNSEEN = """\
import torch
from kernels import scale

x = torch.ones(3, requires_grad=True)
y = x.sigmoid()
scale(y.data, 2)
y.sum().backward()
"""
CONFIG = '[tool.datalint.facts]\nmutates = ["kernels.scale"]\n'


class TestConfiguration:
    @pytest.fixture(autouse=True)
    def unseen(self, two_files: None) -> None:
        Path(".git").mkdir()
        Path("unseen.py").write_text(UNSEEN)

    def test_the_nearest_one_holds_unless_it_is_told_not_to(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert datalint("unseen.py").returncode == 0
        Path("pyproject.toml").write_text(CONFIG)
        done = datalint("unseen.py", "--output-format", "concise")
        assert done.returncode == 1
        assert done.stdout.startswith("unseen.py:6:7: error[write-after-save] ")
        assert datalint("unseen.py", "--isolated").returncode == 0
        Path("inner").mkdir()
        monkeypatch.chdir("inner")
        assert datalint("../unseen.py").returncode == 1
        assert datalint("-", stdin=UNSEEN.encode()).returncode == 1

    def test_another_one_can_be_named(self, datalint: Datalint) -> None:
        Path("pyproject.toml").write_text("[tool.datalint]\n")
        Path("facts.toml").write_text(CONFIG)
        assert datalint("unseen.py").returncode == 0
        assert datalint("unseen.py", "--config", "facts.toml").returncode == 1

    def test_it_is_said_which_one_is_read(self, datalint: Datalint) -> None:
        Path("pyproject.toml").write_text(CONFIG)
        said = "harmful.py: 1 shown of 1 found\n"
        assert datalint("harmful.py", "-v", "--isolated").stderr == said
        done = datalint("harmful.py", "-v")
        assert done.stderr == "pyproject.toml: holds the configuration\n" + said

    @pytest.mark.parametrize("words", [["--config", "pyproject.toml"], []])
    def test_a_wrong_one_is_one_line(self, words: list[str], datalint: Datalint) -> None:
        Path("pyproject.toml").write_text(CONFIG + "mutate = []\n")
        done = datalint(".", *words)
        assert (done.returncode, done.stdout, done.stderr) == (
            2,
            "",
            "datalint: error: pyproject.toml:3: no key of [tool.datalint.facts] is named"
            " 'mutate'; did you mean 'mutates'?\n",
        )
        assert datalint("harmful.py", "--isolated").returncode == 1


class TestFormats:
    @pytest.mark.parametrize("form", REPORTERS)
    def test_every_format_goes_to_a_file_as_it_goes_to_the_screen(
        self, form: str, datalint: Datalint
    ) -> None:
        Path("torn.py").write_text("x.data = = 3\n")
        shown = datalint(".", "--output-format", form)
        assert (shown.returncode, shown.stderr) == (2, "")
        done = datalint(".", "--output-format", form, "-o", "report")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
        assert Path("report").read_text("utf-8") == shown.stdout
        assert "harmful.py" in shown.stdout and "torn.py" in shown.stdout

    @pytest.mark.parametrize("form", REPORTERS)
    def test_every_format_is_an_answer_where_nothing_was_found(
        self, form: str, datalint: Datalint
    ) -> None:
        done = datalint("harmless.py", "--output-format", form)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("\n")

    def test_a_row_is_one_of_the_notebook_s_file(self, datalint: Datalint) -> None:
        first, second = HARMFUL.split("c = ")
        Path("net.ipynb").write_bytes(notebook(first, f"c = {second}"))
        (entry,) = json.loads(datalint("net.ipynb", "--output-format", "gitlab").stdout)
        row = entry["location"]["lines"]["begin"]
        assert "c = y.data" in Path("net.ipynb").read_text().splitlines()[row - 1]

    def test_github_is_given_a_table_for_below_the_log(self, datalint: Datalint) -> None:
        Path("summary.md").write_text("What was there.\n")
        words = "harmful.py", "--output-format", "github"
        done = datalint(*words, GITHUB_STEP_SUMMARY="summary.md")
        assert done.returncode == 1
        assert done.stdout.startswith("::error file=harmful.py,line=5,")
        there, table = Path("summary.md").read_text("utf-8").split("\n\n### datalint\n")
        assert there == "What was there."
        assert "| error | [write-after-save](" in table

    def test_only_that_format_writes_it(self, datalint: Datalint) -> None:
        for form in REPORTERS:
            if form != "github":
                datalint("harmful.py", "--output-format", form, GITHUB_STEP_SUMMARY="summary.md")
        assert not Path("summary.md").exists()

    def test_a_table_that_cannot_be_written_is_one_line(self, datalint: Datalint) -> None:
        done = datalint(
            "harmful.py", "--output-format", "github", GITHUB_STEP_SUMMARY="no/such/folder"
        )
        assert (done.returncode, done.stderr) == (
            2,
            "datalint: error: no/such/folder: No such file or directory\n",
        )


class TestNotebooks:
    @pytest.fixture(autouse=True)
    def notebooks(self, two_files: None) -> None:
        first, second = HARMFUL.split("c = ")
        cells = "# Gradients", f"%matplotlib inline\n{first}", f"%%time\nc = {second}"
        Path("harmful.ipynb").write_bytes(notebook(markdown(cells[0]), *cells[1:]))
        Path("wrong.ipynb").write_bytes(notebook("x.data", "y = 1\nprint y"))
        Path("torn.ipynb").write_bytes(Path("harmful.ipynb").read_bytes()[:-4])

    def test_a_finding_names_its_cell_and_the_row_in_it(self, datalint: Datalint) -> None:
        done = datalint("harmful.ipynb")
        assert (done.returncode, done.stderr) == (1, "")
        assert "--> harmful.ipynb:cell 3:2:5\n  |\n2 | c = y.data\n  |     ^^^^^^\n" in done.stdout
        assert "::: harmful.ipynb:cell 2:5:5\n  |\n5 | y = x.sigmoid()\n" in done.stdout
        assert done.stdout.endswith("\n1 file checked: 1 finding\n")

    def test_one_that_is_not_analysed_is_named_and_the_rest_is_checked(
        self, datalint: Datalint
    ) -> None:
        done = datalint(".", "--output-format", "concise", "--ignore", "unchecked-write")
        assert (done.returncode, done.stderr) == (2, "")
        *_, torn, wrong, summary = done.stdout.splitlines()
        assert "harmful.ipynb:cell 3:2:5: error[write-after-save] " in done.stdout
        assert torn.startswith("torn.ipynb:40:19: error[not-analysed] not JSON: ")
        assert wrong.startswith("wrong.ipynb:cell 2:2:1: error[not-analysed] syntax error: ")
        assert summary.startswith("3 files checked, 2 not analysed: 2 findings")

    def test_what_it_imports_is_followed_and_shown(self, datalint: Datalint) -> None:
        Path("kernels.py").write_text("def clear(values):\n    values.zero_()\n")
        cells = HARMFUL.replace("c.zero_()", "clear(c)").split("c = ")
        Path("calls.ipynb").write_bytes(
            notebook("from kernels import *", cells[0], "c = " + cells[1])
        )
        done = datalint("calls.ipynb")
        assert (done.returncode, done.stderr) == (1, "")
        assert "--> calls.ipynb:cell 3:1:5\n" in done.stdout
        assert "::: kernels.py:2:5\n  |\n2 |     values.zero_()\n" in done.stdout

    def test_standard_input_is_one_where_its_name_says_so(self, datalint: Datalint) -> None:
        source = Path("harmful.ipynb").read_bytes()
        words = "-", "--output-format", "json", "--stdin-filename"
        (entry,) = json.loads(datalint(*words, "src/a.ipynb", stdin=source).stdout)
        assert (entry["filename"], entry["cell"]) == ("src/a.ipynb", 3)
        assert [related["cell"] for related in entry["related"]] == [2, 3, 3]
        assert datalint(*words, "src/a.py", stdin=source).stdout == "[]\n"


class TestStandardInput:
    def test_it_is_checked_under_the_name_it_is_given(self, datalint: Datalint) -> None:
        done = datalint("-", "--stdin-filename", "src/net.py", "-q", stdin=HARMFUL.encode())
        assert done.returncode == 1
        assert "--> src/net.py:5:5\n" in done.stdout
        assert "--> <stdin>:5:5\n" in datalint("-", stdin=HARMFUL.encode()).stdout

    def test_empty_input_is_clean(self, datalint: Datalint) -> None:
        assert datalint("-").returncode == 0

    @pytest.mark.skipif(os.name == "nt", reason="needs a shell that can close a stream")
    def test_no_input_at_all_is_an_error(self, datalint: Datalint) -> None:
        command = f"{sys.executable} -m datalint - <&-"
        done = subprocess.run(
            command,
            shell=True,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
        )
        assert (done.returncode, done.stderr) == (
            2,
            "datalint: error: there is no standard input to check\n",
        )


class TestWrongUse:
    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("", "name a file or folder to check, for instance: datalint ."),
            ("check", "name a file or folder to check, for instance: datalint ."),
            ("chek .", "no such command or path: chek; did you mean check?"),
            ("explian data-read", "no such command or path: explian; did you mean explain?"),
            ("harmfull.py", "no such file or folder: harmfull.py; did you mean harmful.py?"),
            ("zzz harmful.py", "no such file or folder: zzz"),
            (
                ". --select write-after-safe",
                "no rule is named 'write-after-safe'; did you mean 'write-after-save'?",
            ),
            (". --ignore al", "no rule is named 'al'; did you mean 'all'?"),
            ("zz\x1b[1mz", "no such file or folder: zz\\x1b[1mz"),
            (". --config facts.tml", "no such file: facts.tml"),
            (". --config f.toml --isolated", "--config and --isolated contradict each other"),
            ("explain data-raed", "no rule is named 'data-raed'; did you mean 'data-read'?"),
            ("explain", "name a rule, or --all, and not both"),
            ("explain --all data-read", "name a rule, or --all, and not both"),
            ("- harmful.py", "- is standard input and cannot be checked beside other paths"),
            (
                "harmful.py --stdin-filename a.py",
                "--stdin-filename is for standard input: give - as the path",
            ),
            ("-q -v .", "--quiet and --verbose contradict each other"),
            ("harmful.py -o no/such/folder", "no/such/folder: No such file or directory"),
        ],
    )
    def test_it_is_one_clear_line(self, words: str, message: str, datalint: Datalint) -> None:
        done = datalint(*words.split())
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"datalint: error: {message}\n"

    @pytest.mark.parametrize(
        "words", [". --fix=1", ". --slect all", ". --output-format xml", ". --color", ". -o ."]
    )
    def test_what_click_finds_wrong_is_one_line_too(self, words: str, datalint: Datalint) -> None:
        done = datalint(*words.split())
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("datalint: error: ")
        assert words.split()[1].removesuffix("t").strip("-") in done.stderr or "." in done.stderr

    def test_a_folder_without_python(self, datalint: Datalint) -> None:
        Path("docs").mkdir()
        Path("docs", "readme.md").touch()
        done = datalint("harmful.py", "docs")
        assert (done.returncode, done.stdout, done.stderr) == (
            2,
            "",
            "datalint: error: no Python file in docs (datalint reads .py, .pyi and .ipynb)\n",
        )


class TestHelp:
    def test_version(self, datalint: Datalint) -> None:
        assert datalint("--version").stdout == f"datalint {__version__}\n"

    @pytest.mark.parametrize("words", [["-h"], ["--help"], ["check", "-h"], ["explain", "--help"]])
    def test_help(self, words: list[str], datalint: Datalint) -> None:
        done = datalint(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: datalint ")

    def test_the_first_page_shows_everything(self, datalint: Datalint) -> None:
        shown = datalint("--help").stdout
        for word in ("--select", "--output-format", "--exit-zero", "explain", "Exit code: 0"):
            assert word in shown

    def test_a_rules_page(self, datalint: Datalint) -> None:
        done = datalint("explain", "data-read")
        assert done.returncode == 0
        rule = next(rule for rule in ALL if rule.name == "data-read")
        assert done.stdout == f"data-read (note, opt-in)\n\n{rule.page.strip()}\n"

    def test_every_rules_page(self, datalint: Datalint) -> None:
        pages = datalint("explain", "--all").stdout
        places = [pages.index(f"{rule.name} ({rule.level}, ") for rule in ALL]
        assert places == sorted(places)
        assert datalint("explain", "all").stdout == pages


class TestColor:
    @pytest.mark.parametrize(
        ("words", "environment", "colored"),
        [
            ([], {}, False),  # no terminal
            (["--color", "always"], {}, True),
            (["--color", "always"], {"NO_COLOR": "1"}, True),
            (["--color", "never"], {"FORCE_COLOR": "1"}, False),
            ([], {"FORCE_COLOR": "1"}, True),
            ([], {"FORCE_COLOR": "0"}, False),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ],
    )
    def test_color(
        self, words: list[str], environment: dict[str, str], colored: bool, datalint: Datalint
    ) -> None:
        done = datalint("harmful.py", *words, **environment)
        assert ("\x1b[" in done.stdout) is colored

    @pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
    @pytest.mark.parametrize(("words", "colored"), [([], True), (["-o", "/dev/stdout"], False)])
    def test_color_on_a_terminal(self, words: list[str], colored: bool) -> None:
        import pty

        ours, theirs = pty.openpty()
        subprocess.run(
            [sys.executable, "-m", "datalint", "harmful.py", *words],
            stdout=theirs,
            env=clean_environment(),
            check=False,
        )
        os.close(theirs)
        assert (b"\x1b[" in os.read(ours, 100_000)) is colored


class TestStreams:
    def test_a_terminal_that_lacks_the_letters(self, process: Datalint) -> None:
        Path("nétz.py").write_text(HARMFUL.replace("y.data", "y.data  # größe"), "utf-8")
        done = process("nétz.py", "-q", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
        assert (done.returncode, done.stderr) == (1, "")
        assert "--> n\\xe9tz.py:5:5\n" in done.stdout
        assert "c = y.data  # gr\\xf6\\xdfe\n" in done.stdout

    @pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
    @pytest.mark.parametrize("form", REPORTERS)
    def test_a_name_that_is_no_text(self, form: str, process: Datalint) -> None:
        name = os.fsdecode(b"net\xff.py")
        Path(name).write_text(HARMFUL)
        done = process(name, "--output-format", form)
        assert (done.returncode, done.stderr) == (1, "")
        assert re.search(r"net(\\+udcff|%FF)\.py", done.stdout)

    @pytest.mark.skipif(os.name == "nt", reason="pipes close otherwise there")
    @pytest.mark.parametrize(
        "words", [["harmful.py"], ["--help"], ["--version"], ["explain", "--all"]]
    )
    def test_a_reader_that_goes_away_is_no_error(self, words: list[str]) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "datalint", *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            check=False,
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (141, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_is_one_line(self) -> None:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "datalint", "harmful.py"],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                env=clean_environment(),
                check=False,
            )
        assert (done.returncode, done.stderr) == (
            2,
            "datalint: error: standard output: No space left on device\n",
        )

    @pytest.mark.skipif(os.name == "nt", reason="needs a pipe with a name")
    def test_an_interrupt_ends_quietly(self) -> None:
        os.mkfifo("never")  # named by hand, so it is read, and no one ever writes
        process = subprocess.Popen(
            [sys.executable, "-m", "datalint", "-v", "-j1", "harmful.py", "never"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(PYTHONUNBUFFERED="1"),
        )
        assert process.stderr is not None
        assert process.stderr.readline() == "harmful.py: 1 shown of 1 found\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 130
