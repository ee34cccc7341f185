"""The report for GitLab's Code Quality widget."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from jsonschema import Draft202012Validator

from datalint.finding import Level
from datalint.report import Problem, Report
from datalint.report.gitlab import render
from datalint.source.text import Text
from tests.findings import SOURCE, at, finding, story
from tests.hostile import each_report

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = {"type": "string", "minLength": 1}
_ROW = {"type": "integer", "minimum": 1}
#: What GitLab's documentation asks of a report: all of these, and no severity but these.
VALIDATOR = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": _TEXT,
                "check_name": _TEXT,
                "fingerprint": _TEXT,
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {**_TEXT, "not": {"pattern": r"^\./"}},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": _ROW, "end": _ROW},
                        },
                    },
                },
            },
        },
    }
)


def test_findings_and_problems_have_what_the_widget_shows() -> None:
    warning = finding(at(SOURCE, 6, "c"), level=Level.WARNING, path="./src//b.py", help="")
    note = finding(at(SOURCE, 6, "c"), level=Level.NOTE, path="src/c.py")
    report = Report((story(), warning, note), (Problem("d.py", 3, 7, "syntax error"),))
    shown = json.loads(render(report, {f.path: Text(SOURCE) for f in report.findings}))
    assert shown[0] == snapshot(
        {
            "description": "`y` is overwritten through `.data` after `sigmoid` saved it. Write `y.detach()`, which raises, or move the write.",
            "check_name": "write-after-save",
            "fingerprint": "c732ee2daf925062",
            "severity": "critical",
            "location": {"path": "src/train.py", "lines": {"begin": 5, "end": 5}},
        }
    )
    assert [(e["severity"], e["location"]["path"], e["description"]) for e in shown[1:]] == (
        snapshot(
            [
                (
                    "minor",
                    "src/b.py",
                    "`y` is overwritten through `.data` after `sigmoid` saved it.",
                ),
                (
                    "info",
                    "src/c.py",
                    "`y` is overwritten through `.data` after `sigmoid` saved it. Write `y.detach()`, which raises, or move the write.",
                ),
                ("major", "d.py", "Syntax error."),
            ]
        )
    )


def test_two_that_look_alike_have_fingerprints_of_their_own() -> None:
    text = "x.data.zero_()\nx.data.zero_()\n"
    twins = tuple(finding(at(text, row, "x.data"), path="a.py") for row in (1, 2))
    first, second = json.loads(render(Report(twins), {"a.py": Text(text)}))
    assert first["fingerprint"] != second["fingerprint"]


def test_nothing_is_an_empty_array() -> None:
    assert render(Report(checked=3), {}) == "[]\n"


@each_report
def test_whatever_is_in_it_the_report_has_its_shape(
    made: tuple[Report, Mapping[str, Text]],
) -> None:
    shown = json.loads(render(*made))
    VALIDATOR.validate(shown)
    json.dumps(shown, ensure_ascii=False).encode()  # no half surrogate, which Ruby refuses
    assert len(shown) == len(made[0].findings) + len(made[0].problems)
    prints = [entry["fingerprint"] for entry in shown[: len(made[0].findings)]]
    assert len(set(prints)) == len(prints)
