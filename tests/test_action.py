"""The steps of the GitHub action, run as the runner runs them: bash, with its inputs in place."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.installed import environment, project
from tests.test_cli import HARMFUL, HARMLESS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bash") is None, reason="the steps are of bash"),
]

ACTION: dict[str, Any] = yaml.safe_load((ROOT / ".github/actions/datalint/action.yml").read_text())


def runs(workspace: Path, home: Path, **inputs: str) -> tuple[int, str, str]:
    """Exit code, output and step summary of all steps; the first that fails is the last."""
    given = {name: spec["default"] for name, spec in ACTION["inputs"].items()} | inputs
    values = {f"inputs.{name}": value for name, value in given.items()}
    values["github.action_path"] = str(home / "datalint" / ".github" / "actions" / "datalint")
    summary, output, code = home / "summary.md", "", 0
    summary.write_text("")
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"], "an input that bash would run"
        env = {k: re.sub(r"\$\{\{ (.*?) \}\}", lambda m: values[m[1]], v)
               for k, v in step["env"].items()}  # fmt: skip
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=workspace,
            env=environment(RUNNER_TEMP=str(home), GITHUB_STEP_SUMMARY=str(summary), **env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        output, code = output + done.stdout, done.returncode
        if code:
            break
    return code, output, summary.read_text()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runner")
    project(folder / "datalint")
    return folder


def test_the_action_annotates_and_sums_up(home: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "my models").mkdir()
    (tmp_path / "src" / "harmless.py").write_text(HARMLESS)
    code, output, summary = runs(tmp_path, home, python=sys.executable)
    assert code == 0, output
    (tmp_path / "my models" / "harmful.py").write_text(HARMFUL)
    code, output, summary = runs(
        tmp_path, home, python=sys.executable, paths="src\nmy models\n", args="--exit-zero -q"
    )
    assert code == 0, output
    assert "::error file=my models/harmful.py,line=5," in output
    assert "harmful.py" in summary
    code, output, _ = runs(tmp_path, home, python=sys.executable, paths="-src\n; touch evil\n")
    assert code == 2
    assert "no such file or folder: -src" in output
    assert not (tmp_path / "evil").exists()


def test_a_python_that_is_too_old_is_told(home: Path, tmp_path: Path) -> None:
    code, output, _ = runs(tmp_path, home, python="no-such-python")
    assert code == 127
    assert "no-such-python" in output
    assert list(tmp_path.iterdir()) == []
