"""Excerpts of any source with any marks: they can be drawn, and stand where they should."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from datalint.finding import Span
from datalint.report.excerpt import Gutter, Mark, excerpt
from datalint.report.screen import cells
from datalint.source.text import split_lines

_CHARS = st.sampled_from('ab .\t"é日\u0301\x1b\u202e\x0c🔥')
_LINES = st.lists(st.text(_CHARS, max_size=30) | st.just("x" * 500), min_size=1, max_size=8)


@st.composite
def spans(draw: st.DrawFn, lines: list[str]) -> Span:
    def place() -> tuple[int, int]:
        row = draw(st.integers(1, len(lines)))
        return row, draw(st.integers(1, len(lines[row - 1]) + 1))

    return Span(*(number for pair in sorted([place(), place()]) for number in pair))


@given(st.data(), _LINES)
def test_any_marks_can_be_drawn(data: st.DataObject, lines: list[str]) -> None:
    found = data.draw(st.lists(spans(lines), min_size=1, max_size=6))
    marks = [Mark(span, f"label {n}", "-", "") for n, span in enumerate(found)]
    drawn = list(excerpt(lines, marks, Gutter(2, "")))
    assert all(line.isprintable() for line in drawn)
    for mark in marks:
        assert sum(line.endswith(mark.label) or mark.label + " " in line for line in drawn) == 1
    numbers = [int(line[:2]) for line in drawn if line[:2].strip().isdigit()]
    assert numbers == sorted(set(numbers))
    assert {mark.span.row for mark in marks} | {mark.span.end_row for mark in marks} <= {*numbers}


@given(st.text(_CHARS, min_size=1, max_size=30), st.data())
def test_a_mark_is_as_wide_as_what_it_marks(line: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(line) - 1))
    end = data.draw(st.integers(begin + 1, len(line)))
    mark = Mark(Span(1, begin + 1, 1, end + 1), "", "^", "")
    source, under = excerpt([line], [mark], Gutter(1, ""))
    before, marked = _width(cells(line[:begin])[0]), _width(cells(line[begin:end])[0])
    assert under == "  | " + " " * before + "^" * max(marked, 1)
    assert source.removeprefix("1 |").lstrip(" ") == cells(line)[0].lstrip(" ")


def _width(shown: str) -> int:
    """What a terminal makes of printable text: two cells for the wide, none for what combines."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) == "W")
        for char in shown
    )


@given(st.text(st.sampled_from("a\r\n\x0c\u2028\x85\x1c")))
def test_lines_are_split_where_python_splits_them(text: str) -> None:
    """A comment runs to the end of its line, so each line's comment compiles alone."""
    for line in split_lines(text):
        compile(f"#{line}", "<line>", "exec")
        assert "\n" not in line and "\r" not in line
    assert len(split_lines(text)) == 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
