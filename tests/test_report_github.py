"""The report for GitHub Actions, as its runner reads a log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

from datalint.finding import Level
from datalint.report import Look, Problem, Report, text
from datalint.report.github import render
from datalint.report.places import plain
from datalint.report.screen import visible
from datalint.report.sentences import reason, told
from datalint.source.text import Text
from tests.findings import SOURCE, at, finding, story
from tests.hostile import each_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Command:
    """What the runner takes a line for."""

    name: str
    properties: Mapping[str, str]
    value: str


def runner(log: str) -> Iterator[Command]:
    """The commands in a log, but for those that stop the runner from looking, and those after."""
    awaited = None
    for line in re.split(r"\r\n|\r|\n", log):
        command = _command(line)
        if command is None or (awaited is not None and command.name != awaited):
            continue
        if command.name == "stop-commands":
            awaited = command.value
        elif command.name == awaited:
            awaited = None
        else:
            yield command
    assert awaited is None


def _command(line: str) -> Command | None:
    """Both of its forms: `::name a=b,c=d::value` at the start, `##[name a=b;]value` anywhere."""
    if found := re.match(r"\s*::(.*?)::(.*)", line):
        between, escapes = ",", {"%3A": ":", "%2C": ",", "%0D": "\r", "%0A": "\n", "%25": "%"}
    elif found := re.search(r"##\[(.*?)\](.*)", line):
        between, escapes = ";", {"%3B": ";", "%5D": "]", "%0D": "\r", "%0A": "\n"}
    else:
        return None
    name, _, rest = found[1].partition(" ")
    pairs = (pair.partition("=") for pair in rest.split(between) if "=" in pair)
    properties = {key: _unescaped(value, escapes) for key, _, value in pairs}
    data = {sign: meant for sign, meant in escapes.items() if meant not in (":", ",")}
    return Command(name, properties, _unescaped(found[2], data))


def _unescaped(value: str, escapes: Mapping[str, str]) -> str:
    for escape, meant in escapes.items():
        value = value.replace(escape, meant)
    return value


def test_annotations_then_the_report_for_people() -> None:
    note = finding(at(SOURCE, 6, "c"), level=Level.NOTE, rule="data-write", path="./b.py", help="")
    report = Report((story(), note), (Problem("c.py", 3, 7, "syntax error"),), checked=2)
    sources = {f.path: Text(SOURCE) for f in report.findings}
    shown = render(report, sources)
    commands, people = shown.split("::stop-commands::")
    assert commands == snapshot("""\
::error file=src/train.py,line=5,endLine=5,col=5,endColumn=11,title=datalint (write-after-save)::`y` is overwritten through `.data` after `sigmoid` saved it. Write `y.detach()`, which raises, or move the write.
::notice file=b.py,line=6,endLine=6,col=1,endColumn=2,title=datalint (data-write)::`y` is overwritten through `.data` after `sigmoid` saved it.
::error file=c.py,line=3,endLine=3,col=7,endColumn=7,title=datalint (not-analysed)::Syntax error.
""")
    token, people = people.split("\n", 1)
    assert people == f"{text.render(report, sources)}::{token}::\n"


def test_a_warning_is_one_and_columns_of_several_rows_are_left_out() -> None:
    """The runner drops an annotation's columns with a complaint where its rows differ."""
    span = at(SOURCE, 5, "y.data")._replace(end_row=6)
    report = Report((finding(span, level=Level.WARNING),))
    (command,) = runner(render(report, {"src/train.py": Text(SOURCE)}))
    assert command.name == "warning"
    assert {"line": "5", "endLine": "6"}.items() <= command.properties.items()
    assert not {"col", "endColumn"} & set(command.properties)


def test_nothing_is_said_of_nothing_where_no_summary_is_wanted() -> None:
    assert render(Report(checked=1), {}, Look(summary=False)) == ""
    assert "1 file checked: 0 findings\n" in render(Report(checked=1), {})


def test_a_source_that_knows_how_the_report_is_guarded_cannot_open_it() -> None:
    """A word that is always the same could be written there; a hash of the text cannot."""
    sources = {"src/train.py": Text(SOURCE)}
    shown = render(Report((story(),)), sources)
    (word,) = re.findall(r"^::stop-commands::(.*)$", shown, re.M)
    guessed = SOURCE.replace("y.data", f"y.data  ##[{word}]").replace("c.z", "c.z##[error]", 1)
    again = render(Report((story(),)), {"src/train.py": Text(guessed)})
    assert f"##[{word}]" in again and "##[error]" in again
    assert len(list(runner(again))) == 1


@each_report
def test_the_runner_sees_the_annotations_and_nothing_else(
    made: tuple[Report, Mapping[str, Text]],
) -> None:
    report, sources = made
    seen = [
        (command.properties["file"], command.properties["title"], command.value)
        for command in runner(render(report, sources))
    ]
    assert seen == [
        *((visible(plain(f.path)), f"datalint ({f.rule})", told(f)) for f in report.findings),
        *((visible(plain(p.path)), f"datalint ({p.rule})", reason(p)) for p in report.problems),
    ]
