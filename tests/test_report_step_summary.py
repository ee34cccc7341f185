"""The table below the log of a step on GitHub, as a Markdown parser reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from markdown_it import MarkdownIt

from datalint.finding import Level, place_name
from datalint.report import Problem, Report, step_summary
from datalint.report.screen import visible
from datalint.report.step_summary import render
from tests.findings import SOURCE, at, finding, story
from tests.hostile import each_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from datalint.source.text import Text

GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable(["table", "strikethrough"])


def table(markdown: str) -> list[list[str]]:
    """The rows of the one table, each cell as a reader sees it; nothing else may be markup."""
    rows: list[list[str]] = []
    for token in GITHUB.parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level > 1:
            children = token.children or []
            assert {child.type for child in children} <= {
                "text",
                "text_special",
                "link_open",
                "link_close",
            }
            rows[-1].append("".join(child.content for child in children))
    return rows[1:]


def test_a_row_a_finding() -> None:
    note = finding(at(SOURCE, 6, "c"), level=Level.NOTE, rule="data-write", path="a|b.py")
    report = Report(
        (story(), note), (Problem("c.ipynb", 3, 7, "syntax <error>", cell=2),), checked=2
    )
    assert render(report) == snapshot("""\

### datalint

2 files checked, 1 not analysed&#58; 2 findings

| level | rule | where | what |
| --- | --- | --- | --- |
| error | [write-after-save](https://github.com/torch-datalint/datalint/blob/main/datalint/rules/write_after_save.py) | src/train.py&#58;5&#58;5 | &#96;y&#96; is overwritten through &#96;.data&#96; after &#96;sigmoid&#96; saved it |
| note | [data-write](https://github.com/torch-datalint/datalint/blob/main/datalint/rules/data_write.py) | a&#124;b.py&#58;6&#58;1 | &#96;y&#96; is overwritten through &#96;.data&#96; after &#96;sigmoid&#96; saved it |
| error | not-analysed | c.ipynb&#58;cell 2&#58;3&#58;7 | syntax &#60;error&#62; |
""")
    assert [row[:3] for row in table(render(report))] == [
        ["error", "write-after-save", "src/train.py:5:5"],
        ["note", "data-write", "a|b.py:6:1"],
        ["error", "not-analysed", "c.ipynb:cell 2:3:7"],
    ]


def test_without_findings_there_is_no_table() -> None:
    assert render(Report(checked=3)) == snapshot("""\

### datalint

3 files checked&#58; 0 findings
""")


def test_what_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert step_summary.LIMIT < 2**20, "what GitHub takes"
    monkeypatch.setattr(step_summary, "LIMIT", 5000)
    found = tuple(finding(at(SOURCE, 5, "y.data"), path=f"{'日' * 50}{n}.py") for n in range(99))
    shown = render(Report(found))
    assert 4600 < len(shown.encode()) < 5300
    rows = table(shown)
    assert [row[2] for row in rows] == [f"{'日' * 50}{n}.py:5:5" for n in range(len(rows))]
    assert shown.endswith(
        f"\n\n{99 - len(rows)} more did not fit in here; the log of the step has them all.\n"
    )


@each_report
def test_whatever_is_in_it_is_read_as_it_is_written(
    made: tuple[Report, Mapping[str, Text]],
) -> None:
    report, _ = made
    if report.findings or report.problems:
        assert [row[2:] for row in table(render(report))] == [
            [_read(f"{place_name(path, None)}:{row}:{column}"), _read(message)]
            for path, row, column, message in (
                *((f.path, f.span.row, f.span.column, f.message) for f in report.findings),
                *((p.path, p.row, p.column, p.reason) for p in report.problems),
            )
        ]


def _read(text: str) -> str:
    """Blanks at the ends of a cell are not its own."""
    return visible(text).strip()
