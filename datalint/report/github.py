"""The report for GitHub Actions: annotations, then the report for people.

GitHub shows ten annotations of each level and step, so that these alone may not be all.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from datalint.finding import Level
from datalint.report import text
from datalint.report.outcome import PLAIN
from datalint.report.places import place, plain, problem_place
from datalint.report.screen import visible
from datalint.report.sentences import reason, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.report.outcome import Look, Report
    from datalint.report.places import Place
    from datalint.source.text import Text

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
    """Workflow commands, one a line, and the text report, in which the runner sees none."""
    lines = []
    for finding in report.findings:
        at = place(finding.path, finding.span, sources)
        level = _COMMANDS[finding.level]
        lines.append(_command(level, finding.rule, finding.path, at, told(finding)))
    for problem in report.problems:
        at_problem, what = problem_place(problem), reason(problem)
        lines.append(_command("error", problem.rule, problem.path, at_problem, what))
    shown = text.render(report, sources, look)
    return "".join(f"{line}\n" for line in lines) + (_inert(shown) if shown else "")


def _command(level: str, rule: str, path: str, at: Place | None, message: str) -> str:
    properties: dict[str, str | int] = {"file": plain(path)}
    if at:
        properties |= {"line": at.row, "endLine": at.end_row}
        if at.columns and at.row == at.end_row:  # the runner refuses columns of several rows
            properties |= {"col": at.columns[0], "endColumn": at.columns[1]}
    properties["title"] = f"datalint ({rule})"
    named = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {named}::{_data(message)}"


def _data(value: str) -> str:
    """What the runner turns back into `value`."""
    shown = visible(value)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _inert(shown: str) -> str:
    """Lines among which the runner looks for no commands, whatever source they show.

    It begins to look again at a word that no source can hold: the hash of what is shown.
    """
    word = hashlib.sha256(shown.encode("utf-8", "backslashreplace")).hexdigest()
    return f"::stop-commands::{word}\n{shown}::{word}::\n"
