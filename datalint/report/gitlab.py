"""The report for GitLab: what its Code Quality widget reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from datalint.finding import Level
from datalint.report.outcome import PLAIN
from datalint.report.places import place, plain, problem_place
from datalint.report.screen import visible
from datalint.report.sentences import reason, told
from datalint.source.fingerprint import fingerprint, fingerprints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.report.outcome import Look, Report
    from datalint.source.text import Text

_SEVERITIES = {Level.ERROR: "critical", Level.WARNING: "minor", Level.NOTE: "info"}
#: Of a problem: nothing is known to be wrong, but nobody has looked.
_UNKNOWN = "major"


def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
    """Findings, then problems; of a place the widget takes the rows only."""
    entries = []
    keys = fingerprints(report.findings, sources)
    for finding, key in zip(report.findings, keys, strict=True):
        at = place(finding.path, finding.span, sources)
        severity = _SEVERITIES[finding.level]
        entries.append(
            _entry(told(finding), finding.rule, key, severity, at.path, at.row, at.end_row)
        )
    for problem in report.problems:
        spot = problem_place(problem)
        row = spot.row if spot else 1
        key = fingerprint(problem.path, problem.rule, problem.reason)
        entries.append(
            _entry(reason(problem), problem.rule, key, _UNKNOWN, plain(problem.path), row, row)
        )
    return json.dumps(entries, indent=2) + "\n"


def _entry(
    description: str, rule: str, key: str, severity: str, path: str, row: int, end_row: int
) -> dict[str, Any]:
    return {
        "description": description,
        "check_name": rule,
        "fingerprint": key,
        "severity": severity,
        # Half a surrogate could keep the whole report from being read.
        "location": {"path": visible(path), "lines": {"begin": row, "end": end_row}},
    }
