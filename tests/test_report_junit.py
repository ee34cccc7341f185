"""The report as JUnit XML, as `junitparser` and the standard library read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from junitparser import Error, Failure, JUnitXml, TestSuite

from datalint.finding import Level
from datalint.report import Problem, Report
from datalint.report.junit import render
from datalint.report.places import plain
from datalint.report.screen import visible
from datalint.report.sentences import reason, told
from datalint.source.text import Text
from tests.findings import SOURCE, at, finding, story
from tests.hostile import each_report

if TYPE_CHECKING:
    from collections.abc import Mapping


def suite(text: str) -> TestSuite:
    """The one suite, whose counts are checked, as are those of the whole."""
    read = JUnitXml.fromstring(text.encode())
    (only,) = read
    told_of = [(each.tests, each.failures, each.errors) for each in (read, only)]
    only.update_statistics()
    assert told_of == [(only.tests, only.failures, only.errors)] * 2
    return only


def test_a_finding_is_a_failure_and_a_problem_an_error() -> None:
    note = finding(at(SOURCE, 6, "c"), level=Level.NOTE, rule="data-write", path="./b.py", help="")
    report = Report((story(), note), (Problem("c.py", 3, 7, "syntax error: '<\x1b'"),))
    assert render(report, {f.path: Text(SOURCE) for f in report.findings}) == snapshot("""\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="datalint" tests="3" failures="2" errors="1" time="0">
  <testsuite name="datalint" tests="3" failures="2" errors="1" time="0">
    <testcase classname="src/train.py" name="write-after-save at 5:5" time="0" file="src/train.py" line="5">
      <failure type="write-after-save" message="`y` is overwritten through `.data` after `sigmoid` saved it. Write `y.detach()`, which raises, or move the write.">
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --&gt; src/train.py:5:5
  |
4 | y = x.sigmoid()
  |     ----------- saved here by `sigmoid`
5 | c = y.data
  |     ^^^^^^
6 | c.zero_()
  | --------- written here
...
9 | y.sum().backward()
  | ------------------ backward here
  |
  = help: write `y.detach()`, which raises, or move the write

https://github.com/torch-datalint/datalint/blob/main/datalint/rules/write_after_save.py
</failure>
    </testcase>
    <testcase classname="b.py" name="data-write at 6:1" time="0" file="b.py" line="6">
      <failure type="data-write" message="`y` is overwritten through `.data` after `sigmoid` saved it.">
note[data-write]: `y` is overwritten through `.data` after `sigmoid` saved it
 --&gt; ./b.py:6:1
  |
6 | c.zero_()
  | ^

https://github.com/torch-datalint/datalint/blob/main/datalint/rules/data_write.py
</failure>
    </testcase>
    <testcase classname="c.py" name="not-analysed at 3:7" time="0" file="c.py" line="3">
      <error type="not-analysed" message="Syntax error: '&lt;\\x1b'." />
    </testcase>
  </testsuite>
</testsuites>
""")


def test_where_nothing_was_found_a_test_passes() -> None:
    assert render(Report(checked=3), {}) == snapshot("""\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="datalint" tests="1" failures="0" errors="0" time="0">
  <testsuite name="datalint" tests="1" failures="0" errors="0" time="0">
    <testcase classname="datalint" name="no findings" time="0" />
  </testsuite>
</testsuites>
""")
    (case,) = suite(render(Report(checked=3), {}))
    assert case.is_passed


def test_letters_that_a_terminal_lacks_are_not_lost() -> None:
    text = render(Report((story("größe.py"),)), {"größe.py": Text(SOURCE)})
    assert text.isascii()
    (case,) = suite(text)
    assert case.classname == "größe.py"


@each_report
def test_whatever_is_in_it_the_report_is_read_as_it_was_meant(
    made: tuple[Report, Mapping[str, Text]],
) -> None:
    report, sources = made
    text = render(report, sources)
    cases = list(suite(text))
    results = [result for case in cases for result in case.result]
    assert [(type(result), result.message) for result in results] == [
        *((Failure, told(found)) for found in report.findings),
        *((Error, reason(problem)) for problem in report.problems),
    ]
    for found, result in zip(report.findings, results, strict=False):
        assert visible(found.message) in result.text
    if results:
        told_of = [*report.findings, *report.problems]
        assert [case.classname for case in cases] == [visible(plain(o.path)) for o in told_of]
