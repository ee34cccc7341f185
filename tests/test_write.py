"""Files are written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from datalint import write

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = b"old\n", b"new\n"
posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(OLD)
    return path


def alone(file: Path) -> bool:
    """Whether nothing was left beside it."""
    return list(file.parent.iterdir()) == [file]


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o4750])
def test_the_mode_stays(file: Path, mode: int) -> None:
    file.chmod(mode)
    write.replace(str(file), OLD, NEW)
    assert file.read_bytes() == NEW
    assert file.stat().st_mode & 0o7777 == mode
    assert alone(file)


@posix_only
def test_a_link_stays_and_what_it_leads_to_is_written(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "sub" / "b.py"
    link.parent.mkdir()
    link.symlink_to("../a.py")
    write.replace(str(link), OLD, NEW)
    assert link.is_symlink()
    assert file.read_bytes() == NEW


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    file.write_bytes(b"mine\n")
    with pytest.raises(write.NotWritten, match="it changed meanwhile"):
        write.replace(str(file), OLD, NEW)
    assert file.read_bytes() == b"mine\n"
    assert alone(file)


@posix_only
def test_a_read_only_file_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.chmod(0o444)
    real = os.access  # root may write everything, and is asked here as anybody else
    monkeypatch.setattr(
        os, "access", lambda path, mode: bool(file.stat().st_mode & 0o222) and real(path, mode)
    )
    with pytest.raises(write.NotWritten, match="it is read-only"):
        write.replace(str(file), OLD, NEW)
    assert file.read_bytes() == OLD
    assert alone(file)


def test_a_file_that_is_gone_or_a_full_disk_is_one_clear_line(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(write.NotWritten, match="cannot be written: No such file or directory"):
        write.replace(str(file.with_name("b.py")), OLD, NEW)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(write.NotWritten, match="cannot be written: No space left on device"):
        write.replace(str(file), OLD, NEW)
    assert file.read_bytes() == OLD
    assert alone(file)


def test_a_new_file_is_created_with_the_usual_mode(tmp_path: Path) -> None:
    usual, ours = tmp_path / "usual", tmp_path / "ours"
    usual.write_bytes(NEW)
    write.create(str(ours), NEW)
    assert ours.read_bytes() == NEW
    assert ours.stat().st_mode == usual.stat().st_mode
    write.create(str(ours), OLD)
    assert ours.read_bytes() == OLD


WRITER = """
import sys
from datalint import write
a, b = (bytes([n]) * 3_000_000 for n in (97, 98))
print("ready", flush=True)
while True:
    write.replace(sys.argv[1], a, b)
    write.replace(sys.argv[1], b, a)
"""


def test_whoever_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"a" * 3_000_000)
    for delay in (0.0, 0.003, 0.01, 0.02, 0.05):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(delay)
            writer.kill()
        held = file.read_bytes()
        assert len(held) == 3_000_000
        assert len(set(held)) == 1
        file.write_bytes(b"a" * 3_000_000)
