"""The report in SARIF 2.1.0, for code scanning and for viewers."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datalint import __version__
from datalint.finding import Level
from datalint.report.links import HOME, page_url
from datalint.report.outcome import PLAIN
from datalint.report.places import place, plain, problem_place
from datalint.report.sentences import reason, sentence, step, told
from datalint.source.fingerprint import fingerprints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.finding import Finding, Fix
    from datalint.report.outcome import Look, Problem, Report
    from datalint.report.places import Place
    from datalint.rules.rule import Rule
    from datalint.source.text import Text

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
#: What an error says was shown, and a note says no more than what stands there; a warning rests on
#: one thing that was assumed.
_PRECISION = {Level.ERROR: "high", Level.WARNING: "medium", Level.NOTE: "high"}
_SEVERITY = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "recommendation"}

_Object = dict[str, Any]


def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
    """One run: its results, the rules that they are of, and what was not analysed."""
    rules = _rules(report)
    keys = fingerprints(report.findings, sources)
    run = {
        "tool": {"driver": _driver(rules)},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "Where datalint was started."}}},
        "results": [
            {
                **_result(finding, sources),
                "ruleIndex": list(rules).index(finding.rule),
                "partialFingerprints": {"datalint/v1": key},
            }
            for finding, key in zip(report.findings, keys, strict=True)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rules(report: Report) -> dict[str, Rule]:
    """By name the rules that something is a finding of, in the order of the documentation."""
    named = {finding.rule for finding in report.findings}
    if not named:
        return {}
    from datalint.rules import ALL  # a run without findings can do without

    return {rule.name: rule for rule in ALL if rule.name in named}


def _driver(rules: Mapping[str, Rule]) -> _Object:
    return {
        "name": "datalint",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": HOME,
        "rules": [_rule(rule) for rule in rules.values()],
    }


def _rule(rule: Rule) -> _Object:
    page = rule.page.strip()
    what_it_does = page.partition("\n## What it does\n")[2].partition("\n## ")[0]
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": " ".join(what_it_does.split())},
        "help": {"text": page, "markdown": page},
        "helpUri": page_url(rule.name),
        "defaultConfiguration": {"enabled": rule.default, "level": rule.level},
        "properties": {
            "precision": _PRECISION[rule.level],
            "problem.severity": _SEVERITY[rule.level],
        },
    }


def _invocation(report: Report) -> _Object:
    return {
        "executionSuccessful": not report.problems,
        "toolExecutionNotifications": [_notification(problem) for problem in report.problems],
    }


def _notification(problem: Problem) -> _Object:
    at = problem_place(problem)
    artifact: _Object = {"artifactLocation": _artifact(plain(problem.path))}
    return {
        "descriptor": {"id": problem.rule},
        "level": "error",
        "message": _message(reason(problem)),
        "locations": [_physical(at) if at else {"physicalLocation": artifact}],
    }


def _result(finding: Finding, sources: Mapping[str, Text]) -> _Object:
    result = {
        "ruleId": finding.rule,
        "level": finding.level,
        "message": _message(told(finding)),
        "locations": [_physical(place(finding.path, finding.span, sources))],
        "properties": {"confidence": finding.confidence},
    }
    if finding.notes:
        steps = [
            {**_physical(place(note.path, note.span, sources)), "message": _message(step(note))}
            for note in finding.notes
        ]
        flow = {"locations": [{"location": location} for location in steps]}
        result |= {"relatedLocations": steps, "codeFlows": [{"threadFlows": [flow]}]}
    # A cell's text is written otherwise in the JSON of its notebook.
    if finding.fix and finding.span.cell is None:
        result["fixes"] = [_fix(finding.fix, finding.path)]
    return result


def _fix(fix: Fix, path: str) -> _Object:
    replacements = [
        {
            "deletedRegion": _region(place(path, edit.span, {})),
            "insertedContent": {"text": edit.content},
        }
        for edit in fix.edits
    ]
    return {
        "description": _message(sentence(f"{fix.message} ({fix.applicability})")),
        "artifactChanges": [
            {"artifactLocation": _artifact(plain(path)), "replacements": replacements}
        ],
    }


def _message(text: str) -> dict[str, str]:
    """As it is to be read: no placeholder, `{0}`, and no link, `[text](1)`."""
    braced = text.replace("{", "{{").replace("}", "}}")
    return {"text": re.sub(r"(\\*)\[(?=[^]]*\]\()", r"\1\1\\[", braced)}


def _physical(at: Place) -> _Object:
    return {"physicalLocation": {"artifactLocation": _artifact(at.path), "region": _region(at)}}


def _region(at: Place) -> dict[str, int]:
    if at.columns is None:
        return {"startLine": at.row, "endLine": at.end_row}
    return {
        "startLine": at.row,
        "startColumn": at.columns[0],
        "endLine": at.end_row,
        "endColumn": at.columns[1],
    }


def _artifact(path: str) -> dict[str, str]:
    """Where a file is: from where datalint was started, unless its user named it from the top."""
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path, errors=sys.getfilesystemencodeerrors()), "uriBaseId": _ROOT}
