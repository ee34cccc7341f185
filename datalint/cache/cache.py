"""What files came to earlier, kept until a byte of them, or an answer from the disk, is another.

A file has one entry for each way of naming and judging it: the digest of what it held, the answers
to all that was asked of the disk on the way, and what was found.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalint.cache.folder import Folder
from datalint.cache.form import Verdict, dumped, loaded
from datalint.cache.seal import Seal, program
from datalint.finding import NotAnalysed
from datalint.source.disk import Disk
from datalint.source.record import Answers, Recorder, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.finding import Finding
    from datalint.ops.stated import Stated
    from datalint.source.text import Sought


class Cache:
    """What files came to, for one run."""

    def __init__(self, folder: Folder, seal: Seal, sought: Sought, stated: Stated) -> None:
        """`sought` and `stated` are what the judge goes by, apart from the files."""
        self.disk = Disk()
        self._answers = Answers(self.disk)
        self._folder, self._seal = folder, seal
        self._sought, self._stated = sought, stated

    def __reduce__(self) -> tuple[object, ...]:
        """In another process the disk is asked anew."""
        return Cache, (self._folder, self._seal, self._sought, self._stated)

    @classmethod
    def open(cls, folder: Path, sought: Sought, stated: Stated) -> Cache:
        """The cache in a folder, where there may be none yet; raises `Unusable`."""
        return cls(Folder.open(folder), Seal.of_user(), sought, stated)

    def known(self, source: bytes, path: str) -> list[Finding] | None:
        """What was found earlier; None where the file has to be judged."""
        verdict = self._load(self._name(path), source, path)
        return None if isinstance(verdict, NotAnalysed) else verdict

    def found(
        self, source: bytes, path: str, judge: Callable[[Disk], list[Finding]]
    ) -> list[Finding]:
        """What `judge` finds in the file, or found earlier; raises the `NotAnalysed` that it does.

        It is given the disk that it has to ask.
        """
        name = self._name(path)
        verdict = self._load(name, source, path)
        if verdict is None:
            recorder = Recorder(self.disk)
            try:
                verdict = judge(recorder)
            except NotAnalysed as error:
                verdict = error
            self._store(name, source, verdict, recorder)
        if isinstance(verdict, NotAnalysed):
            raise verdict
        return verdict

    @cached_property
    def _judged_by(self) -> list[Any]:
        """What a judgement depends on apart from the files; most runs need not know."""
        stated = self._stated
        return [
            *(program(), sorted(self._sought.ways), self._sought.reads),
            *(sorted(stated.mutates, key=repr), sorted(stated.returns_tensor)),
            sorted(stated.modules),
        ]

    def _name(self, path: str) -> str:
        """What names a file's entry: findings hold its path as it is spelled from here."""
        return digest(json.dumps([*self._judged_by, str(Path.cwd()), path]).encode())

    def _load(self, name: str, source: bytes, path: str) -> Verdict | None:
        content = self._seal.opened(name, self._folder.read(name))
        if content is None:
            return None
        entry = json.loads(content)
        if entry["source"] != digest(source) or not self._answers.still_hold(entry["asked"]):
            return None
        return loaded(entry["verdict"], path)

    def _store(self, name: str, source: bytes, verdict: Verdict, recorder: Recorder) -> None:
        entry: dict[str, Any] = {
            "source": digest(source),
            "asked": self._answers.record(recorder.asked),
            "verdict": dumped(verdict),
        }
        content = json.dumps(entry, separators=(",", ":")).encode()
        self._folder.write(name, self._seal.sealed(name, content))
