"""One file under a selection: its findings, less those that are not to be shown."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from datalint.finding import NotAnalysed
from datalint.ops.stated import NOTHING_STATED
from datalint.source.text import Text, decode, may_hold, may_suppress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set

    from datalint.cache import Cache
    from datalint.finding import Finding
    from datalint.flow.project import Parsed, Project
    from datalint.ops.stated import Stated
    from datalint.selection import Selection
    from datalint.source.disk import Disk

#: Opt-in rules that report writes: how many there are is said even where they are not shown.
_WRITES = ("data-write", "data-assignment")
#: Of how many bytes of source what was parsed is remembered.
_MUCH = 4_000_000


class Sieve(Protocol):
    """What takes out findings of selected rules that are not to be shown, file by file."""

    @property
    def where(self) -> str:
        """Where those are that it takes out, as the summary says it."""
        ...

    def keep(
        self, path: str, findings: Sequence[Finding], sources: Mapping[str, Text]
    ) -> list[Finding]:
        """What is left of a file's findings, in their order; may raise `NotAnalysed`.

        `sources` holds the texts of the file and of those that the findings speak of, by name.
        """
        ...


class Linted(NamedTuple):
    """What one file came to."""

    #: The findings that are shown, in the order of every report.
    findings: tuple[Finding, ...] = ()
    #: By its name in reports, each text that one of them is in or speaks of.
    sources: Mapping[str, Text] = {}
    #: How many writes only a rule that was not selected reports.
    hidden: int = 0
    #: How many findings of selected rules are below the confidence asked for.
    doubtful: int = 0
    #: How many findings of selected rules each sieve took out, by where they are.
    sifted: Mapping[str, int] = {}
    #: How many findings are no longer there, because they were fixed.
    fixed: int = 0
    #: Why these are not all findings of the file.
    cut: NotAnalysed | None = None
    #: What happened, in a few words.
    story: str = "nothing to judge"


class Judged(NamedTuple):
    """What was found in one file before sieves and doubt take anything out."""

    #: The findings of selected rules, in the order of every report.
    findings: tuple[Finding, ...] = ()
    #: By its name in reports, each text that one of them is in or speaks of.
    sources: Mapping[str, Text] = {}
    #: How many writes only a rule that was not selected reports.
    hidden: int = 0
    #: How many findings there are of all rules; None where nothing had to be judged.
    found: int | None = None
    #: Why these are not all.
    cut: NotAnalysed | None = None


@dataclass(slots=True)
class Linter:
    """Judges files one by one, and remembers what they import."""

    selection: Selection
    #: What the user states of functions and classes that are not in sight.
    stated: Stated = NOTHING_STATED
    #: What each file's findings go through, one after the other.
    sieves: tuple[Sieve, ...] = ()
    #: By their absolute paths, texts that stand for what is on disk.
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    #: What earlier linters parsed, and this one will have.
    modules: dict[str, Parsed] = field(default_factory=dict)
    #: Opens what files came to in earlier runs, once one has to be judged; it knows of no unsaved
    #: texts. Whoever asks again gets the same.
    cache: Callable[[], Cache | None] = lambda: None
    _project: Project | None = None

    def lint(self, source: bytes, path: str) -> Linted:
        """What a file that holds `source` comes to; raises `NotAnalysed` as `check_source` does."""
        return self.sift(self.judge(source, path), path)

    def at_once(self, source: bytes, path: str) -> Judged | None:
        """What can be said of a file without work; None where it has to be judged."""
        if may_hold(source, self.selection.sought().ways):
            cache = self.cache()
            found = cache.known(source, path) if cache else None
            return None if found is None else self._judged(found, source, path)
        return None if may_suppress(source) else Judged()

    def judge(self, source: bytes, path: str) -> Judged:
        """What is found in a file; raises `NotAnalysed`.

        This leaves the sieves alone, which remember: any process may do it, with any linter
        that is `apart` from this one.
        """
        judged = may_hold(source, self.selection.sought().ways)
        if not judged and not may_suppress(source):
            return Judged()
        try:
            return self._judged(self._check(source, path) if judged else [], source, path)
        except NotAnalysed as error:
            if error.findings is None:
                raise
            return self._judged(list(error.findings), source, path, error)

    def _judged(
        self, found: list[Finding], source: bytes, path: str, cut: NotAnalysed | None = None
    ) -> Judged:
        elsewhere = self.selection.per_file.rules(path)
        rules = self.selection.rules() - elsewhere
        if may_suppress(source):
            found = _unsuppressed(found, source, path, rules)
            if cut:  # what silences nothing yet may silence what was not found
                found = [finding for finding in found if finding.rule != "unused-suppression"]
        unselected = set(_WRITES) - self.selection.rules() - elsewhere
        selected = [finding for finding in found if finding.rule in rules]
        kept = sorted(selected, key=lambda finding: finding.order())
        return Judged(
            tuple(kept),
            self._sources(kept, source, path),
            sum(finding.rule in unselected for finding in found),
            len(found),
            cut,
        )

    def sift(self, judged: Judged, path: str) -> Linted:
        """What is shown of what was found in a file; raises `NotAnalysed`."""
        if judged.found is None:
            return Linted()
        kept, sifted = list(judged.findings), {}
        for sieve in self.sieves:
            before = len(kept)
            kept = sieve.keep(path, kept, judged.sources)
            sifted[sieve.where] = before - len(kept)
        # Last, as a sieve may have to know of what is there, though it is not sure.
        sure = [finding for finding in kept if self.selection.is_sure(finding)]
        return Linted(
            tuple(sure),
            judged.sources if sure else {},
            judged.hidden,
            len(kept) - len(sure),
            sifted,
            cut=judged.cut,
            story=f"{len(sure)} shown of {judged.found} found",
        )

    def apart(self) -> Linter:
        """One that judges alike and shares nothing with this one, for another process."""
        return replace(
            self, sieves=(), modules={}, cache=partial(_given, self.cache()), _project=None
        )

    def _check(self, source: bytes, path: str) -> list[Finding]:
        self._forget()
        if (cache := self.cache()) is not None:
            # What a file's entry depends on is what its own project asks of the disk.
            return cache.found(
                source, path, lambda disk: self._judge(source, path, self._new_project(disk))
            )
        from datalint.source.disk import Disk

        self._project = self._project or self._new_project(Disk(self.unsaved))
        return self._judge(source, path, self._project)

    def _forget(self) -> None:
        """Forget the files that were checked; if it is much, the imports used longest ago as well.

        The syntax tree of a file that is checked takes some 50 times the memory of its source.
        """
        for path in [path for path, module in self.modules.items() if module.whole]:
            del self.modules[path]
        much = sum(len(module.source) for module in self.modules.values())
        for path in list(self.modules):
            if much <= _MUCH:
                break
            much -= len(self.modules.pop(path).source)

    def _new_project(self, disk: Disk) -> Project:
        from datalint.flow.project import Project  # brings the analysis, which most runs do without

        return Project(self.stated, disk, self.modules)

    def _judge(self, source: bytes, path: str, project: Project) -> list[Finding]:
        from datalint import check  # as well

        return check.check_source(source, path, project, self.selection.sought())

    def read(self) -> frozenset[str]:
        """The absolute paths of the files that were looked into, where there is no cache."""
        return self._project.paths() if self._project else frozenset()

    def _sources(self, findings: list[Finding], source: bytes, path: str) -> dict[str, Text]:
        if not findings:
            return {}
        from datalint.source.notebook import texts

        sources = texts(source, path)
        for other in {note.path for finding in findings for note in finding.notes} - {path}:
            if (cache := self.cache()) is not None:
                from pathlib import Path

                read = cache.disk.read(Path(os.path.abspath(other)))
                sources[other] = Text(decode(read))
            elif self._project and (module := self._project.read(other)):
                sources[other] = Text(module.code.text)
        return sources


def _given(cache: Cache | None) -> Cache | None:
    return cache


def _unsuppressed(found: list[Finding], source: bytes, path: str, rules: Set[str]) -> list[Finding]:
    from datalint.suppression import unsuppressed

    try:
        return unsuppressed(found, source, path, rules)
    except NotAnalysed:
        if found:
            raise
        return []  # A file that was not judged need not be Python.
