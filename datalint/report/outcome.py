"""What one run over many files found: all that a reporter is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.finding import Finding


class Problem(NamedTuple):
    """A file or folder that was not analysed, or not fixed, and why."""

    path: str
    row: int
    column: int
    reason: str
    #: Where the fault is ours: the traceback.
    traceback: str = ""
    #: In a notebook the cell that the row is in, if it is in one.
    cell: int | None = None
    #: What reports have in the place of a rule's name.
    rule: str = "not-analysed"


class Report(NamedTuple):
    """Findings and problems in the order in which they are to be printed, and what is not shown."""

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: How many files were judged.
    checked: int = 0
    #: How many writes only a rule that was not selected reports.
    hidden: int = 0
    #: How many findings of selected rules are below the confidence asked for.
    doubtful: int = 0
    #: How many findings of selected rules are not shown, by where they are: `in the baseline`.
    sifted: Mapping[str, int] = {}
    #: How many findings were fixed; None where nothing was to be.
    fixed: int | None = None


class Look(NamedTuple):
    """How a report for people is to look; formats for programs have but one."""

    color: bool = False
    summary: bool = True


PLAIN = Look()
