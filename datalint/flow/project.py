"""The modules of a run, each read from disk and lowered once, when somebody asks for it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.finding import NotAnalysed
from datalint.flow import ir
from datalint.flow.lower import lower, lower_definitions
from datalint.ops.stated import NOTHING_STATED
from datalint.source.around import Surroundings
from datalint.source.disk import Disk
from datalint.source.imports import Imports
from datalint.source.text import decode

if TYPE_CHECKING:
    from datalint.ops.stated import Stated


@dataclass(frozen=True, eq=False)
class Parsed:
    """A module: its text and syntax tree, and what the interpreter reads."""

    source: bytes
    #: None of its functions waits until it is asked for.
    whole: bool
    #: Which serial numbers its nodes have, in multiples of `ir.SERIALS`.
    serials: int
    code: Surroundings
    ir: ir.Module


class Project:
    """What is on disk around the files that are checked, and what its user states of it.

    Modules go by their absolute paths, however they were named. What was once seen of the disk
    stays so; what changed since is seen by another project, which may be given the `modules` that
    earlier ones parsed, to parse none again that is still the same. Between two checks any of these
    may be taken away; those that were used last come last.
    """

    def __init__(
        self,
        stated: Stated = NOTHING_STATED,
        disk: Disk | None = None,
        modules: dict[str, Parsed] | None = None,
    ) -> None:
        self.stated = stated
        self._disk = disk or Disk()
        self._imports = Imports(self._disk)
        self._modules = {} if modules is None else modules
        #: What this check asked for; None where it cannot be read.
        self._parsed: dict[str, Parsed | None] = {}
        self._asked: set[str] = set()
        self._located: dict[tuple[str, str], tuple[str, tuple[str, ...]] | None] = {}

    def parse(self, source: bytes, path: str) -> Parsed:
        """The module with this source, whole, which is checked next.

        Raises `NotAnalysed` where it is no Python.
        """
        self._parsed.clear()
        return self._parse(source, self._known(path), whole=True)

    def _parse(self, source: bytes, path: str, *, whole: bool) -> Parsed:
        serials = self._serials(path)
        held = self._modules.get(path)
        if (
            held is None
            or held.source != source
            or held.serials != serials
            or (whole and not held.whole)
        ):
            code = Surroundings(decode(source), path)
            try:
                lowered = (lower if whole else lower_definitions)(code, serials * ir.SERIALS)
            except RecursionError:
                raise code.too_deep() from None
            held = Parsed(source, whole, serials, code, lowered)
        self._asked.add(path)
        self._modules.pop(path, None)
        self._modules[path] = self._parsed[path] = held
        return held

    def read(self, path: str) -> Parsed | None:
        """The module at this path; None where it cannot be read: its own check says why."""
        path = self._known(path)
        if path not in self._parsed:
            self._parsed[path] = None
            self._asked.add(path)
            try:
                self._parse(self._disk.read(Path(path)), path, whole=False)
            except (NotAnalysed, OSError):
                return None
        return self._parsed[path]

    def paths(self) -> frozenset[str]:
        """Where the modules are that were asked for so far, whether they could be read or not."""
        return frozenset(self._asked)

    def locate(self, importer: str, name: str) -> tuple[str, tuple[str, ...]] | None:
        """The path of the module a dotted name leads to, and the names left to look up in it.

        None as well from a file without a word of torch to another such file.
        """
        asked = importer, name
        if asked not in self._located:
            self._located[asked] = self._locate(Path(importer), name)
        return self._located[asked]

    def _locate(self, importer: Path, name: str) -> tuple[str, tuple[str, ...]] | None:
        found = self._imports.locate(importer, name) if self._disk.is_file(importer) else None
        if found and (self._speaks_of_torch(importer) or self._speaks_of_torch(found[0])):
            return str(found[0]), found[1]
        return None

    def _speaks_of_torch(self, path: Path) -> bool:
        """Whether a module mentions torch, or hands on what others may."""
        return path.name == "__init__.py" or self._disk.mentions_torch(path)

    def uses_torch(self, module: ir.Module) -> bool:
        """Whether a module has to do with tensors: it, or a module it imports, imports torch.

        Or the user has stated where there are some. Of modules that are not on disk
        only `import *` may bring torch.
        """
        if "torch" in module.code.text or self.stated != NOTHING_STATED:
            return True
        importer = Path(module.code.path)
        if not self._disk.is_file(importer):
            return bool(module.stars)
        located = {name: self._imports.locate(importer, name) for name in module.imported()}
        return not all(located[star] for star in module.stars) or any(
            self._disk.imports_torch(found[0]) for found in located.values() if found
        )

    def names(self, path: str, *attributes: str) -> list[str]:
        """What a module of the project, or something in it, may be called by an importer."""
        return [".".join((name, *attributes)) for name in self._imports.names(path)]

    def _known(self, path: str) -> str:
        """What a module goes by; a text that is in no file keeps its name."""
        whole = os.path.abspath(path)
        return whole if self._disk.is_file(Path(whole)) else path

    def _serials(self, path: str) -> int:
        """Where a module's serial numbers begin: in the same order on whichever machine.

        Modules of one name in two projects are told apart by their paths.
        """
        file = Path(path)
        if not self._disk.is_file(file):
            return 0
        return (_hash(self._imports.identity(file)) << 64) + _hash(path) + 1


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=7).digest()
    return int.from_bytes(digest, "big")
