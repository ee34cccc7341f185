"""`pytest --datalint` as its user sees it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TESTS = """\
import pytest, torch

def corrupt():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.data.zero_()
    y.sum().backward()

def test_corrupts():
    corrupt()
    corrupt()

def test_is_right():
    torch.ones(2, requires_grad=True).exp().sum().backward()

@pytest.mark.datalint_allow("the point of it")
def test_may():
    corrupt()

def test_fails_by_itself():
    corrupt()
    assert 1 == 2

def test_harmless():
    y = torch.ones(2, requires_grad=True).relu()
    y.data.mul_(0.5)
    y.sum().backward()
"""
PLUGIN = ("-p", "datalint.runtime.pytest_plugin")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    (tmp_path / "test_net.py").write_text(TESTS)

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-rA", *PLUGIN, *words, str(tmp_path)],
            cwd=tmp_path,
            env=clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout

    return run


def outcomes(out: str) -> dict[str, str]:
    """By the name of a test, what became of it."""
    rows = [line.split(" ")[:2] for line in out.splitlines() if "::" in line]
    return {name.partition("::")[2]: outcome for outcome, name in rows}


@pytest.mark.slow
def test_a_test_that_corrupts_fails_and_says_where(run: Callable[..., str]) -> None:
    out = run("--datalint-trace", "--strict-markers")
    assert outcomes(out) == {
        "test_corrupts": "FAILED",
        "test_is_right": "PASSED",
        "test_may": "PASSED",
        "test_fails_by_itself": "FAILED",
        "test_harmless": "PASSED",
    }
    assert "a gradient was silently corrupted" in out
    assert (
        "--> test_net.py:6:5" in out and "before backward: the gradient was wrong (2 times)" in out
    )
    assert out.count("a gradient was silently corrupted") == 2  # the failure, and the summary
    assert "assert 1 == 2" in out


@pytest.mark.slow
def test_without_tracing_it_says_what_is_known(run: Callable[..., str]) -> None:
    out = run("--datalint")
    assert outcomes(out)["test_corrupts"] == "FAILED" and outcomes(out)["test_is_right"] == "PASSED"
    assert "--datalint-trace says where it was written" in out


def test_it_does_nothing_and_imports_nothing_unless_asked(
    run: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "test_net.py").write_text(
        "import sys\ndef test_it():\n    assert not {'torch', 'libcst'} & set(sys.modules)\n"
    )
    assert outcomes(run()) == {"test_it": "PASSED"}
