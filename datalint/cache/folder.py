"""A folder with small files that may be lost: read and written, or else done without."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

#: What the folder is called where its user does not say.
FOLDER = ".datalint_cache"
#: Bytes that all entries may take together, and one of them.
MOST, MOST_OF_ONE = 50_000_000, 5_000_000
#: After so many bytes written it is looked how many there are, as others may write as well.
_STEP = MOST // 50

_TAG = "CACHEDIR.TAG"
_MARKS = {
    # What programs that make backups look for: https://bford.info/cachedir/
    _TAG: b"Signature: 8a477f597d28d172789f06886806bc55\n# A cache of datalint.\n",
    ".gitignore": b"*\n",
}
_TEMPORARY = "tmp-"
#: What of the folder is deleted where it grows too large.
_ENTRY = re.compile(rf"[0-9a-f]{{32}}|{_TEMPORARY}.*")
#: No link is followed, and nobody waits for the other end of a pipe; Windows has neither flag.
_FLAGS = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


class Unusable(Exception):
    """A folder that is no place for a cache; the message says why."""


@dataclass(slots=True)
class Folder:
    """A folder of entries, each a file that is there whole or not at all."""

    path: Path
    _may_write: bool = True
    #: Bytes since it was last looked how many there are.
    _written: int = field(default=_STEP)

    @classmethod
    def open(cls, path: Path) -> Folder:
        """The folder at a path, where there may be none yet; raises `Unusable`."""
        try:
            status = path.lstat()
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError) as error:
            raise Unusable(f"it cannot be used: {error}") from None
        if not stat.S_ISDIR(status.st_mode):
            raise Unusable("it is no folder")
        if not _is_ours(status):
            raise Unusable("it belongs to another user")
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise Unusable("it is read-only")
        if not (path / _TAG).is_file() and any(path.iterdir()):
            raise Unusable("it holds other things")
        return cls(path)

    def read(self, name: str) -> bytes | None:
        """What an entry holds; None where there is none."""
        return read(self.path / name)

    def write(self, name: str, content: bytes) -> None:
        """Let an entry hold this, if that can be done."""
        if not self._may_write or len(content) > MOST_OF_ONE:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for mark, text in _MARKS.items():
                if not (self.path / mark).exists():
                    write(self.path / mark, text)
            write(self.path / name, content)
            self._written += len(content)
            if self._written >= _STEP:
                self._written = 0
                self._prune()
        except OSError:  # the disk is full, say, and will be for the next entry
            self._may_write = False

    def _prune(self) -> None:
        """Delete the oldest entries where all take too much."""
        with os.scandir(self.path) as listed:
            entries = [(e.stat(follow_symlinks=False), e.path) for e in listed if _is_entry(e)]
        too_many = sum(status.st_size for status, _ in entries) - MOST
        if too_many <= 0:
            return
        too_many += MOST // 5
        for status, path in sorted(entries, key=lambda entry: entry[0].st_mtime_ns):
            if too_many <= 0:
                break
            Path(path).unlink(missing_ok=True)
            too_many -= status.st_size


def _is_entry(entry: os.DirEntry[str]) -> bool:
    return bool(_ENTRY.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)


def read(path: Path) -> bytes | None:
    """What a file of ours holds; None where there is none, or it is another user's, or huge."""
    try:
        handle = os.open(path, os.O_RDONLY | _FLAGS)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            is_entry = stat.S_ISREG(status.st_mode) and status.st_size <= MOST_OF_ONE
            return file.read() if is_entry and _is_ours(status) else None
    except OSError:
        return None


def write(path: Path, content: bytes) -> None:
    """Let a file hold this from one moment to the next; raises `OSError`."""
    import tempfile  # takes its time

    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _is_ours(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
