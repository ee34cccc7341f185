"""Which files a list of paths means: what is walked into, left out, or refused."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from datalint.refusal import Refusal
from datalint.source.excludes import Excludes
from datalint.source.near import near_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from datalint.source.ignores import Ignores

SUFFIXES = (".py", ".pyi", ".ipynb")
#: What is said of them where there is none.
_READ = "datalint reads .py, .pyi and .ipynb"


class BadPath(Refusal):
    """A named path that cannot be what its user meant; the message is one clear line."""


@dataclass(slots=True)
class Listing:
    """The files that some paths mean, as their user would name them, and what was in the way."""

    files: list[str] = field(default_factory=list)
    #: Folders that could not be read, and why.
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    #: What was named and is excluded: a file, or a folder with every Python file in it.
    excluded: list[str] = field(default_factory=list)


def discover(
    paths: Iterable[str], excludes: Excludes | None = None, *, force: bool = False
) -> Listing:
    """Every Python file that `paths` mean, each once, sorted; `BadPath` where one means none.

    What is named is checked although `excludes` leaves it out, unless that is to be in force.
    """
    listing = Listing()
    excludes = excludes or Excludes.read()
    for path in paths:
        if force and os.path.lexists(path) and excludes.match_named(path):
            listing.excluded.append(path)
        elif os.path.isdir(path):
            _list_folder(path, listing, excludes if force else excludes.below_named(path))
        elif os.path.lexists(path):
            _list_file(path, listing)
        else:
            near = near_path(path, SUFFIXES)
            hint = f"; did you mean {near}?" if near else ""
            raise BadPath(f"no such file or folder: {path}{hint}")
    listing.files = _each_once(listing.files)
    return listing


def _list_file(path: str, listing: Listing) -> None:
    """A file is checked because it was named, whatever excludes it, unless it is no Python."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (*SUFFIXES, ".pyw", "") and not _has_python_shebang(path):
        raise BadPath(f"not a Python file: {path} ({_READ})")
    listing.files.append(path)


def _has_python_shebang(path: str) -> bool:
    if not os.path.isfile(path):
        return False  # reading a pipe would eat its first line
    with open(path, "rb") as file:
        first = file.readline(200)
    return first.startswith(b"#!") and b"python" in first


def _list_folder(path: str, listing: Listing, excludes: Excludes) -> None:
    from datalint.source.ignores import Ignores

    unreadable_before = len(listing.unreadable)
    files = list(_walk(path, listing, excludes, Ignores.above(path)))
    listing.files += files
    if files or len(listing.unreadable) > unreadable_before:
        return
    if next(_walk(path, Listing(), None, None), None) is None:
        raise BadPath(f"no Python file in {path} ({_READ})")
    listing.excluded.append(path)


def _walk(
    top: str, listing: Listing, excludes: Excludes | None, ignores: Ignores | None
) -> Iterator[str]:
    """The Python files below `top`; without `excludes` and `ignores`, those as well."""
    waiting, seen = deque([("" if top == os.curdir else top, ignores)]), set()
    while waiting:
        folder, ignores = waiting.pop()
        try:
            status = os.stat(folder or os.curdir)
            if (itself := (status.st_dev, status.st_ino)) in seen:
                continue
            seen.add(itself)
            entries = _entries(folder)
            ignores = ignores and ignores.entering(folder, [entry.name for entry in entries])
        except OSError as error:
            listing.unreadable.append((folder or os.curdir, error.strerror or str(error)))
            continue
        for entry in entries:
            is_folder = _is_folder(entry)
            # What is no Python in any case need not be held against patterns.
            if not is_folder and not _is_python_file(entry):
                continue
            path = os.path.join(folder, entry.name)
            if (excludes and excludes.match(path, is_folder=is_folder)) or (
                ignores and ignores.match(path, is_folder=is_folder)
            ):
                continue
            if is_folder:
                # Links wait behind all else, so that a file is listed under its own name.
                add = waiting.appendleft if entry.is_symlink() else waiting.append
                add((path, ignores))
            else:
                yield path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder, in order; raises `OSError`."""
    with os.scandir(folder or os.curdir) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def is_passed_over(path: str, top: str, excludes: Excludes) -> bool:
    """Whether a file below a folder is left out where that folder is checked."""
    from pathlib import PurePath

    from datalint.source.ignores import Ignores

    excludes, ignores, at = excludes.below_named(top), Ignores.above(top), top
    for name in PurePath(path).relative_to(top).parts:
        ignores = ignores.entering(at, _names(at))
        at = os.path.join(at, name)
        is_folder = at != path
        if excludes.match(at, is_folder=is_folder) or ignores.match(at, is_folder=is_folder):
            return True
    return False


def _names(folder: str) -> list[str]:
    """What is in a folder; nothing where it cannot be seen, or is not there yet."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Or a link to one; of most entries the list itself tells."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


def _is_python_file(entry: os.DirEntry[str]) -> bool:
    """By name; no pipe or socket, but a link to nothing: that it cannot be read is to be said."""
    return (
        entry.name.lower().endswith(SUFFIXES)
        and not entry.name.startswith(".#")  # an editor's lock, a link to nothing on purpose
        and (entry.is_file(follow_symlinks=False) or _leads_to_file(entry.path))
    )


def _leads_to_file(path: str) -> bool:
    return os.path.isfile(path) or not os.path.exists(path)


def _each_once(files: list[str]) -> list[str]:
    """Without second names of one file; its own name is kept rather than a link's."""
    links = {file for file in files if os.path.islink(file)}
    real_folder = cache(os.path.realpath)  # of all files in it, as that asks for each folder above
    names: dict[str, str] = {}
    for file in sorted(files, key=links.__contains__):
        folder, name = os.path.split(file)
        real = os.path.realpath(file) if file in links else os.path.join(real_folder(folder), name)
        names.setdefault(os.path.normcase(real), file)
    return sorted(names.values())
