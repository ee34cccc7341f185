"""Which file on disk an import means, seen from the file that imports."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datalint.source.disk import Disk

#: The folder with one of these is where the absolute imports of a project's scripts may begin.
_PROJECT = (".git", "pyproject.toml", "setup.py", "setup.cfg")
#: Known by its tables, not by its sources.
_KNOWN = {"torch", "numpy"}


class Imports:
    """Imports looked up on a disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._above = cache(self._find_above)
        self.names = cache(self._find_names)

    def roots(self, path: Path) -> tuple[Path, ...]:
        """Where absolute imports begin: above the package, then further up to the project's root.

        The folders above the package's own count only where one of them is marked as a project's.
        """
        own = path.parent
        while self._disk.is_file(own / "__init__.py") and own != own.parent:
            own = own.parent
        return (own, *self._above(own))

    def _find_above(self, folder: Path) -> tuple[Path, ...]:
        found: list[Path] = []
        for parent in (folder, *folder.parents):
            found.append(parent)
            if any(self._disk.exists(parent / mark) for mark in _PROJECT):
                return tuple(found[1:])
        return ()

    def identity(self, path: Path) -> str:
        """What a file is called by those who import it, on whichever machine."""
        return path.relative_to(self.roots(path)[0]).as_posix()

    def _find_names(self, named: str) -> tuple[str, ...]:
        """The dotted names under which a module can be imported; the first is its package's own."""
        path = Path(named)
        module = path.parent if path.stem == "__init__" else path.with_suffix("")
        return tuple(".".join(module.relative_to(root).parts) for root in self.roots(path))

    def locate(self, importer: Path, name: str) -> tuple[Path, tuple[str, ...]] | None:
        """The module that a dotted name leads to, and the names that are left to look up in it.

        Relative names begin with their dots. None where nothing on disk has that name.
        """
        parts = name.lstrip(".").split(".") if name.strip(".") else []
        level = len(name) - len(name.lstrip("."))
        if level:
            folder = importer.parent
            for _ in range(level - 1):
                folder = folder.parent
            return self._below(folder, parts)
        if parts[0] in _KNOWN:
            return None
        roots = self.roots(importer)
        found = (self._below(root, parts) for root in roots if self._begins(root, parts[0]))
        return next((f for f in found if f is not None), None)

    def _begins(self, root: Path, name: str) -> bool:
        return self._disk.is_file(root / f"{name}.py") or self._disk.is_folder(root / name)

    def _below(self, folder: Path, parts: list[str]) -> tuple[Path, tuple[str, ...]] | None:
        for place, part in enumerate(parts):
            if self._disk.is_folder(folder / part) and self._disk.holds_modules(folder / part):
                folder = folder / part
            elif self._disk.is_file(folder / f"{part}.py"):
                return folder / f"{part}.py", tuple(parts[place + 1 :])
            else:
                return self._package(folder, parts[place:])
        return self._package(folder, [])

    def _package(self, folder: Path, left: list[str]) -> tuple[Path, tuple[str, ...]] | None:
        module = folder / "__init__.py"
        return (module, tuple(left)) if self._disk.is_file(module) else None
