"""What the README has for CI: the GitHub action and the snippets, run as a runner runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from datalint.report.links import HOME
from tests.conftest import ROOT
from tests.installed import commit, environment, git, project
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


README = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## In CI\n")[2]
YAML = re.findall(r"^```yaml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
GITHUB, GITLAB, HOOKS = (yaml.safe_load(block) for block in YAML[:3])
SHELL = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)[0]


def test_the_step_of_a_workflow_names_the_action_and_its_inputs(home: Path, tmp_path: Path) -> None:
    _, step = GITHUB["steps"]
    repository, _, rest = step["uses"].partition("/.github/")
    assert rest == "actions/datalint@main"
    assert f"https://github.com/{repository}" == HOME
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "old.py").write_text(HARMFUL)
    commit(tmp_path)
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")
    inputs = step["with"] | {"python": sys.executable}
    code, output, _ = runs(tmp_path, home, **inputs)
    assert code == 0, output
    (tmp_path / "src" / "new.py").write_text(HARMFUL)
    code, output, _ = runs(tmp_path, home, **inputs)
    assert code == 1
    assert "::error file=src/new.py,line=5," in output
    assert "old.py" not in output


@pytest.mark.parametrize(
    ("script", "report"),
    [("\n".join(GITLAB["datalint"]["script"]), "datalint.json"), (SHELL, "datalint.xml")],
    ids=["gitlab", "shell"],
)
def test_the_other_snippets_run(script: str, report: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "harmful.py").write_text(HARMFUL)
    assert f"git+{HOME}" in script
    venv = home / "snippets"  # where GitLab has an image of its own
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script.replace(f"git+{HOME}", str(home / "datalint"))],
        cwd=tmp_path,
        env=environment() | {"PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "harmful.py" in (tmp_path / report).read_text()


def test_the_hooks_are_those_that_there_are() -> None:
    defined = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (repository,) = HOOKS["repos"]
    assert repository["repo"] == HOME
    assert {hook["id"] for hook in repository["hooks"]} == {hook["id"] for hook in defined}
