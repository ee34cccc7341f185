"""What a git repository's own `.gitignore` files leave out of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Ignores:
    """The `.gitignore` files in force in one folder; immutable, as each folder adds its own."""

    in_repository: bool = False
    #: The folder each stands in, and its lines, the last first; the nearest last.
    files: tuple[tuple[str, tuple[Line, ...]], ...] = ()

    @classmethod
    def above(cls, path: str) -> Ignores:
        """What the parents of a named folder say of what is below it.

        A pattern that excludes the named folder itself is overruled by its being named.
        """
        top = Path(os.path.abspath(path))
        depth = next(
            (n for n, folder in enumerate(top.parents) if (folder / ".git").exists()), None
        )
        if depth is None or (top / ".git").exists():
            return cls()
        above = cls(in_repository=True)
        for parent in reversed(top.parents[: depth + 1]):
            above = above._with(str(parent))
        return cls(
            True,
            tuple(
                (base, tuple(line for line in lines if not line.covers(below(base, path))))
                for base, lines in above.files
            ),
        )

    def entering(self, folder: str, names: list[str]) -> Ignores:
        """What holds inside `folder`, which contains `names`."""
        outer = Ignores(in_repository=True) if ".git" in names else self
        return outer._with(os.path.abspath(folder)) if ".gitignore" in names else outer

    def match(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether the last line of the nearest file that speaks of `path` excludes it."""
        for base, lines in reversed(self.files):
            inside = below(base, path)
            for line in lines:
                if line.speaks_of(inside, is_folder):
                    return line.excludes
        return False

    def _with(self, folder: str) -> Ignores:
        file = Path(folder, ".gitignore")
        if not (self.in_repository and file.is_file()):
            return self
        texts = file.read_text("utf-8", "surrogateescape").splitlines()
        lines = [line for text in reversed(texts) if (line := Line.read(text))]
        return Ignores(True, (*self.files, (folder, tuple(lines))))


@dataclass(frozen=True, slots=True)
class Line:
    """One pattern.

    Git asks of each file and folder on its way whether a pattern speaks of that very one;
    pathspec answers whether it speaks of it or of a folder above it. The difference shows where
    a later `!` brings such a folder back: `*`, `!*/`, `!*.py` would lose every file.
    """

    spec: GitIgnoreSpec
    excludes: bool
    #: It names a place in the tree, as a slash before its end says, not a name at any depth.
    is_path: bool
    #: It speaks of what is inside a folder, not of the folder.
    is_inside: bool

    @classmethod
    def read(cls, text: str) -> Line | None:
        """None for a comment and, as in git, for what cannot be read as a pattern."""
        import warnings

        from pathspec import GitIgnoreSpec  # takes its time, where there is no pattern for nothing

        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):
                # Of what a later `re` may take `[[]` to be.
                spec = GitIgnoreSpec.from_lines([text])
        except (ValueError, re.error):
            return None
        verdict = next((pattern.include for pattern in spec.patterns), None)
        if verdict is None:
            return None
        body = text.rstrip().removeprefix("!")
        return cls(spec, verdict, "/" in body.rstrip("/"), body.endswith("/**"))

    def covers(self, path: str) -> bool:
        """Whether it speaks of a folder or of one above it."""
        return self.matches(path + "/")

    def speaks_of(self, path: str, is_folder: bool) -> bool:
        """Whether it speaks of this very file or folder."""
        if self.is_inside:
            return self.matches(path)
        end = "/" * is_folder
        parent, _, name = path.rpartition("/")
        if not self.is_path:
            return self.matches(name + end)
        return self.matches(path + end) and not (parent and self.covers(parent))

    def matches(self, path: str) -> bool:
        """Whether it speaks of a file, or of a folder that the file is in."""
        # Not `check_file`, which tells which of many patterns it was, and takes twice as long.
        inside = path.removeprefix("/")
        return any(pattern.match_file(inside) for pattern in self.spec.patterns)


def below(base: str, path: str) -> str:
    """`path` as patterns in the folder `base` see it.

    One that is elsewhere lies under `..`, so that no pattern that begins in `base` speaks of it.
    """
    whole, folder = os.path.abspath(path), os.path.join(os.path.abspath(base), "")
    if not os.path.join(whole, "").startswith(folder):
        return f"../{whole.lstrip(os.sep)}".replace(os.sep, "/")
    return whole[len(folder) :].replace(os.sep, "/")
