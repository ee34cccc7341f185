"""What is found depends on no order of sets: not on hashes of names, not on addresses of nodes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datalint.check import check_source
from tests.fixture_case import FIXTURES
from tests.random_programs.generate import numbered
from tests.random_programs.model import as_written

ROOT = Path(__file__).parent.parent
SEED = 20260102


def found(programs: range, fixtures: bool) -> str:
    """All that is said of these random programs, and of the fixtures."""
    texts = {f"{number}.py": as_written(numbered(SEED, number)).encode() for number in programs}
    if fixtures:
        texts.update({str(path): path.read_bytes() for path in sorted(FIXTURES.rglob("*.py"))})
    said = []
    for path, text in texts.items():
        findings = sorted(check_source(text, path), key=lambda finding: finding.order())
        said += [path, *map(str, findings)]
    return "\n".join(said)


def _elsewhere(hash_seed: int, programs: range, fixtures: bool) -> str:
    """The same, said by another process."""
    code = f"from tests.test_determinism import found; print(found({programs!r}, {fixtures!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=ROOT,
    )
    return done.stdout.removesuffix("\n")


@pytest.mark.slow
def test_random_programs_under_another_hash_seed() -> None:
    programs = range(60)
    assert _elsewhere(7, programs, fixtures=False) == found(programs, fixtures=False)


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", [0, 1, 7])
def test_random_programs_and_fixtures_under_many_hash_seeds(hash_seed: int) -> None:
    programs = range(400)
    assert _elsewhere(hash_seed, programs, fixtures=True) == found(programs, fixtures=True)
