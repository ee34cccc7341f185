"""The modules of a run, each read from disk and lowered once, when somebody asks for it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.finding import NotAnalysed
from datalint.flow import ir
from datalint.flow.lower import lower
from datalint.ops.stated import NOTHING_STATED
from datalint.source import imports
from datalint.source.around import Surroundings
from datalint.source.guard import parse_cst
from datalint.source.text import decode

if TYPE_CHECKING:
    import libcst as cst

    from datalint.ops.stated import Stated


@dataclass(frozen=True, eq=False)
class Parsed:
    """A module: its text, its syntax tree, what the interpreter reads."""

    path: str
    source: bytes
    text: str
    tree: cst.Module
    ir: ir.Module

    @cached_property
    def surroundings(self) -> Surroundings:
        """What stands around its places, for whoever has a fix to make."""
        return Surroundings(self.text)


class Project:
    """What is on disk around the files that are checked, and what its user states of it.

    Modules go by their absolute paths, however they were named.
    """

    def __init__(self, stated: Stated = NOTHING_STATED) -> None:
        self.stated = stated
        self._parsed: dict[str, Parsed | None] = {}
        self._by_serials: dict[int, Parsed] = {}
        self._located: dict[tuple[str, str], tuple[str, tuple[str, ...]] | None] = {}

    def parse(self, source: bytes, path: str) -> Parsed:
        """The module with this source; raises `NotAnalysed` where it is no Python."""
        path = _known(path)
        held = self._parsed.get(path)
        if held is None or held.source != source:
            text = decode(source)
            tree = parse_cst(text)
            serials = _serials(path)
            held = Parsed(path, source, text, tree, lower(tree, path, serials * ir.SERIALS))
            self._parsed[path] = self._by_serials[serials] = held
        return held

    def read(self, path: str) -> Parsed | None:
        """The module at this path; None where it cannot be read: its own check says why."""
        path = _known(path)
        if path not in self._parsed:
            self._parsed[path] = None
            try:
                self.parse(Path(path).read_bytes(), path)
            except (NotAnalysed, OSError):
                return None
        return self._parsed[path]

    def locate(self, importer: str, name: str) -> tuple[str, tuple[str, ...]] | None:
        """The path of the module a dotted name leads to, and the names left to look up in it.

        None as well from a file without a word of torch to another such file.
        """
        asked = importer, name
        if asked not in self._located:
            found = imports.locate(Path(importer), name) if _on_disk(importer) else None
            told = found and (_speaks_of_torch(importer) or _speaks_of_torch(str(found[0])))
            self._located[asked] = (str(found[0]), found[1]) if found and told else None
        return self._located[asked]

    def names(self, path: str, *attributes: str) -> list[str]:
        """What a module of the project, or something in it, may be called by an importer."""
        return [".".join((name, *attributes)) for name in imports.names(Path(path))]

    def home(self, node: ir.Node) -> Parsed:
        """The module a node is of."""
        return self._by_serials[node.home]


def _known(path: str) -> str:
    """What a module goes by; a text that is in no file keeps its name."""
    whole = os.path.abspath(path)
    return whole if _on_disk(whole) else path


@cache
def _on_disk(path: str) -> bool:
    return Path(path).is_file()


@cache
def _speaks_of_torch(path: str) -> bool:
    """Whether a module mentions torch, or hands on what others may."""
    if path.endswith("__init__.py"):
        return True
    try:
        return b"torch" in Path(path).read_bytes()
    except OSError:
        return False


@cache
def _serials(path: str) -> int:
    """Where a module's serial numbers begin: in the same order on whichever machine.

    Modules of one name in two projects are told apart by their paths.
    """
    if not _on_disk(path):
        return 0
    return (_hash(imports.identity(Path(path))) << 64) + _hash(path) + 1


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=7).digest()
    return int.from_bytes(digest, "big")
