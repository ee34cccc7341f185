"""Many files, one by one: the only place that survives an error in one of them."""

from __future__ import annotations

import gc
import os
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from datalint.finding import NotAnalysed, NotFixed
from datalint.lint import Linter
from datalint.report import Problem, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datalint.finding import Finding
    from datalint.lint import Judged, Linted
    from datalint.pool import Died
    from datalint.source.discover import Listing
    from datalint.source.text import Text

T = TypeVar("T")

#: Told of each path what became of it.
Watch = Callable[[str, str], None]


class Lint(Protocol):
    """What a file comes to: a linter's judgement, or a fixer's, who changes the file first."""

    def lint(self, source: bytes, path: str) -> Linted:
        """Raises `NotAnalysed` or `NotFixed`."""
        ...


@dataclass(slots=True)
class Run:
    """One run: files go in one by one, and what was found so far can be had as a report."""

    linter: Lint
    watch: Watch = lambda path, what: None
    #: Told that one more of the listed files is done, whichever it is.
    progress: Callable[[], None] = lambda: None
    #: By its name in reports, the text of each file, or cell, with a finding that is shown.
    sources: dict[str, Text] = field(default_factory=dict)
    #: How many findings were fixed.
    fixed: int = 0
    #: The files that were judged.
    checked: list[str] = field(default_factory=list)
    _findings: list[Finding] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _hidden: int = 0
    _doubtful: int = 0
    _sifted: Counter[str] = field(default_factory=Counter)

    def check_listing(self, listing: Listing, jobs: int = 1) -> None:
        """Check every file that was listed; a folder that could not be is a problem.

        A linter may do so in several processes. Whoever changes files, at which the check of
        others looks, has but this one.
        """
        for folder, reason in listing.unreadable:
            self._add_problem(_unreadable(folder, reason))
        if jobs > 1 and isinstance(self.linter, Linter):
            self._check_together(self.linter, listing.files, jobs)
        else:
            for path in listing.files:
                self.check_path(path)

    def check_path(self, path: str) -> None:
        """Check a file; one that cannot be read is a problem like any other."""
        source = _read(path)
        if isinstance(source, Problem):
            self._add_problem(source)
        else:
            self.check_source(source, path)
        self.progress()

    def check_source(self, source: bytes, path: str) -> None:
        """Check what a file holds."""
        self._add(path, _survived(path, lambda: self.linter.lint(source, path)))

    def _check_together(self, linter: Linter, paths: Sequence[str], jobs: int) -> None:
        """Sort out here what needs no work, and share the work among processes.

        What comes of it is taken in the order of the paths, as if there were one process.
        """
        from datalint.pool import Died, Pool

        left = deque(paths)
        done: dict[str, Judged | Problem] = {}

        def take(path: str, judged: Judged | Problem | Died) -> None:
            done[path] = _died(path, judged) if isinstance(judged, Died) else judged
            self.progress()
            while left and left[0] in done:
                first = left.popleft()
                self._add_judged(linter, first, done.pop(first))

        with Pool(partial(_judged, linter.apart()), jobs, prepare=_load) as pool:
            for path in paths:
                source = _read(path)
                if isinstance(source, Problem):
                    take(path, source)
                elif (known := linter.at_once(source, path)) is not None:
                    take(path, known)
                else:
                    pool.put(path, source)
                    for answer in pool.answers(all_of_them=False):
                        take(*answer)
            for answer in pool.answers(all_of_them=True):
                take(*answer)
        sources = pool.left()
        for path in left:
            if path in done:
                self._add_judged(linter, path, done[path])
            else:
                self.check_source(sources[path], path)
                self.progress()

    def _add_judged(self, linter: Linter, path: str, judged: Judged | Problem) -> None:
        if isinstance(judged, Problem):
            self._add_problem(judged)
        else:
            self._add(path, _survived(path, lambda: linter.sift(judged, path)))

    def _add(self, path: str, linted: Linted | Problem) -> None:
        if isinstance(linted, Problem):
            self._add_problem(linted)
            return
        self.checked.append(path)
        self._findings += linted.findings
        self._hidden += linted.hidden
        self._doubtful += linted.doubtful
        self._sifted.update(linted.sifted)
        self.fixed += linted.fixed
        self.sources |= linted.sources
        if linted.cut:
            self._problems.append(_refused(path, linted.cut))
        self.watch(path, linted.story)

    def report(self) -> Report:
        """What was found, in the order of every report."""
        return Report(
            findings=tuple(sorted(self._findings, key=lambda finding: finding.order())),
            problems=tuple(sorted(self._problems)),
            checked=len(self.checked),
            hidden=self._hidden,
            doubtful=self._doubtful,
            sifted=self._sifted,
        )

    def _add_problem(self, problem: Problem) -> None:
        self._problems.append(problem)
        self.watch(problem.path, problem.traceback or "not analysed")


def _read(path: str) -> bytes | Problem:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        return _unreadable(path, error.strerror or str(error))


def _judged(linter: Linter, source: bytes, path: str) -> Judged | Problem:
    """What another process has to say of a file."""
    return _survived(path, lambda: linter.judge(source, path))


def _survived(path: str, work: Callable[[], T]) -> T | Problem:
    """What comes of work on a file, or what kept it from being done."""
    try:
        return work()
    except NotAnalysed as error:
        return _refused(path, error)
    except NotFixed as error:
        return Problem(path, 1, 1, str(error), rule="not-fixed")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # whatever it is, the other files are checked
        return _bug(path, error)


def _refused(path: str, error: NotAnalysed) -> Problem:
    return Problem(path, error.row, error.column, error.reason, cell=error.cell)


def collect_rarely() -> None:
    """Look for cycles of garbage less often: syntax trees are millions of objects, and hold none.

    Parsing torch takes two thirds of the time then.
    """
    gc.set_threshold(200_000, 50, 50)


def _load() -> None:
    """Import what every process needs, so that those that are forked have it."""
    from datalint import check  # noqa: F401

    collect_rarely()


def _unreadable(path: str, reason: str) -> Problem:
    return Problem(path, 1, 1, f"cannot be read: {reason}")


def _died(path: str, died: Died) -> Problem:
    how = f"was killed by signal {-died.exitcode}" if died.exitcode < 0 else "ended"
    how += f" with exit code {died.exitcode}" if died.exitcode > 0 else ""
    reason = f"the process that judged it {how}; perhaps it ran out of memory"
    return Problem(path, 1, 1, reason)


def _bug(path: str, error: BaseException) -> Problem:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    what = "".join(traceback.format_exception_only(error)).strip()
    return Problem(
        path,
        1,
        1,
        f"a datalint bug in {path}: {what} ({os.path.basename(last.filename)}:{last.lineno});"
        " please report it, if you can with the file",
        "".join(traceback.format_exception(error)),
    )


def exit_code(report: Report, *, exit_zero: bool) -> int:
    """2 where something was not analysed, 1 for findings unless they are waived, else 0."""
    if report.problems:
        return 2
    return int(bool(report.findings) and not exit_zero)
