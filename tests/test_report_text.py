"""The report a person sees, as snapshots of the screen."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from datalint.finding import Finding, Level, Note, Span
from datalint.report import Look, Problem, Report
from datalint.report.screen import visible
from datalint.report.text import render
from datalint.source.text import Text
from tests.findings import SOURCE, at, finding, story


def screen(text: str, *findings: Finding, color: bool = False) -> str:
    report = Report(findings, checked=1)
    return render(report, {"src/train.py": Text(text)}, Look(color=color, summary=False))


def test_a_story_is_drawn_under_the_lines_it_is_about() -> None:
    assert render(Report((story(),), checked=1), {"src/train.py": Text(SOURCE)}) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:5:5
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

1 file checked: 1 finding
""")


def test_what_is_in_other_cells_and_files_is_drawn_below() -> None:
    found = finding(
        at(SOURCE, 5, "y.data")._replace(cell=12),
        (at(SOURCE, 9, "y.sum()")._replace(cell=3), "used here"),
        (at(SOURCE, 6, "c.zero_()")._replace(cell=12), "written here"),
        (at(SOURCE, 4, "x.sigmoid()")._replace(cell=3), "saved here"),
        path="a.ipynb",
    )
    other = Note("called here", "b.py", at("# 1\n" * 9 + "f(x)", 10, "f(x)"))
    found = found._replace(notes=(*found.notes, other))
    sources = {
        "a.ipynb:cell 3": Text(SOURCE),
        "a.ipynb:cell 12": Text(SOURCE),
        "b.py": Text("#\n" * 9 + "f(x)"),
    }
    report = Report((found,), (Problem("a.ipynb", 1, 2, "no Python", cell=2),), checked=1)
    assert render(report, sources) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
  --> a.ipynb:cell 12:5:5
   |
 5 | c = y.data
   |     ^^^^^^
 6 | c.zero_()
   | --------- written here
   |
  ::: a.ipynb:cell 3:9:1
   |
 4 | y = x.sigmoid()
   |     ----------- saved here
...
 9 | y.sum().backward()
   | ------- used here
   |
  ::: b.py:10:1
   |
10 | f(x)
   | ---- called here
   |
   = help: write `y.detach()`, which raises, or move the write

error[not-analysed]: no Python
 --> a.ipynb:cell 2:1:2

1 file checked, 1 not analysed: 1 finding
""")


def test_notes_on_one_line_hang_side_by_side() -> None:
    text = "y = x.exp(); y.data.zero_(); y.sum().backward()\n"
    assert screen(
        text,
        finding(
            at(text, 1, "y.data"),
            (at(text, 1, "x.exp()"), "saved here by `exp`"),
            (at(text, 1, "y.data.zero_()"), "written here"),
            (at(text, 1, "y.sum().backward()"), "backward here"),
        ),
    ) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:1:14
  |
1 | y = x.exp(); y.data.zero_(); y.sum().backward()
  |     -------  ^^^^^^--------  ------------------ backward here
  |     |        |
  |     |        written here
  |     saved here by `exp`
  |
  = help: write `y.detach()`, which raises, or move the write
""")


def test_notes_that_begin_together_hang_in_the_order_of_the_story() -> None:
    text = "for h in hs: h.data.mul_(h.exp())\n"
    assert screen(
        text,
        finding(
            at(text, 1, "h.data"),
            (at(text, 1, "h.exp()"), "saved here by `exp`"),
            (at(text, 1, "h.data.mul_(h.exp())"), "written here, in a later turn"),
            (at(text, 1, "h", 2), "the tensor"),
        ),
    ) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:1:14
  |
1 | for h in hs: h.data.mul_(h.exp())
  |          -   ^^^^^^--------------
  |          |   |           |
  |          |   |           saved here by `exp`
  |          |   written here, in a later turn
  |          the tensor
  |
  = help: write `y.detach()`, which raises, or move the write
""")


def test_a_note_on_the_expression_itself() -> None:
    text = "f(y.data)\n"
    assert screen(text, finding(at(text, 1, "y.data"), (at(text, 1, "y.data"), "read"))) == (
        snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:1:3
  |
1 | f(y.data)
  |   ^^^^^^ read
  |
  = help: write `y.detach()`, which raises, or move the write
""")
    )


def test_a_line_between_two_marked_ones_is_shown_and_more_are_left_out() -> None:
    text = "a = x.exp()\nb = 1\na.data.zero_()\n\n\n\na.sum().backward()\n" + "#\n" * 100
    text += "f(a)\n"
    assert screen(
        text,
        finding(
            at(text, 3, "a.data"),
            (at(text, 1, "x.exp()"), "saved"),
            (at(text, 7, "a.sum().backward()"), "backward"),
            (at(text, 108, "f(a)"), "used"),
        ),
    ) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
   --> src/train.py:3:1
    |
  1 | a = x.exp()
    |     ------- saved
  2 | b = 1
  3 | a.data.zero_()
    | ^^^^^^
...
  7 | a.sum().backward()
    | ------------------ backward
...
108 | f(a)
    | ---- used
    |
    = help: write `y.detach()`, which raises, or move the write
""")


def test_a_stretch_of_several_lines_shows_its_first_and_last() -> None:
    text = "z = (\n    torch\n    .exp(\n        x,\n    )\n).data\nz.mul_(\n    2\n)\n"
    assert screen(
        text,
        finding(
            Span(1, 5, 6, 7),
            (Span(2, 5, 5, 6), "saved here by `exp`"),
            (Span(7, 1, 9, 2), "written here"),
        ),
    ) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:1:5
  |
1 | z = (
  |     ^
2 |     torch
  |     -----
...
5 |     )
  |     - saved here by `exp`
6 | ).data
  | ^^^^^^
7 | z.mul_(
  | -------
8 |     2
9 | )
  | - written here
  |
  = help: write `y.detach()`, which raises, or move the write
""")


def test_marks_stand_under_their_text_whatever_is_before_it() -> None:
    text = '\tif "日本語", "é", "e\u0301": y.data.zero_()  # 字\n'
    assert screen(
        text, finding(at(text, 1, "y.data"), (at(text, 1, "y.data.zero_()"), "日本 written"))
    ) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:1:23
  |
1 |     if "日本語", "é", "é": y.data.zero_()  # 字
  |                            ^^^^^^-------- 日本 written
  |
  = help: write `y.detach()`, which raises, or move the write
""")


def test_nothing_in_a_source_can_act_on_the_terminal() -> None:
    text = 's = "\x1b[31m\x07\u202e\x9b\u200b"; y.data.zero_()\x0c\n'
    bad = finding(
        at(text, 1, "y.data"),
        (at(text, 1, "s"), "\x1b[2J"),
        message="about `\x1b[1m`\n",
        help="\rhidden",
    )
    assert screen(text, bad) == snapshot("""\
error[write-after-save]: about `\\x1b[1m`\\n
 --> src/train.py:1:18
  |
1 | s = "\\x1b[31m\\x07\\u202e\\x9b\\u200b"; y.data.zero_()\\x0c
  | -                                   ^^^^^^
  | |
  | \\x1b[2J
  |
  = help: \\rhidden
""")
    problem = Problem("a\n\x1b[2J\udcff.py", 1, 1, "syntax error: \x9b")
    assert render(Report(problems=(problem,)), {}) == snapshot("""\
error[not-analysed]: syntax error: \\x9b
 --> a\\n\\x1b[2J\\udcff.py:1:1

0 files checked, 1 not analysed: 0 findings
""")


def test_a_long_line_is_shown_around_its_marks() -> None:
    text = "x = [" + "0, " * 3_000 + "y.data.zero_()" + ", 0" * 3_000 + "]; y.backward()\n"
    assert screen(
        text,
        finding(
            at(text, 1, "y.data"),
            (at(text, 1, "y.data.zero_()"), "written here"),
            (at(text, 1, "y.backward()"), "backward here"),
        ),
    ) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:1:9006
  |
1 | ... 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, y.data.zero_(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,...
  |                                            ^^^^^^--------                                                                                                             - backward here
  |                                            |
  |                                            written here
  |
  = help: write `y.detach()`, which raises, or move the write
""")


def test_a_mark_at_the_end_of_a_line_without_an_end() -> None:
    text = "y.data"
    assert screen(text, finding(Span(1, 7, 1, 7), help="")) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> src/train.py:1:7
  |
1 | y.data
  |       ^
""")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_change_nothing(end: str) -> None:
    assert screen(SOURCE.replace("\n", end), story()) == screen(SOURCE, story())


def test_color_is_put_around_the_same_text() -> None:
    colored = screen(
        "y.data.zero_()", finding(Span(1, 1, 1, 7), (Span(1, 1, 1, 15), "w")), color=True
    )
    assert colored == snapshot("""\
\x1b[1;31merror[write-after-save]\x1b[0m\x1b[1m: `y` is overwritten through `.data` after `sigmoid` saved it\x1b[0m
 \x1b[1;34m-->\x1b[0m src/train.py:1:1
\x1b[1;34m  |\x1b[0m
\x1b[1;34m1 |\x1b[0m y.data.zero_()
\x1b[1;34m  |\x1b[0m \x1b[1;31m^^^^^^\x1b[0m\x1b[1;34m--------\x1b[0m \x1b[1;34mw\x1b[0m
\x1b[1;34m  |\x1b[0m
  \x1b[1;34m=\x1b[0m help: write `y.detach()`, which raises, or move the write
""")


def test_every_level_has_its_own_color() -> None:
    def color(level: Level) -> str:
        return screen("y.data", finding(Span(1, 1, 1, 7), level=level), color=True)[:8]

    assert [color(level) for level in Level] == snapshot(
        ["\x1b[1;31me", "\x1b[1;33mw", "\x1b[1;36mn"]
    )


def test_several_findings_then_what_was_not_analysed_then_the_summary() -> None:
    report = Report(
        (story("a.py"), finding(at(SOURCE, 5, "y.data"), path="b.py", rule="r", level=Level.NOTE)),
        (
            Problem("c.py", 3, 7, "syntax error: invalid syntax"),
            Problem("d", 1, 1, "cannot be read"),
        ),
        checked=12,
        hidden=2,
        doubtful=1,
    )
    assert render(report, {"a.py": Text(SOURCE), "b.py": Text(SOURCE)}) == snapshot("""\
error[write-after-save]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> a.py:5:5
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

note[r]: `y` is overwritten through `.data` after `sigmoid` saved it
 --> b.py:5:5
  |
5 | c = y.data
  |     ^^^^^^
  |
  = help: write `y.detach()`, which raises, or move the write

error[not-analysed]: syntax error: invalid syntax
 --> c.py:3:7

error[not-analysed]: cannot be read
 --> d:1:1

12 files checked, 2 not analysed: 2 findings; 1 of medium confidence: --min-confidence medium; 2 writes through .data not shown to be harmful: --select all
""")


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (Report(), "0 files checked: 0 findings\n"),
        (Report(checked=1), "1 file checked: 0 findings\n"),
        (
            Report(checked=1, hidden=1),
            "1 file checked: 0 findings; 1 write through .data not shown to be harmful:"
            " --select all\n",
        ),
        (
            Report(checked=2, hidden=2, doubtful=3),
            "2 files checked: 0 findings; 3 of medium confidence: --min-confidence medium;"
            " 2 writes through .data not shown to be harmful: --select all\n",
        ),
    ],
)
def test_the_summary_says_what_is_not_shown(report: Report, line: str) -> None:
    assert render(report, {}) == line


def test_without_a_summary_nothing_is_said_of_nothing() -> None:
    assert render(Report(checked=1), {}, Look(summary=False)) == ""


def test_visible_leaves_readable_text_alone() -> None:
    assert visible("é日本 ñ 🔥 'x'\t") == "é日本 ñ 🔥 'x'\\t"
