"""The files and folders around a module, as one run sees them: each question is put once."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Disk:
    """What is on disk; texts that are open in an editor stand for what their files hold.

    What was once answered stays so: who wants to see what changed since makes another.
    """

    def __init__(self, unsaved: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """`unsaved` are the texts that are open, by their absolute paths."""
        self._unsaved = unsaved
        self.is_file = cache(self._is_file)
        self.holds_modules = cache(self._holds_modules)
        self.mentions_torch = cache(self._mentions_torch)

    def read(self, path: Path) -> bytes:
        """What a file holds; raises `OSError`."""
        text = self._unsaved.get(str(path))
        return path.read_bytes() if text is None else text

    def _is_file(self, path: Path) -> bool:
        return str(path) in self._unsaved or path.is_file()

    def _holds_modules(self, folder: Path) -> bool:
        """Whether something in a folder can be imported."""
        return self.is_file(folder / "__init__.py") or any(folder.glob("*.py"))

    def _mentions_torch(self, path: Path) -> bool:
        """Whether the word stands in a file."""
        try:
            return b"torch" in self.read(path)
        except OSError:
            return False
