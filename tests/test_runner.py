"""What the runner shows, counts, and survives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalint import check
from datalint.finding import Confidence, Finding, NotAnalysed
from datalint.lint import Linter
from datalint.report import Problem, Report
from datalint.rules import ALL
from datalint.runner import Run, exit_code
from datalint.selection import BadSelection, Selection
from datalint.source.discover import Listing
from datalint.source.text import Text
from tests.conftest import clean_environment
from tests.findings import SOURCE, at, finding

if TYPE_CHECKING:
    from datalint.flow.project import Project
    from datalint.source.text import Sought

DEFAULT = {"write-after-save", "untracked-write", "unchecked-write", "unused-suppression"}
EVERY = {rule.name for rule in ALL}


@pytest.mark.parametrize(
    ("selection", "rules"),
    [
        (Selection(), DEFAULT),
        (Selection(select=("all",)), EVERY),
        (Selection(select=("data-read",)), {"data-read"}),
        (Selection(extend_select=("data-read",)), DEFAULT | {"data-read"}),
        (Selection(ignore=("untracked-write",)), DEFAULT - {"untracked-write"}),
        (Selection(select=("all",), ignore=("data-read",)), EVERY - {"data-read"}),
        (Selection(("data-read",), ("data-write",)), {"data-read", "data-write"}),
        (Selection(extend_select=("all",), ignore=("data-write",)), EVERY - {"data-write"}),
    ],
)
def test_rules_are_selected(selection: Selection, rules: set[str]) -> None:
    assert selection.rules() == rules


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"select": ("data-raed",)}, "no rule is named 'data-raed'; did you mean 'data-read'?"),
        (
            {"ignore": ("E501",)},
            "no rule is named 'E501'; the names are write-after-save, untracked-write,"
            " unchecked-write, data-write, data-assignment, write-without-effect, data-read,"
            " blind-write, unused-suppression, all",
        ),
        ({"extend_select": ("All",)}, "no rule is named 'All'; did you mean 'all'?"),
        (
            {"select": ("data-read",), "ignore": ("all",)},
            "no rule is left to check: all that are selected are ignored",
        ),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused_at_once(
    given: dict[str, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(BadSelection) as caught:
        Selection(**given)
    assert str(caught.value) == message


def found(rule: str, confidence: Confidence = Confidence.HIGH, path: str = "a.py") -> Finding:
    return finding(at(SOURCE, 5, "y.data"), rule=rule, confidence=confidence, path=path)


def run(
    monkeypatch: pytest.MonkeyPatch, selection: Selection, *findings: Finding
) -> tuple[Report, dict[str, Text]]:
    monkeypatch.setattr(check, "check_source", lambda *given: list(findings))
    one = Run(Linter(selection))
    one.check_source(SOURCE.encode(), "a.py")
    return one.report(), one.sources


def test_what_an_opt_in_rule_reports_is_counted_where_it_is_a_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    findings = [found("data-write"), found("data-assignment"), found("data-read")]
    report, sources = run(monkeypatch, Selection(), *findings)
    assert (report, sources) == (Report(checked=1, hidden=2), {})
    report, sources = run(monkeypatch, Selection(select=("data-write",)), *findings)
    assert report == Report((findings[0],), checked=1, hidden=1)
    assert sources == {"a.py": Text(SOURCE)}
    report, _ = run(monkeypatch, Selection(select=("all",)), *findings)
    assert (len(report.findings), report.hidden) == (3, 0)


def test_what_is_not_sure_enough_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    medium, high = found("write-after-save", Confidence.MEDIUM), found("untracked-write")
    assert run(monkeypatch, Selection(), medium, high)[0].findings == (high, medium)
    report, _ = run(monkeypatch, Selection(min_confidence=Confidence.HIGH), medium, high)
    assert report == Report((high,), checked=1, doubtful=1)


def test_findings_are_sorted_by_place_then_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [
        finding(at(SOURCE, 6, "c"), path="a.py", rule="untracked-write"),
        finding(at(SOURCE, 5, "y"), path="b.py"),
        finding(at(SOURCE, 5, "y"), path="a.py"),
        finding(at(SOURCE, 5, "y"), path="a.py", rule="untracked-write"),
    ]
    report, _ = run(monkeypatch, Selection(), *places)
    assert report.findings == (places[3], places[2], places[0], places[1])


def test_one_bad_file_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_source(source: bytes, path: str, project: Project, sought: Sought) -> list[Finding]:
        match Path(path).name:
            case "refused.py":
                raise NotAnalysed("no Python", 3, 4)
            case "broken.py":
                raise IndexError("list index out of range")
            case "deep.py":
                return check_source(source, path, project, sought)
        return [found("write-after-save", path=path)]

    monkeypatch.setattr(check, "check_source", check_source)
    files = [str(tmp_path / name) for name in ("broken.py", "deep.py", "fine.py", "refused.py")]
    for name in files:
        Path(name).write_text(SOURCE)
    watched: list[tuple[str, str]] = []
    one = Run(Linter(Selection()), watch=lambda *what: watched.append(what))
    broken, deep, fine, refused = files
    one.check_listing(Listing([*files, str(tmp_path / "gone.py")], [("locked", "no entry")]))
    report = one.report()

    assert [finding.path for finding in report.findings] == [fine]
    assert report.checked == 1
    problems = {problem.path: problem for problem in report.problems}
    assert list(problems) == sorted(problems)
    assert problems[refused] == Problem(refused, 3, 4, "no Python")
    assert problems["locked"].reason == "cannot be read: no entry"
    gone = str(tmp_path / "gone.py")
    assert problems[gone].reason == "cannot be read: No such file or directory"
    assert problems[broken].reason.startswith(
        f"a datalint bug in {broken}: IndexError: list index out of range (test_runner.py:"
    )
    assert problems[broken].reason.endswith("please report it, if you can with the file")
    assert "in check_source\n" in problems[broken].traceback
    assert "RecursionError" in problems[deep].reason
    assert len(watched) == 6
    assert (fine, "1 shown of 1 found") in watched


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_is_meant_to_stop_the_run_does(
    stop: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_source(source: bytes, path: str, project: Project, sought: Sought) -> list[Finding]:
        raise stop

    monkeypatch.setattr(check, "check_source", check_source)
    with pytest.raises(stop):
        Run(Linter(Selection())).check_source(b"x.data", "a.py")


def test_a_panic_in_rust_is_a_bug_report(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As pyo3 raises it."""

    def check_source(source: bytes, path: str, project: Project, sought: Sought) -> list[Finding]:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(check, "check_source", check_source)
    one = Run(Linter(Selection()))
    one.check_source(b"x.data", "a.py")
    assert "index out of bounds" in one.report().problems[0].reason


@pytest.mark.parametrize(
    ("report", "exit_zero", "code"),
    [
        (Report(), False, 0),
        (Report(hidden=3, doubtful=1), False, 0),
        (Report((found("write-after-save"),)), False, 1),
        (Report((found("write-after-save"),)), True, 0),
        (Report(problems=(Problem("a", 1, 1, ""),)), False, 2),
        (Report((found("write-after-save"),), (Problem("a", 1, 1, ""),)), True, 2),
    ],
)
def test_exit_codes(report: Report, exit_zero: bool, code: int) -> None:
    assert exit_code(report, exit_zero=exit_zero) == code


def test_files_without_data_need_no_analysis(tmp_path: Path) -> None:
    """It takes longer to import than most runs take in all."""
    (tmp_path / "a.py").write_text("import torch\nsyntax error\n")
    program = (
        "import sys; from datalint.cli.main import _run;"
        f"assert _run(['--version']) == _run([{str(tmp_path)!r}]) == 0;"
        "assert not {'datalint.flow.interpret', 'torch'} & sys.modules.keys(), 'imported'"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"1 file checked: 0 findings" in done.stdout


def test_one_file_without_data_needs_next_to_nothing(tmp_path: Path) -> None:
    """An editor or a hook that checks a file at a time waits for what is imported."""
    (tmp_path / "a.py").write_text("import torch\n")
    late = "datalint.cache datalint.pool datalint.fix datalint.baseline datalint.source.notebook"
    late += " datalint.config.keys difflib hashlib json multiprocessing pathspec tempfile tomllib"
    program = (
        "import sys; from datalint.cli.main import _run;"
        f"assert _run([{str(tmp_path / 'a.py')!r}]) == 0;"
        f"print(*(name for name in {late.split()} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        check=True,
    )
    assert done.stdout == "1 file checked: 0 findings\n\n"
