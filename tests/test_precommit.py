"""The hooks, run by pre-commit itself in a repository that uses them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.installed import commit, environment, git, project
from tests.notebooks import notebook
from tests.test_cli import HARMFUL, HARMLESS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

READ = "import torch\n\nw = torch.ones(3, requires_grad=True)\nprint(w.data)\n"
FIXED = READ.replace("w.data", "w.detach()")


@dataclass(frozen=True)
class Repository:
    """A user's repository, and where pre-commit keeps what it installed."""

    path: Path
    home: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`pre-commit run`, on what is committed or on the files that are named."""
        git(self.path, "add", "--all")
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--color", "never", *words],
            cwd=self.path,
            env=environment(PRE_COMMIT_HOME=str(self.home)),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """The hooks' repository and revision, and a place for what pre-commit installs of them."""
    folder = tmp_path_factory.mktemp("hooks")
    return folder / "datalint", project(folder / "datalint"), folder / "home"


@pytest.fixture
def repository(installed: tuple[Path, str, Path], tmp_path: Path) -> Repository:
    hooks, revision, home = installed
    config = f"repos:\n- repo: {hooks.as_uri()}\n  rev: {revision}\n  hooks:\n"
    config += "  - id: datalint-fix\n  - id: datalint\n"
    made = Repository(tmp_path, home)
    made.write({".pre-commit-config.yaml": config, "good.py": HARMLESS, "notes.md": "y.data = 1\n"})
    commit(tmp_path)
    return made


def test_what_is_bad_fails_and_what_is_good_passes(repository: Repository) -> None:
    done = repository.run("--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 2

    repository.write({"bad.py": HARMFUL, "bad.ipynb": notebook(HARMFUL)})
    done = repository.run("--all-files")
    assert done.returncode == 1
    assert "--> bad.py:5:5" in done.stdout
    assert "--> bad.ipynb:cell 1:5:5" in done.stdout
    assert "datalint" in done.stdout and "Failed" in done.stdout
    assert "good.py" not in done.stdout
    assert repository.run("--files", "good.py").returncode == 0
    assert repository.run("--files", "bad.ipynb").returncode == 1


def test_the_fixing_hook_fixes_and_fails_once(repository: Repository) -> None:
    table = '[tool.datalint]\nextend-select = ["data-read"]\n'
    cells = notebook("import torch\nw = torch.ones(3)", "print(w.data)")
    repository.write({"pyproject.toml": table, "read.py": READ, "read.ipynb": cells})
    done = repository.run("datalint-fix", "--all-files")
    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout
    assert "0 findings; 2 fixed" in done.stdout
    assert (repository.path / "read.py").read_text() == FIXED
    assert (repository.path / "read.ipynb").read_bytes() == cells.replace(b"w.data", b"w.detach()")
    assert repository.run("--all-files").returncode == 0


def test_what_the_user_excludes_is_not_checked_though_it_is_named(repository: Repository) -> None:
    repository.write({"pyproject.toml": '[tool.datalint]\nextend-exclude = ["vendored"]\n'})
    repository.write({"vendored/bad.py": HARMFUL})
    done = repository.run("--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
