"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from datalint.finding import NotFixed

if TYPE_CHECKING:
    from collections.abc import Iterator


class Put(Protocol):
    """What is done with a file that was changed: it is told the path, what it held and holds."""

    def __call__(self, path: str, old: bytes, new: bytes) -> None: ...


class NotWritten(NotFixed):
    """A file that was left as it is; the message says why, in one line."""


def replace(path: str, old: bytes, new: bytes) -> None:
    """Let the file at `path`, which held `old`, hold `new`; raises `NotWritten`.

    The new file is written beside it, with the old one's mode and owner, and takes its name in one
    step: whatever happens meanwhile, the name leads to one or the other. A symbolic link is
    followed and stays; another hard link to the file keeps what it held.
    """
    target = Path(path).resolve()
    with _told():
        status = target.stat()
        if not os.access(target, os.W_OK):
            raise NotWritten("it is read-only")
        temporary = _written(new, target.parent, status)
        try:
            if target.read_bytes() != old:
                raise NotWritten("it changed meanwhile")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def create(path: str, new: bytes) -> None:
    """Let a file that may not be there yet hold `new`, whatever it held; raises `NotWritten`."""
    target = Path(path).resolve()
    with _told():
        if target.exists():
            replace(path, target.read_bytes(), new)
        else:
            _written(new, target.parent, None).replace(target)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the system refuses is said in one line."""
    try:
        yield
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror or error}") from None


def _written(content: bytes, folder: Path, like: os.stat_result | None) -> Path:
    """A new file in a folder; one that could not be written whole is not left behind."""
    import tempfile  # takes its time

    # No name that ends in `.py`: whoever lists the folder just now must not take it for a module.
    handle, name = tempfile.mkstemp(prefix=".datalint-", suffix=".tmp", dir=folder)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if like is None:
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
        else:
            _adopt(temporary, like)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _adopt(temporary: Path, like: os.stat_result) -> None:
    """The mode and, as far as one is allowed to give files away, the owner."""
    if hasattr(os, "chown"):
        with contextlib.suppress(PermissionError):
            os.chown(temporary, like.st_uid, like.st_gid)
    temporary.chmod(stat.S_IMODE(like.st_mode))
