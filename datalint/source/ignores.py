"""What a git repository's own `.gitignore` files leave out of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Ignores:
    """The `.gitignore` files in force in one folder; immutable, as each folder adds its own."""

    in_repository: bool = False
    #: The folder each stands in, and what it says; the nearest last.
    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    @classmethod
    def above(cls, path: str) -> Ignores:
        """What the parents of a named folder say of what is below it.

        A pattern that excludes the named folder itself is overruled by its being named.
        """
        top = Path(path).absolute()
        # `..` is taken literally, as in the paths that are matched later.
        parents = Path(os.path.normpath(top)).parents
        depth = next((n for n, parent in enumerate(parents) if (parent / ".git").exists()), None)
        if depth is None or (top / ".git").exists():
            return cls()
        ignores = cls(in_repository=True)
        for parent in reversed(parents[: depth + 1]):
            ignores = ignores._with(str(parent))
        return cls(
            True, tuple((base, _overruled(spec, base, path)) for base, spec in ignores.specs)
        )

    def entering(self, folder: str, names: list[str]) -> Ignores:
        """What holds inside `folder`, which contains `names`."""
        outer = Ignores(in_repository=True) if ".git" in names else self
        return outer._with(os.path.abspath(folder)) if ".gitignore" in names else outer

    def match(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether the last pattern of the nearest file that speaks of `path` excludes it."""
        for base, spec in reversed(self.specs):
            verdict = spec.check_file(_relative(path, base, is_folder)).include
            if verdict is not None:
                return verdict
        return False

    def _with(self, folder: str) -> Ignores:
        file = Path(folder, ".gitignore")
        if not (self.in_repository and file.is_file()):
            return self
        lines = file.read_text("utf-8", "surrogateescape").splitlines()
        spec = GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))
        return Ignores(True, (*self.specs, (folder, spec)))


def _relative(path: str, base: str, is_folder: bool) -> str:
    """`path` as the `.gitignore` in `base` sees it."""
    below = os.path.abspath(path)[len(base) :].lstrip(os.sep).replace(os.sep, "/")
    return below + "/" * is_folder


def _overruled(spec: GitIgnoreSpec, base: str, named: str) -> GitIgnoreSpec:
    name = _relative(named, base, is_folder=True)
    return GitIgnoreSpec([pattern for pattern in spec.patterns if not pattern.match_file(name)])


def _is_pattern(line: str) -> bool:
    """Git passes over what it cannot read as a pattern, and so do we."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
