"""What tests of the program as a whole share: running it as its user does."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from datalint.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Done:
    """What came of a run."""

    returncode: int
    stdout: str
    stderr: str


class Datalint(Protocol):
    """`datalint WORDS...` in the test's own folder."""

    def __call__(self, *words: str, stdin: bytes = b"", **environment: str) -> Done: ...


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests leave in a cache is in none of the user's, nor in the folders that they check."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATALINT_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        yield


@pytest.fixture
def datalint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Datalint:
    """Run the program inside this process: most tests need no other, and it is much faster."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, stdin: bytes = b"", **environment: str) -> Done:
        out, err = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch:
            for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["datalint", *words])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, "utf-8", write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, "utf-8", write_through=True))
            with pytest.raises(SystemExit) as ended:
                main()
            code = ended.value.code
            assert isinstance(code, int)
            return Done(code, out.getvalue().decode(), err.getvalue().decode())

    return run


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Datalint:
    """Run the program in a process of its own: it may die there, or meet odd streams."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, stdin: bytes = b"", **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "datalint", *words],
            input=stdin,
            capture_output=True,
            timeout=600,
            env=clean_environment(**environment),
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def clean_environment(**more: str) -> dict[str, str]:
    """The environment in which `python -m datalint` is this one, and nobody else has a say."""
    others = ("_COLOR", "_STEP_SUMMARY")
    kept = {key: value for key, value in os.environ.items() if not key.endswith(others)}
    return {**kept, "PYTHONPATH": str(ROOT), **more}
