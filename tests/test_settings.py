"""The configuration at work: what is selected, left out, shown; and what the user says over it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalint.rules import ALL
from datalint.selection import RULES
from tests.test_cli import HARMFUL, HARMLESS

if TYPE_CHECKING:
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
    Path(folder, "pyproject.toml").write_text(f"[tool.datalint]\n{text}\n")


def found(datalint: Datalint, *words: str) -> list[str]:
    """Path and rule of each finding."""
    done = datalint(*(words or (".",)), "--output-format", "concise", "-q")
    assert done.returncode in (0, 1), done.stderr
    return [
        f"{line.partition(':')[0]} {line.partition('[')[2].partition(']')[0]}"
        for line in done.stdout.splitlines()
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

    def test_what_is_named_is_checked(self, datalint: Datalint) -> None:
        configure('extend-exclude = ["tests", "harmful.py"]')
        assert found(datalint) == []
        assert found(datalint, "tests/harmful.py") == BOTH[1:]
        configure('extend-exclude = ["tests"]')
        assert found(datalint, "tests") == BOTH[1:]

    @pytest.mark.parametrize("named", ["tests/harmful.py", "tests"])
    def test_unless_that_is_forced(self, datalint: Datalint, named: str) -> None:
        configure('extend-exclude = ["tests"]')
        done = datalint(named, "--force-exclude")
        assert (done.returncode, done.stdout) == (0, "0 files checked: 0 findings\n")
        kind = "every Python file in tests" if named == "tests" else named
        assert done.stderr == f"datalint: note: {kind} is excluded\n"
        assert found(datalint, named, "src", "--force-exclude") == BOTH[:1]

    def test_folders_that_others_fill_are_left_out_by_force_below_here(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("venv/lib").mkdir(parents=True)
        Path("venv/lib/harmful.py").write_text(HARMFUL)
        assert found(datalint, "venv/lib/harmful.py", "--force-exclude") == []
        monkeypatch.chdir("venv/lib")
        assert len(found(datalint, "harmful.py", "--force-exclude")) == 1

    def test_standard_input_goes_by_its_name(self, datalint: Datalint) -> None:
        configure('extend-exclude = ["tests"]')
        words = ("-", "--stdin-filename", "tests/x.py")
        assert datalint(*words, stdin=HARMFUL.encode()).returncode == 1
        assert datalint(*words, "--force-exclude", stdin=HARMFUL.encode()).returncode == 0


class TestShowing:
    def test_the_files(self, datalint: Datalint) -> None:
        configure('exclude = ["/src/harm*"]')
        done = datalint(".", "--show-files")
        assert (done.returncode, done.stdout) == (0, "src/read.py\ntests/harmful.py\n")
        assert datalint("nowhere", "--show-files").returncode == 2

    def test_the_settings(self, datalint: Datalint) -> None:
        configure(
            'extend-select = ["data-read"]\nextend-exclude = ["/a\\"\\u007f"]\n'
            'baseline = "sub/b.json"\n'
            '[tool.datalint.per-file-ignores]\n"tests/*" = ["all"]\n'
            '[tool.datalint.facts]\nmutates = ["f", "g:1", "h:out"]'
        )
        done = datalint("--show-settings", "--ignore", "unchecked-write")
        assert done.returncode == 0
        assert done.stdout.startswith("# from pyproject.toml\n[tool.datalint]\n")
        shown = tomllib.loads(done.stdout)["tool"]["datalint"]
        assert ".venv/" in shown.pop("exclude")
        assert shown == {
            "select": ["write-after-save", "untracked-write", "data-read", "unused-suppression"],
            "min-confidence": "medium",
            "extend-exclude": ['/a"\x7f'],
            "baseline": str(Path("sub/b.json")),
            "per-file-ignores": {"tests/*": ["all"]},
            "facts": {"mutates": ["f", "g:1", "h:out"]},
        }

    def test_what_is_shown_can_be_pasted(self, datalint: Datalint) -> None:
        configure('ignore = ["untracked-write"]\nexclude = ["src"]')
        first = datalint("--show-settings").stdout
        Path("pyproject.toml").write_text(first)
        assert datalint("--show-settings").stdout == first

    def test_without_a_configuration(self, datalint: Datalint) -> None:
        done = datalint("--show-settings")
        assert done.stdout.startswith("# from no configuration\n[tool.datalint]\nselect = [")


def test_a_rule_that_is_not_reported_in_a_file_leaves_its_comments_unjudged(
    datalint: Datalint,
) -> None:
    Path("src/quiet.py").write_text("x = 1  # datalint: ignore[write-after-save] once\n")
    assert found(datalint, "src/quiet.py") == ["src/quiet.py unused-suppression"]
    configure('[tool.datalint.per-file-ignores]\n"src/*" = ["write-after-save"]')
    assert found(datalint, "src/quiet.py") == []
