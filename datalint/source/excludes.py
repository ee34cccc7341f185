"""What a user leaves out of what is checked: patterns, or else folders that others fill."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datalint.source.ignores import Line

#: Folders below a named one that hold what others wrote or what a tool made.
# fmt: off
EXCLUDED_FOLDERS = frozenset({
    ".git", ".hg", ".svn",
    ".direnv", ".nox", ".pixi", ".pyenv", ".tox", ".venv", "venv",
    ".eggs", "__pypackages__", "node_modules", "site-packages",
    ".datalint_cache", ".ipynb_checkpoints", "__pycache__", "_build", "buck-out", "build", "dist",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Excludes:
    """Patterns as `.gitignore` has them, the last one first, for what is below `base`."""

    base: str
    lines: tuple[Line, ...]
    #: Folders by their names, at any depth: to ask a pattern for each takes much longer.
    folders: frozenset[str]

    @classmethod
    def read(
        cls,
        base: str = "",
        exclude: tuple[str, ...] | None = None,
        extend_exclude: tuple[str, ...] = (),
    ) -> Excludes:
        """Patterns from the folder `base` on, of the working directory if it is empty."""
        patterns = (*(exclude or ()), *extend_exclude)
        folders = EXCLUDED_FOLDERS if exclude is None else frozenset[str]()
        return cls(os.path.abspath(base), _lines(patterns) if patterns else (), folders)

    def below_named(self, path: str) -> Excludes:
        """What holds below a folder that was named: what leaves out the folder itself does not."""
        if not self.lines:
            return self
        from datalint.source.ignores import below

        inside = below(self.base, path)
        return replace(self, lines=tuple(ln for ln in self.lines if not ln.covers(inside)))

    def match(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether this very file or folder is left out."""
        if self.lines:
            from datalint.source.ignores import below

            inside = below(self.base, path)
            for line in self.lines:
                if line.speaks_of(inside, is_folder):
                    return line.excludes
        return is_folder and os.path.basename(path) in self.folders

    def match_named(self, path: str) -> bool:
        """Whether a file or folder is left out, or a folder that it is in.

        That is asked below `base` and below the working directory: in which folder a project
        lies, and what that is called, is no matter.
        """
        from pathlib import Path

        whole, tops = Path(os.path.abspath(path)), {Path(self.base), Path.cwd()}
        return any(
            self.match(str(place), is_folder=place.is_dir())
            for place in (whole, *whole.parents)
            if not tops.isdisjoint(place.parents)
        )


def _lines(patterns: tuple[str, ...]) -> tuple[Line, ...]:
    from datalint.source.ignores import Line  # which most runs over single files do without

    return tuple(line for pattern in reversed(patterns) if (line := Line.read(pattern)))
