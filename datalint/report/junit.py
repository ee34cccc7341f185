"""The report as JUnit XML, which nearly every CI server shows: each finding is a failed test."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from datalint.report import text
from datalint.report.links import page_url
from datalint.report.outcome import PLAIN
from datalint.report.places import place, plain, problem_place
from datalint.report.screen import visible
from datalint.report.sentences import reason, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.report.outcome import Look, Report
    from datalint.source.text import Text

#: Not the one of `ElementTree`, which names the encoding of the terminal, or one few readers know.
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
    """One suite; where nothing was found it holds a test that passed, as some refuse none."""
    failures, errors = len(report.findings), len(report.problems)
    counts = {"tests": failures + errors or 1, "failures": failures, "errors": errors}
    numbers = {name: str(count) for name, count in counts.items()}
    root = ET.Element("testsuites", {"name": "datalint", **numbers, "time": "0"})
    suite = ET.SubElement(root, "testsuite", {"name": "datalint", **numbers, "time": "0"})
    _add_findings(suite, report, sources)
    _add_problems(suite, report)
    if not len(suite):
        _add_case(suite, "datalint", "no findings")
    ET.indent(root)
    # ASCII: any terminal can show it, and it is UTF-8 as well.
    return f"{_DECLARATION}{ET.tostring(root, 'us-ascii').decode('ascii')}\n"


def _add_findings(suite: ET.Element, report: Report, sources: Mapping[str, Text]) -> None:
    for finding, story in zip(report.findings, text.stories(report, sources), strict=True):
        at, span = place(finding.path, finding.span, sources), finding.span
        name = f"{finding.rule} at {_spot(span.cell, span.row, span.column)}"
        case = _add_case(suite, at.path, name, at.row)
        failure = ET.SubElement(case, "failure", type=finding.rule, message=told(finding))
        failure.text = f"\n{story}\n\n{page_url(finding.rule)}\n"


def _add_problems(suite: ET.Element, report: Report) -> None:
    for problem in report.problems:
        at = problem_place(problem)
        name = f"{problem.rule} at {_spot(problem.cell, problem.row, problem.column)}"
        case = _add_case(suite, plain(problem.path), name, at.row if at else None)
        ET.SubElement(case, "error", type=problem.rule, message=reason(problem))


def _add_case(suite: ET.Element, path: str, name: str, row: int | None = None) -> ET.Element:
    # What `visible` lets through may stand in XML: no control character, no half a surrogate.
    shown = visible(path)
    case = ET.SubElement(suite, "testcase", classname=shown, name=name, time="0")
    if row is not None:
        case.attrib |= {"file": shown, "line": str(row)}
    return case


def _spot(cell: int | None, row: int, column: int) -> str:
    return f"{row}:{column}" if cell is None else f"cell {cell}:{row}:{column}"
