"""The configuration at work: what is selected, left out, shown; and what the user says over it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalint.config import find_config
from datalint.rules import ALL
from datalint.selection import RULES
from datalint.settings import Said, settings
from tests.test_cli import HARMFUL, HARMLESS

if TYPE_CHECKING:
    from datalint.settings import Settings
    from tests.conftest import Datalint

READ = "import torch\n\nprint(torch.ones(3).data)\n"


@pytest.fixture(autouse=True)
def folder(datalint: Datalint) -> None:
    for path, text in {
        "src/harmful.py": HARMFUL,
        "src/harmless.py": f"import torch\n\n{HARMLESS}",
        "src/read.py": READ,
        "tests/harmful.py": HARMFUL,
    }.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)
    Path(".git").mkdir()


def configure(text: str, folder: str = ".") -> None:
    Path(folder, "pyproject.toml").write_text(f"[tool.datalint]\n{text}\n", "utf-8")


def found(datalint: Datalint, *words: str) -> list[str]:
    """Path and rule of each finding."""
    done = datalint(*(words or (".",)), "--output-format", "concise", "-q")
    assert done.returncode in (0, 1), done.stderr
    return [
        f"{line.partition(':')[0]} {line.partition('[')[2].partition(']')[0]}"
        for line in done.stdout.splitlines()
    ]


def meaning(of: Settings) -> list[object]:
    """All that a run is told by its settings; what is left out by what is."""
    asked = [("venv", True), ("venv", False), ("src", True), ("a\x9b", False), ("src/a*", False)]
    return [
        of.selection.rules(),
        of.selection.min_confidence,
        of.config.per_file_ignores,
        [of.excludes.match(path, is_folder=is_folder) for path, is_folder in asked],
        of.baseline and Path(of.baseline).resolve(),
        of.config.stated,
    ]


BOTH = ["src/harmful.py write-after-save", "tests/harmful.py write-after-save"]


def test_the_table_of_rules_is_that_of_the_rules() -> None:
    assert {rule.name: rule.default for rule in ALL} == RULES
    assert [rule.name for rule in ALL] == list(RULES)


def test_rules_are_selected_and_ignored(datalint: Datalint) -> None:
    assert found(datalint) == BOTH
    configure('select = ["data-read", "data-write"]')
    assert found(datalint) == ["src/harmless.py data-write", "src/read.py data-read"]
    configure('extend-select = ["data-read"]\nignore = ["write-after-save"]')
    assert found(datalint) == ["src/read.py data-read"]


def test_what_is_said_on_the_command_line_counts(datalint: Datalint) -> None:
    configure('select = ["data-read"]\nextend-select = ["data-write"]\nignore = ["data-read"]')
    assert found(datalint) == ["src/harmless.py data-write"]
    assert found(datalint, ".", "--select", "data-read") == ["src/read.py data-read"]
    assert found(datalint, ".", "--extend-select", "write-after-save") == [
        BOTH[0], "src/harmless.py data-write", BOTH[1]
    ]  # fmt: skip
    configure('extend-select = ["data-read", "data-write"]')
    assert found(datalint, "src", "--ignore", "data-write") == [BOTH[0], "src/read.py data-read"]
    assert found(datalint, "src", "--isolated") == [BOTH[0]]


def test_confidence(datalint: Datalint) -> None:
    Path("src/maybe.py").write_text("def f(x):\n    y = x.data\n    y.add_(1)\n")
    assert found(datalint, "src/maybe.py") == ["src/maybe.py unchecked-write"]
    configure('min-confidence = "high"')
    assert found(datalint, "src/maybe.py") == []
    assert len(found(datalint, "src/maybe.py", "--min-confidence", "medium")) == 1


@pytest.mark.parametrize(
    "pattern", ["tests/*", "tests/", "tests", "**/tests/*.py", "/tests/harmful.py", "tests/**"]
)
def test_rules_are_ignored_file_by_file(datalint: Datalint, pattern: str) -> None:
    configure(f'[tool.datalint.per-file-ignores]\n"{pattern}" = ["write-after-save"]')
    assert found(datalint) == BOTH[:1]
    assert found(datalint, "tests/harmful.py") == []
    assert found(datalint, str(Path("tests/harmful.py").absolute())) == []
    configure(f'[tool.datalint.per-file-ignores]\n"{pattern}" = ["data-write"]')
    assert found(datalint) == BOTH
    configure(f'[tool.datalint.per-file-ignores]\n"{pattern}" = ["all"]')
    assert found(datalint) == BOTH[:1]
    configure(f'[tool.datalint.per-file-ignores]\n"!{pattern}" = ["all"]')
    assert found(datalint) == BOTH[1:]


def test_a_write_that_is_ignored_in_a_file_is_not_called_hidden(datalint: Datalint) -> None:
    assert "1 write through .data not shown" in datalint("src/harmless.py").stdout
    configure('[tool.datalint.per-file-ignores]\n"src/*" = ["data-write"]')
    assert "not shown" not in datalint("src/harmless.py").stdout


def test_patterns_count_from_the_folder_of_the_configuration(
    datalint: Datalint, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure('exclude = ["/src/harmful.py"]\nbaseline = "b.json"')
    assert datalint("src/harmful.py", "--write-baseline").returncode == 0
    assert Path("b.json").exists()
    monkeypatch.chdir("src")
    assert found(datalint, "harmful.py") == []
    assert found(datalint, "harmful.py", "--isolated") == ["harmful.py write-after-save"]
    assert found(datalint) == []
    assert found(datalint, "../tests") == ["../tests/harmful.py write-after-save"]
    configure('per-file-ignores = {"src/*" = ["all"]}', "..")
    assert found(datalint) == []
    assert found(datalint, "../tests") == ["../tests/harmful.py write-after-save"]


def test_what_lies_elsewhere_is_not_in_the_folder_of_the_configuration(
    datalint: Datalint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a path from the root one from that folder."""
    outside, first = str(tmp_path / "src/harmful.py"), tmp_path.parts[1]
    Path("inner/.git").mkdir(parents=True)
    monkeypatch.chdir("inner")
    for key in ("exclude = [{}]", "per-file-ignores = {{{} = ['all']}}"):
        configure(key.format(f"'/{first}'"))
        assert len(found(datalint, outside, "--force-exclude")) == 1
        assert len(found(datalint, "../src")) == 1
    configure("exclude = ['harmful.py']")
    assert found(datalint, "..") == []


def test_a_file_that_ignores_all_it_selects(datalint: Datalint) -> None:
    configure('ignore = ["all"]')
    done = datalint("src")
    assert (done.returncode, done.stderr) == (
        2,
        "datalint: error: no rule is left to check: all that are selected are ignored\n",
    )
    assert found(datalint, "src", "--select", "write-after-save") == BOTH[:1]


class TestExcluding:
    def test_more_is_left_out(self, datalint: Datalint) -> None:
        Path("build").mkdir()
        Path("build/harmful.py").write_text(HARMFUL)
        configure('extend-exclude = ["tests"]')
        assert found(datalint) == BOTH[:1]
        configure('exclude = ["tests/"]')
        assert found(datalint) == ["build/harmful.py write-after-save", BOTH[0]]
        configure('extend-exclude = ["harm*", "!harmful.py"]')
        assert found(datalint) == BOTH
        configure('extend-exclude = ["!build/"]')
        assert found(datalint) == ["build/harmful.py write-after-save", *BOTH]
        configure("exclude = []")
        assert found(datalint) == ["build/harmful.py write-after-save", *BOTH]

    @pytest.mark.parametrize("patterns", ['["*"]', '["/**"]', '["**/*"]', '["/*", "!/web"]'])
    def test_all_is_left_out(self, datalint: Datalint, patterns: str) -> None:
        configure(f"exclude = {patterns}")
        for words in ((), ("--force-exclude",)):
            done = datalint(".", *words)
            assert (done.returncode, done.stdout) == (0, "0 files checked: 0 findings\n")
            assert done.stderr == "datalint: note: every Python file in . is excluded\n"

    def test_brackets_are_no_warning(
        self, datalint: Datalint, recwarn: pytest.WarningsRecorder
    ) -> None:
        configure('exclude = ["[[]x"]\nper-file-ignores = {"[[]y" = ["all"]}')
        assert datalint("src/read.py").returncode == 0
        assert not recwarn.list

    def test_what_is_named_is_checked(self, datalint: Datalint) -> None:
        configure('extend-exclude = ["tests", "harmful.py"]')
        assert found(datalint) == []
        assert found(datalint, "tests/harmful.py") == BOTH[1:]
        for pattern in ("tests", "/tests/", "tests/**"):
            configure(f'extend-exclude = ["{pattern}"]')
            assert found(datalint) == BOTH[:1]
            assert found(datalint, "tests") == BOTH[1:]

    @pytest.mark.parametrize("named", ["tests/harmful.py", "tests"])
    @pytest.mark.parametrize("pattern", ["tests", "/tests/", "tests/**"])
    def test_unless_that_is_forced(self, datalint: Datalint, pattern: str, named: str) -> None:
        configure(f'extend-exclude = ["{pattern}"]')
        done = datalint(named, "--force-exclude")
        assert (done.returncode, done.stdout) == (0, "0 files checked: 0 findings\n")
        kind = "every Python file in tests" if named == "tests" else named
        assert done.stderr == f"datalint: note: {kind} is excluded\n"
        assert found(datalint, named, "src", "--force-exclude") == BOTH[:1]

    def test_it_is_forced_from_a_folder_beside_it(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure('extend-exclude = ["tests"]')
        monkeypatch.chdir("src")
        assert found(datalint, "../tests/harmful.py", "--force-exclude") == []

    def test_folders_that_others_fill_are_left_out_by_force_below_here(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("venv/lib").mkdir(parents=True)
        Path("venv/lib/harmful.py").write_text(HARMFUL)
        assert found(datalint, "venv/lib/harmful.py", "--force-exclude") == []
        monkeypatch.chdir("venv/lib")
        assert len(found(datalint, "harmful.py", "--force-exclude")) == 1

    def test_what_a_project_is_called_does_not_leave_it_out(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("build/.git").mkdir(parents=True)
        Path("build/harmful.py").write_text(HARMFUL)
        monkeypatch.chdir("build")
        configure('extend-exclude = ["build"]')
        for named in (".", "harmful.py", str(Path("harmful.py").absolute())):
            assert len(found(datalint, named, "--force-exclude")) == 1

    @pytest.mark.parametrize("words", [(), ("tests",), ("tests/harmful.py",)])
    def test_a_configuration_from_elsewhere_leaves_out_by_force_what_it_does_without(
        self, datalint: Datalint, words: tuple[str, ...]
    ) -> None:
        Path("shared").mkdir()
        configure('exclude = ["tests/"]', "shared")
        words = (*(words or (".",)), "--config", "shared/pyproject.toml", "--force-exclude")
        assert found(datalint, *words) == (BOTH[:1] if words[0] == "." else [])

    def test_standard_input_goes_by_its_name(self, datalint: Datalint) -> None:
        configure('extend-exclude = ["tests"]')
        words = ("-", "--stdin-filename", "tests/x.py")
        assert datalint(*words, stdin=HARMFUL.encode()).returncode == 1
        done = datalint(*words, "--force-exclude", stdin=HARMFUL.encode())
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "0 files checked: 0 findings\n",
            "datalint: note: tests/x.py is excluded\n",
        )

    def test_standard_input_without_a_name_is_in_no_folder(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure('exclude = ["tests", "*"]')
        monkeypatch.chdir("tests")
        assert datalint("-", "--force-exclude", stdin=HARMFUL.encode()).returncode == 1


class TestShowing:
    def test_the_files(self, datalint: Datalint) -> None:
        configure('exclude = ["/src/harm*"]')
        done = datalint(".", "--show-files")
        assert (done.returncode, done.stdout) == (0, "src/read.py\ntests/harmful.py\n")
        assert datalint("nowhere", "--show-files").returncode == 2
        done = datalint("src/harmful.py", "--show-files", "--force-exclude")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "datalint: note: src/harmful.py is excluded\n"

    @pytest.mark.skipif(os.name == "nt", reason="no such names there")
    def test_a_file_is_one_line_whatever_it_is_called(self, datalint: Datalint) -> None:
        Path("src/a\x1b[2J\nb.py").touch()
        assert datalint("src", "--show-files").stdout.startswith("src/a\\x1b[2J\\nb.py\nsrc/harm")

    def test_a_folder_that_cannot_be_read(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.scandir

        def scandir(path: str) -> object:
            if path == "src":
                raise PermissionError(13, "Permission denied", path)
            return real(path)

        monkeypatch.setattr(os, "scandir", scandir)
        done = datalint(".", "--show-files")
        assert (done.returncode, done.stdout) == (2, "tests/harmful.py\n")
        assert done.stderr == "datalint: error: src: cannot be read: Permission denied\n"

    @pytest.mark.parametrize("word", ["--show-files", "--show-settings"])
    def test_it_goes_where_a_report_would(self, datalint: Datalint, word: str) -> None:
        shown = datalint(".", word).stdout
        assert datalint(".", word, "-o", "out.txt").stdout == ""
        assert Path("out.txt").read_text("utf-8") == shown != ""

    def test_the_settings(self, datalint: Datalint) -> None:
        configure(
            'extend-select = ["data-read"]\nextend-exclude = ["/a\\"\\u007f"]\n'
            'baseline = "sub/b.json"\n'
            '[tool.datalint.per-file-ignores]\n"tests/*" = ["all"]\n'
            '[tool.datalint.facts]\nmutates = ["f", "g:1", "h:out"]'
        )
        done = datalint("--show-settings", "--ignore", "unchecked-write")
        assert done.returncode == 0
        origin, table, *_ = done.stdout.splitlines()
        assert (origin, table) == ("# from pyproject.toml and the command line", "[tool.datalint]")
        shown = tomllib.loads(done.stdout)["tool"]["datalint"]
        assert ".venv/" in shown.pop("exclude")
        assert shown == {
            "select": ["write-after-save", "untracked-write", "data-read", "unused-suppression"],
            "min-confidence": "medium",
            "extend-exclude": ['/a"\x7f'],
            "baseline": "sub/b.json",
            "per-file-ignores": {"tests/*": ["all"]},
            "facts": {"mutates": ["f", "g:1", "h:out"], "returns-tensor": [], "modules": []},
        }

    @pytest.mark.parametrize(
        "text",
        [
            "",
            'ignore = ["untracked-write"]\nexclude = ["src"]\nmin-confidence = "high"',
            'exclude = []\nextend-exclude = ["a\\u009b", "\\U0001F600\\u202e", "a\\\\*\\"b"]',
            'select = ["all"]\nper-file-ignores = {"a.b/*" = [], "ö" = ["all"]}',
            'baseline = "a/../é \\n.json"',
            'facts.mutates = ["f:0", "f:self"]\nfacts.modules = ["größe.B", "A"]',
        ],
    )
    @pytest.mark.parametrize("here", [".", "src"])
    def test_what_is_shown_can_be_pasted(
        self, datalint: Datalint, text: str, here: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure(text)
        file = Path("pyproject.toml").absolute()
        monkeypatch.chdir(here)
        meant = meaning(settings(find_config(), Said()))
        first = datalint("--show-settings").stdout
        assert all(line.isprintable() for line in first.splitlines())
        file.write_text(first, "utf-8")
        assert meaning(settings(find_config(), Said())) == meant
        assert datalint("--show-settings").stdout == first

    def test_a_baseline_that_is_said_is_shown_from_the_folder_of_the_file(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure('baseline = "other.json"')
        monkeypatch.chdir("src")
        shown = settings(find_config(), Said(baseline="b.json")).shown()
        assert tomllib.loads(shown)["tool"]["datalint"]["baseline"] == "src/b.json"

    def test_without_a_configuration(self, datalint: Datalint) -> None:
        done = datalint("--show-settings")
        assert done.stdout.startswith("# from no configuration\n[tool.datalint]\nselect = [")
        done = datalint("--show-settings", "--select", "data-read")
        assert done.stdout.startswith("# from the command line\n[tool.datalint]\n")
        assert "per-file-ignores" not in done.stdout

    @pytest.mark.parametrize("shown", ["--show-settings", "--show-files"])
    @pytest.mark.parametrize("other", ["--fix", "--diff", "--add-ignore", "--write-baseline"])
    def test_nothing_is_shown_and_written_at_once(
        self, datalint: Datalint, shown: str, other: str
    ) -> None:
        done = datalint(".", shown, other)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"datalint: error: {other} and {shown} contradict each other\n"

    def test_one_thing_is_shown(self, datalint: Datalint) -> None:
        done = datalint(".", "--show-files", "--show-settings")
        message = "--show-files and --show-settings contradict each other"
        assert (done.returncode, done.stderr) == (2, f"datalint: error: {message}\n")


def test_a_rule_that_is_not_reported_in_a_file_leaves_its_comments_unjudged(
    datalint: Datalint,
) -> None:
    Path("src/quiet.py").write_text("x = 1  # datalint: ignore[write-after-save] once\n")
    assert found(datalint, "src/quiet.py") == ["src/quiet.py unused-suppression"]
    configure('[tool.datalint.per-file-ignores]\n"src/*" = ["write-after-save"]')
    assert found(datalint, "src/quiet.py") == []
