"""What git knows of files as they were: which commit they are compared with, what they held in it.

Git itself is asked, by its plumbing, whose answers no configuration changes.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from datalint.refusal import Refusal

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

#: What git tells its hooks of one repository would be taken for the place of every other.
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")

#: Nothing of these is left to the user's configuration.
_DIFF = (
    *("diff", "--no-index", "--no-ext-diff", "--no-textconv", "--no-color", "--text"),
    *("--diff-algorithm=default", "--indent-heuristic", "-U0", "--inter-hunk-context=0"),
)
_HUNK = re.compile(rb"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class BadRevision(Refusal):
    """What git cannot compare with; the message is one clear line."""


@dataclass(frozen=True)
class Repository:
    """A git repository's work tree."""

    top: Path
    #: The commit that is compared with; None where the repository was not there yet.
    base: str | None

    def before(self, file: Path) -> bytes | None:
        """What a file held in that commit, under whichever name; None where it is new."""
        if self.base is None:
            return None
        name = self.name(file)
        kind, blob = self.entry(name) or self.entry(self._renamed.get(name, "")) or ("", "")
        return _git(self.top, "cat-file", "blob", blob) if kind == "blob" else None

    def entry(self, name: str) -> tuple[str, str] | None:
        """Of what kind a thing was in the commit, and its hash; None where it was not there."""
        if self.base is None or not name:
            return None
        listed = _git(self.top, "ls-tree", "-z", "--full-tree", self.base, "--", name)
        if not listed:
            return None
        _, kind, blob = listed.partition(b"\t")[0].decode().split()
        return kind, blob

    def name(self, path: Path) -> str:
        """What git calls a file or folder that is in the work tree."""
        return PurePath(os.path.relpath(path, self.top)).as_posix()

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """By the names they have now, what files were called that git takes for renamed."""
        words = "diff-index", "-z", "-M", "--name-status", "--diff-filter=R"
        listed = _git(self.top, *words, str(self.base))
        _, *names = os.fsdecode(listed).split("\0") if listed else [""]
        return dict(zip(names[1::3], names[::3], strict=False))


@dataclass
class Repositories:
    """The repositories that files are in, each with its commit to compare with."""

    #: A revision as the user names it.
    revision: str
    _by_folder: dict[Path, Repository] = field(default_factory=dict)

    def enter(self, path: str) -> None:
        """Let the revision be one of the repository that a path is in; raises `BadRevision`."""
        top = _top(_folder(Path(path).resolve()))
        if top not in self._by_folder:
            self._by_folder[top] = Repository(top, self._base(top))

    def before(self, path: str) -> bytes | None:
        """What a file held; None where it is new; raises `BadRevision`."""
        file = Path(path).resolve()
        if file.parent not in self._by_folder:
            self._by_folder[file.parent] = self._at(_top(file.parent))
        return self._by_folder[file.parent].before(file)

    def _at(self, top: Path) -> Repository:
        """Of a submodule that was not entered, its commit is the one that was checked out then."""
        if top not in self._by_folder:
            above = _line(_git(top, "rev-parse", "--show-superproject-working-tree"))
            if above:
                outer = self._at(Path(above).resolve())
                kind, commit = outer.entry(outer.name(top)) or ("", "")
                base = commit if kind == "commit" else None
            else:
                base = self._base(top)
            self._by_folder[top] = Repository(top, base)
        return self._by_folder[top]

    def _base(self, top: Path) -> str:
        """The commit in which HEAD and the revision part: what others did since is not ours."""
        shallow = _git(top, "rev-parse", "--is-shallow-repository") == b"true\n"
        hint = ", which is a shallow clone: git fetch --unshallow" if shallow else ""
        found = _try(top, "rev-parse", "--verify", "--quiet", self.revision)
        commit = found and _try(top, "rev-parse", "--verify", "--quiet", f"{found}^{{commit}}")
        if not commit:
            raise BadRevision(f"no commit is called {self.revision!r} in {top}{hint}")
        base = _try(top, "merge-base", commit, "HEAD")
        if not base and shallow:
            raise BadRevision(f"where HEAD and {self.revision!r} part is not in {top}{hint}")
        return base or commit


def new_lines(old: Sequence[str], new: Sequence[str]) -> Iterator[slice]:
    """Which of the `new` lines git takes for changed; raises `BadRevision`."""
    if old == new:
        return
    with tempfile.TemporaryDirectory(prefix="datalint-") as folder:
        for name, lines in (("old", old), ("new", new)):
            text = "".join(f"{line}\n" for line in lines)
            Path(folder, name).write_bytes(text.encode("utf-8", "surrogatepass"))
        hunks = _git(Path(folder), *_DIFF, "old", "new", differ=True)
    for hunk in _HUNK.finditer(hunks):
        first = int(hunk[1]) - 1
        yield slice(first, first + int(hunk[2] or 1))


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _top(folder: Path) -> Path:
    return Path(_line(_git(folder, "rev-parse", "--show-toplevel"))).resolve()


def _line(output: bytes) -> str:
    """A path that git prints on a line, though it may hold line ends itself."""
    return os.fsdecode(output.removesuffix(b"\n"))


def _try(folder: Path, *words: str) -> str:
    """The first word that git answers, or an empty one where it knows nothing."""
    done = _run(folder, words)
    return "" if done.returncode else done.stdout.decode().partition("\n")[0]


def _git(folder: Path, *words: str, differ: bool = False) -> bytes:
    """What git answers; raises `BadRevision` with what it complains of."""
    done = _run(folder, words)
    if done.returncode > differ:  # two files that differ are no failure
        complaint = os.fsdecode(done.stderr).partition("\n")[0].removeprefix("fatal: ")
        raise BadRevision(f"{folder}: git says: {complaint}")
    return done.stdout


def _run(folder: Path, words: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    import subprocess  # most runs ask git nothing

    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words],
            env={**environment, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise BadRevision("git is needed, and is not installed") from None
