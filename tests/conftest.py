"""What tests of the program as a whole share: running it as its user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).parent.parent


class Datalint(Protocol):
    """`python -m datalint WORDS...` in the test's own folder."""

    def __call__(
        self, *words: str, stdin: bytes = b"", timeout: float = 60, **environment: str
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def datalint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Datalint:
    """Run the program in an empty folder, which becomes the working directory."""
    monkeypatch.chdir(tmp_path)

    def run(
        *words: str, stdin: bytes = b"", timeout: float = 60, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
        done = subprocess.run(
            [sys.executable, "-m", "datalint", *words],
            input=stdin,
            capture_output=True,
            timeout=timeout,
            env={**kept, "PYTHONPATH": str(ROOT), **environment},
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run
