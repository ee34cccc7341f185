"""Many files: which findings are shown, and what becomes of a file that cannot be analysed."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.finding import Confidence, NotAnalysed
from datalint.flow.events import DATA
from datalint.ops.stated import NOTHING_STATED
from datalint.report import Problem, Report
from datalint.source.near import did_you_mean
from datalint.source.notebook import texts
from datalint.source.text import may_hold

if TYPE_CHECKING:
    from datalint.finding import Finding
    from datalint.flow.project import Project
    from datalint.ops.stated import Stated
    from datalint.source.discover import Listing

#: Opt-in rules that report writes: how many there are is said even where they are not shown.
_WRITES = ("data-write", "data-assignment")
_SURENESS = {confidence: rank for rank, confidence in enumerate(Confidence)}

#: Told of each path what became of it.
Watch = Callable[[str, str], None]


class BadSelection(Exception):
    """Rules that cannot be selected; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which findings are shown; rules are named as their user named them, `all` among them."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: Confidence = Confidence.MEDIUM

    def __post_init__(self) -> None:
        if self.select or self.extend_select or self.ignore:
            self.rules()  # A mistyped rule is an error though no file has a finding.

    def rules(self) -> frozenset[str]:
        """The names of the selected rules."""
        return _selected(self.select, self.extend_select, self.ignore)

    def ways(self) -> frozenset[str]:
        """What is looked for: `.data` in any case, whose writes are counted if not shown."""
        if not self.select and not self.extend_select:
            return frozenset({DATA})
        from datalint.rules import ALL

        return frozenset({DATA}).union(*(r.ways for r in ALL if r.name in self.rules()))

    def is_sure(self, finding: Finding) -> bool:
        """Whether a finding is of the confidence asked for."""
        return _SURENESS[finding.confidence] >= _SURENESS[self.min_confidence]


@functools.cache
def _selected(
    select: tuple[str, ...], extend_select: tuple[str, ...], ignore: tuple[str, ...]
) -> frozenset[str]:
    from datalint.rules import ALL  # brings libcst, which most runs do without

    def named(names: tuple[str, ...]) -> set[str]:
        return {rule for name in names for rule in ([name] if name != "all" else known)}

    known = [rule.name for rule in ALL]
    default = {rule.name for rule in ALL if rule.default}
    for name in (*select, *extend_select, *ignore):
        if name not in (*known, "all"):
            raise BadSelection(f"no rule is named {name!r}{did_you_mean(name, [*known, 'all'])}")
    rules = ((named(select) or default) | named(extend_select)) - named(ignore)
    if not rules:
        raise BadSelection("no rule is left to check: --ignore takes away all that is selected")
    return frozenset(rules)


@dataclass(slots=True)
class Run:
    """One run: files go in one by one, and what was found so far can be had as a report."""

    selection: Selection
    watch: Watch = lambda path, what: None
    #: What the user states of functions and classes that are not in sight.
    stated: Stated = NOTHING_STATED
    #: By its name in reports, the text of each file, or cell, with a finding that is shown.
    sources: dict[str, str] = field(default_factory=dict)
    _findings: list[Finding] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _checked: int = 0
    _hidden: int = 0
    _doubtful: int = 0
    _project: Project | None = None

    def check_listing(self, listing: Listing) -> None:
        """Check every file that was listed; a folder that could not be is a problem."""
        for folder, reason in listing.unreadable:
            self._add_unreadable(folder, reason)
        for path in listing.files:
            self.check_path(path)

    def check_path(self, path: str) -> None:
        """Check a file; one that cannot be read is a problem like any other."""
        try:
            source = Path(path).read_bytes()
        except OSError as error:
            self._add_unreadable(path, error.strerror or str(error))
        else:
            self.check_source(source, path)

    def check_source(self, source: bytes, path: str) -> None:
        """Check what a file holds."""
        ways = self.selection.ways()
        if not may_hold(source, ways):
            self._checked += 1
            self.watch(path, "nothing to judge")
            return
        from datalint import check  # brings libcst, which most runs do without
        from datalint.flow.project import Project

        self._project = self._project or Project(self.stated)
        try:
            found = check.check_source(source, path, self._project, ways)
        except NotAnalysed as error:
            self._add_problem(Problem(path, error.row, error.column, error.reason, cell=error.cell))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic in libcst's Rust is no Exception
            self._add_problem(_bug(path, error))
        else:
            self._add_findings(found, source, path)

    def report(self) -> Report:
        """What was found, in the order of every report."""
        return Report(
            findings=tuple(sorted(self._findings, key=lambda finding: finding.order())),
            problems=tuple(sorted(self._problems)),
            checked=self._checked,
            hidden=self._hidden,
            doubtful=self._doubtful,
        )

    def _add_unreadable(self, path: str, reason: str) -> None:
        self._add_problem(Problem(path, 1, 1, f"cannot be read: {reason}"))

    def _add_problem(self, problem: Problem) -> None:
        self._problems.append(problem)
        self.watch(problem.path, problem.traceback or "not analysed")

    def _add_findings(self, found: list[Finding], source: bytes, path: str) -> None:
        selected = [finding for finding in found if finding.rule in self.selection.rules()]
        sure = [finding for finding in selected if self.selection.is_sure(finding)]
        self._checked += 1
        self._doubtful += len(selected) - len(sure)
        self._hidden += sum(
            finding.rule in _WRITES and finding not in selected for finding in found
        )
        self._findings += sure
        if sure:
            self.sources |= texts(source, path)
        for other in {note.path for finding in sure for note in finding.notes} - {path}:
            if self._project and (module := self._project.read(other)):
                self.sources[other] = module.text
        self.watch(path, f"{len(sure)} shown of {len(found)} found")


def _bug(path: str, error: BaseException) -> Problem:
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = "".join(traceback.format_exception_only(error)).strip()
    return Problem(
        path,
        1,
        1,
        f"a datalint bug in {path}: {what} ({Path(last.filename).name}:{last.lineno});"
        " please report it, if you can with the file",
        "".join(traceback.format_exception(error)),
    )


def exit_code(report: Report, *, exit_zero: bool) -> int:
    """2 where something was not analysed, 1 for findings unless they are waived, else 0."""
    if report.problems:
        return 2
    return int(bool(report.findings) and not exit_zero)


def explain_rules(names: tuple[str, ...]) -> str:
    """The pages of rules, each under its name, level and whether it is checked by default."""
    from datalint.rules import ALL

    wanted = _selected(names, (), ())
    return "\n\n".join(
        f"{rule.name} ({rule.level}, {'on by default' if rule.default else 'opt-in'})\n\n"
        f"{rule.page.strip()}\n"
        for rule in ALL
        if rule.name in wanted
    )
