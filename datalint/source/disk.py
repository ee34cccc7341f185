"""The files and folders around a module, as one run sees them: each question is put once."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

#: Yes or no; what a file holds, None where it cannot be read.
Answer = bool | bytes | None


class Disk:
    """What is on disk; texts that are open in an editor stand for what their files hold.

    What was once answered stays so: who wants to see what changed since makes another.
    """

    def __init__(self, unsaved: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """`unsaved` are the texts that are open, by their absolute paths."""
        self._unsaved = unsaved
        self._answers: dict[tuple[str, Path], Answer] = {}

    def ask(self, question: str, path: Path) -> Answer:
        """The answer to one of `QUESTIONS`: all that is ever asked of the disk comes by here."""
        asked = question, path
        if asked not in self._answers:
            self._answers[asked] = QUESTIONS[question](self, path)
        return self._answers[asked]

    def read(self, path: Path) -> bytes:
        """What a file holds; raises `OSError`."""
        held = self.ask("read", path)
        if not isinstance(held, bytes):
            raise OSError(f"cannot be read: {path}")
        return held

    def exists(self, path: Path) -> bool:
        """Whether a path leads to anything."""
        return bool(self.ask("exists", path))

    def is_file(self, path: Path) -> bool:
        """Whether it leads to a file."""
        return bool(self.ask("is_file", path))

    def is_folder(self, path: Path) -> bool:
        """Whether it leads to a folder."""
        return bool(self.ask("is_folder", path))

    def holds_modules(self, folder: Path) -> bool:
        """Whether something in a folder can be imported."""
        return bool(self.ask("holds_modules", folder))

    def mentions_torch(self, path: Path) -> bool:
        """Whether the word stands in a file."""
        return bool(self.ask("mentions_torch", path))

    def _is_file(self, path: Path) -> bool:
        return str(path) in self._unsaved or path.is_file()

    def _holds_modules(self, folder: Path) -> bool:
        return self._is_file(folder / "__init__.py") or any(folder.glob("*.py"))

    def _mentions_torch(self, path: Path) -> bool:
        return b"torch" in (self._read(path) or b"")

    def _read(self, path: Path) -> bytes | None:
        text = self._unsaved.get(str(path))
        try:
            return path.read_bytes() if text is None else text
        except OSError:
            return None


#: What can be asked of a path.
QUESTIONS: Mapping[str, Callable[[Disk, Path], Answer]] = {
    "exists": lambda _, path: path.exists(),
    "is_file": Disk._is_file,
    "is_folder": lambda _, path: path.is_dir(),
    "holds_modules": Disk._holds_modules,
    "mentions_torch": Disk._mentions_torch,
    "read": Disk._read,
}
