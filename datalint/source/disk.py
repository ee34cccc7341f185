"""The files and folders around a module, as one run sees them: each question is put once."""

from __future__ import annotations

import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

#: A line that imports torch, or looks like it.
_IMPORT = re.compile(rb"^[ \t]*(?:import|from)[ \t]+torch\b", re.MULTILINE)
#: Yes or no; what a file holds, None where it cannot be read.
Answer = bool | bytes | None


class Disk:
    """What is on disk; texts that are open in an editor stand for what their files hold.

    What was once answered stays so: who wants to see what changed since makes another.
    """

    def __init__(self, unsaved: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """`unsaved` are the texts that are open, by their absolute paths."""
        self._unsaved = unsaved
        self._answers: dict[tuple[str, str], Answer] = {}

    def ask(self, question: str, path: str) -> Answer:
        """The answer to one of `QUESTIONS`: all that is ever asked of the disk comes by here."""
        asked = question, path
        if asked not in self._answers:
            self._answers[asked] = QUESTIONS[question](self, path)
        return self._answers[asked]

    def read(self, path: Path) -> bytes:
        """What a file holds; raises `OSError`."""
        held = self.ask("read", str(path))
        if not isinstance(held, bytes):
            raise OSError(f"cannot be read: {path}")
        return held

    def exists(self, path: Path) -> bool:
        """Whether a path leads to anything."""
        return bool(self.ask("exists", str(path)))

    def is_file(self, path: Path) -> bool:
        """Whether it leads to a file."""
        return bool(self.ask("is_file", str(path)))

    def is_folder(self, path: Path) -> bool:
        """Whether it leads to a folder."""
        return bool(self.ask("is_folder", str(path)))

    def holds_modules(self, folder: Path) -> bool:
        """Whether something in a folder can be imported."""
        return bool(self.ask("holds_modules", str(folder)))

    def mentions_torch(self, path: Path) -> bool:
        """Whether the word stands in a file."""
        return bool(self.ask("mentions_torch", str(path)))

    def imports_torch(self, path: Path) -> bool:
        """Whether a file imports torch itself."""
        return bool(self.ask("imports_torch", str(path)))

    def _is_file(self, path: str) -> bool:
        return path in self._unsaved or os.path.isfile(path)

    def _holds_modules(self, folder: str) -> bool:
        if self._is_file(os.path.join(folder, "__init__.py")):
            return True
        try:
            return any(os.path.normcase(name).endswith(".py") for name in os.listdir(folder))
        except OSError:
            return False

    def _mentions_torch(self, path: str) -> bool:
        return b"torch" in (self._read(path) or b"")

    def _imports_torch(self, path: str) -> bool:
        return _IMPORT.search(self._read(path) or b"") is not None

    def _read(self, path: str) -> bytes | None:
        if (text := self._unsaved.get(path)) is not None:
            return text
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            return None


#: What can be asked of a path; none of it raises.
QUESTIONS: Mapping[str, Callable[[Disk, str], Answer]] = {
    "exists": lambda _, path: os.path.exists(path),
    "is_file": Disk._is_file,
    "is_folder": lambda _, path: os.path.isdir(path),
    "holds_modules": Disk._holds_modules,
    "mentions_torch": Disk._mentions_torch,
    "imports_torch": Disk._imports_torch,
    "read": Disk._read,
}
