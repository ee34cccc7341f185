"""Many files, one by one: the only place that survives an error in one of them."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from datalint.finding import NotAnalysed
from datalint.report import Problem, Report
from datalint.source.edit import NotEdited
from datalint.write import NotWritten

if TYPE_CHECKING:
    from datalint.finding import Finding
    from datalint.lint import Linted
    from datalint.source.discover import Listing
    from datalint.source.text import Text

#: Told of each path what became of it.
Watch = Callable[[str, str], None]


class Lint(Protocol):
    """What a file comes to: a linter's judgement, or a fixer's, who changes the file first."""

    def lint(self, source: bytes, path: str) -> Linted:
        """Raises `NotAnalysed`, `NotEdited` or `NotWritten`."""
        ...


@dataclass(slots=True)
class Run:
    """One run: files go in one by one, and what was found so far can be had as a report."""

    linter: Lint
    watch: Watch = lambda path, what: None
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
        try:
            linted = self.linter.lint(source, path)
        except NotAnalysed as error:
            self._add_problem(Problem(path, error.row, error.column, error.reason, cell=error.cell))
        except (NotEdited, NotWritten) as error:
            self._add_problem(Problem(path, 1, 1, str(error), rule="not-fixed"))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic in libcst's Rust is no Exception
            self._add_problem(_bug(path, error))
        else:
            self.checked.append(path)
            self._findings += linted.findings
            self._hidden += linted.hidden
            self._doubtful += linted.doubtful
            self._sifted.update(linted.sifted)
            self.fixed += linted.fixed
            self.sources |= linted.sources
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

    def _add_unreadable(self, path: str, reason: str) -> None:
        self._add_problem(Problem(path, 1, 1, f"cannot be read: {reason}"))

    def _add_problem(self, problem: Problem) -> None:
        self._problems.append(problem)
        self.watch(problem.path, problem.traceback or "not analysed")


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
