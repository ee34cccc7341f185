"""Which entries are believed: those that this user's datalint wrote, in the form they have now.

A cache folder may come with a repository that somebody else wrote. So entries are sealed with a
key that lies elsewhere, in the user's own cache folder: what was made without it, or was changed
since, is no entry.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import datalint
from datalint.cache import folder
from datalint.cache.folder import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY_BYTES = 32
_SEAL_BYTES = 32


class Seal:
    """A user's seal."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_user(cls) -> Seal:
        """With the key that the user has, or gets now; raises `Unusable`."""
        path = _home() / "datalint" / "key"
        key = folder.read(path)
        if key is None or len(key) != _KEY_BYTES:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                folder.write(path, os.urandom(_KEY_BYTES))
            except OSError as error:
                raise Unusable(f"its key cannot be written: {error}") from None
            key = folder.read(path) or b""  # another process may just have had the same idea
        if len(key) != _KEY_BYTES:
            raise Unusable(f"its key cannot be read: {path}")
        return cls(key)

    def sealed(self, name: str, content: bytes) -> bytes:
        """The content as an entry of this name."""
        return self._mark(name, content) + content

    def opened(self, name: str, entry: bytes | None) -> bytes | None:
        """The content of an entry; None where it is not exactly what was sealed under the name."""
        if entry is None:
            return None
        mark, content = entry[:_SEAL_BYTES], entry[_SEAL_BYTES:]
        return content if mark == self._mark(name, content) else None

    def _mark(self, name: str, content: bytes) -> bytes:
        marked = hashlib.blake2b(name.encode(), digest_size=_SEAL_BYTES, key=self._key)
        marked.update(content)
        return marked.digest()


def _home() -> Path:
    """Where this user's programs keep what may be lost; raises `Unusable`."""
    named = Path(os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        raise Unusable("its user has no home for its key") from None


@cache
def program() -> str:
    """What stands for the program that judges: each byte of it, and what it runs on."""
    found = hashlib.blake2b(digest_size=16)
    for path in sorted(_files(str(Path(datalint.__file__).parent))):
        held = Path(path).read_bytes()
        found.update(f"{Path(path).name}\0{len(held)}\0".encode())
        found.update(held)
    found.update(f"{sys.version}\0{sys.platform}".encode())
    return found.hexdigest()


def _files(folder: str) -> Iterator[str]:
    """Its modules and tables."""
    with os.scandir(folder) as listed:
        for entry in listed:
            if entry.is_dir():
                yield from _files(entry.path)
            elif entry.name.endswith((".py", ".tsv")):
                yield entry.path
