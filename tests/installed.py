"""The project as others install it: a git repository with what is committed of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_PARTS = ("datalint", ".github", ".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE")
#: Of the environment what a program needs that is started by itself, and nothing that git heeds.
_KEPT = ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def environment(**more: str) -> dict[str, str]:
    """The environment of a program that is not to know of the tests, or of the git around them."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    who = {f"GIT_{r}_{w}": "a@b" for r in ("AUTHOR", "COMMITTER") for w in ("NAME", "EMAIL")}
    return {**kept, **pip, **who, "GIT_CONFIG_GLOBAL": os.devnull, **more}


def git(folder: Path, *words: str) -> str:
    """What git says in a folder."""
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env=environment(),
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    """Commit all that is in a folder, which may be no repository yet; the revision."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "all")
    return git(folder, "rev-parse", "HEAD")


def project(folder: Path) -> str:
    """Put the project into a repository of its own; the revision."""
    folder.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in _PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, folder / name)
    return commit(folder)
