"""Edits into bytes: exactly those of the edit change, whatever the file is made of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalint.finding import Edit, Span
from datalint.source.cell_text import cell_texts
from datalint.source.edit import NotEdited, edited
from datalint.source.text import Rows, place

#: What a line may be of: letters that JSON escapes, that take two units in UTF-16, that end no row.
PIECES = ["x", " ", "\t", "\f", '"', "\\", "é", "\u2028", "\U0001f600", "\u0085", "#"]
LINES = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.tuples(LINES, ENDS), max_size=5))
    return "".join(f"{line}{end}" for line, end in lines) + draw(LINES)


@st.composite
def changes(draw: st.DrawFn, text: str) -> tuple[int, int, str]:
    """From where to where something is replaced, and by what; no `\\r\\n` is cut in two."""
    places = [i for i in range(len(text) + 1) if text[i - 1 : i + 1] != "\r\n" or i == 0]
    first, last = sorted((draw(st.sampled_from(places)), draw(st.sampled_from(places))))
    return first, last, draw(st.sampled_from(["", "detach()", 'é"\\', "with a:\n\tb"]))


def edit_of(text: str, change: tuple[int, int, str], cell: int | None = None) -> Edit:
    first, last, content = change
    return Edit(Span(*place(text, first), *place(text, last), cell), content)


def newline_at(text: str, index: int) -> str:
    return Rows(text).newline(place(text, index)[0])


def meant(text: str, change: tuple[int, int, str]) -> str:
    first, last, content = change
    return text[:first] + content.replace("\n", newline_at(text, first)) + text[last:]


@given(st.data(), texts(), st.sampled_from(["", "\ufeff"]))
def test_the_rest_of_a_file_stays(data: st.DataObject, text: str, bom: str) -> None:
    text = text.lstrip("\f")  # a form feed before a BOM's text is no concern of anybody's
    change = data.draw(changes(text))
    source = (bom + text).encode()
    assert edited(source, "a.py", [edit_of(text, change)]) == (bom + meant(text, change)).encode()


def test_a_line_end_in_an_edit_is_the_one_used_there() -> None:
    edit = Edit(Span(2, 1, 2, 1), "a\nb\n")
    assert edited(b"1\r\n2\r\n3\n", "a.py", [edit]) == b"1\r\na\r\nb\r\n2\r\n3\n"
    assert edited(b"1\r\n2", "a.py", [edit]) == b"1\r\na\r\nb\r\n2"
    assert edited(b"", "a.py", [Edit(Span(1, 1, 1, 1), "a\n")]) == b"a\n"


def test_other_encodings_stay_what_they_are() -> None:
    source = "# coding: latin-1\né = x.data\n".encode("latin-1")
    edit = Edit(Span(2, 7, 2, 11), "detach()")
    assert edited(source, "a.py", [edit]) == source.replace(b"data", b"detach()")


def test_what_the_encoding_cannot_write_is_refused() -> None:
    with pytest.raises(NotEdited, match="its encoding cannot write '→'"):
        edited(b"# coding: latin-1\nx\n", "a.py", [Edit(Span(2, 1, 2, 1), "→")])


def test_bytes_that_would_change_by_themselves_are_refused() -> None:
    source = b"# coding: utf-7\nx = '+AGE-'\n"  # a long way to write `a`
    with pytest.raises(NotEdited, match="writes the same text in other bytes"):
        edited(source, "a.py", [Edit(Span(2, 1, 2, 2), "y")])


def notebook(sources: list[Any], **style: Any) -> bytes:
    cells = [
        {"cell_type": "code", "metadata": {"cells": ["x"]}, "source": source, "outputs": ["source"]}
        for source in sources
    ]
    return json.dumps({"cells": cells, "metadata": {"name": "é"}, "nbformat": 4}, **style).encode()


STYLES = st.fixed_dictionaries(
    {"indent": st.sampled_from([None, 1, "\t"]), "ensure_ascii": st.booleans()}
)


def split(text: str, listed: bool) -> str | list[str]:
    """As notebooks have it: one string, or one a line."""
    return text.splitlines(keepends=True) if listed else text


@given(st.data(), st.lists(st.tuples(texts(), st.booleans()), min_size=1, max_size=3), STYLES)
def test_only_the_touched_strings_of_a_notebook_change(
    data: st.DataObject, cells: list[tuple[str, bool]], style: dict[str, Any]
) -> None:
    number = data.draw(st.integers(0, len(cells) - 1))
    text, listed = cells[number]
    change = data.draw(changes(text)) if text else (0, 0, "")
    source = notebook([split(*cell) for cell in cells], **style)
    after = edited(source, "a.ipynb", [edit_of(text, change, number + 1)] if text else [])
    was, now = json.loads(source), json.loads(after)
    told = now["cells"][number]["source"]
    assert "".join(told) == meant(text, change)
    assert isinstance(told, list) is listed
    now["cells"][number]["source"] = was["cells"][number]["source"]
    assert now == was
    begin, end = stretch(source.decode(), number)
    assert after.startswith(source.decode()[:begin].encode())
    assert after.endswith(source.decode()[end:].encode())


def stretch(file: str, number: int) -> tuple[int, int]:
    """From where to where the strings of a cell go, counted from 0."""
    pieces = cell_texts(file)[number + 1].pieces
    return (pieces[0].start - 1, pieces[-1].end + 1) if pieces else (0, 0)


def test_strings_that_are_not_touched_stay_as_they_were_written() -> None:
    odd = r'{"cells": [{"cell_type": "code", "source": ["\u0061\/\n" , "y.data", "\u0062"]}]}'
    edit = Edit(Span(2, 3, 2, 7, 1), "detach()")
    after = edited(odd.encode(), "a.ipynb", [edit]).decode()
    assert after == odd.replace("data", "detach()")


def test_an_inserted_line_is_a_string_of_its_own_and_a_line_taken_out_is_none() -> None:
    source = notebook([["a\n", "b\n", "c"]], indent=1)
    after = edited(source, "a.ipynb", [Edit(Span(2, 1, 2, 1, 1), "with x:\n    ")])
    assert after == source.replace(b'"b\\n"', b'"with x:\\n",\n    "    b\\n"')
    for row, left in ((1, [b"b", b"c"]), (2, [b"a", b"c"])):
        out = edited(source, "a.ipynb", [Edit(Span(row, 1, row + 1, 1, 1), "")])
        assert out == notebook([[left[0].decode() + "\n", left[1].decode()]], indent=1)
    both = [Edit(Span(1, 1, 2, 1, 1), ""), Edit(Span(2, 1, 3, 1, 1), "")]
    assert edited(source, "a.ipynb", both) == notebook([["c"]], indent=1)


def test_the_rows_of_a_cell_are_known_in_the_file() -> None:
    source = notebook([["a\n", "b"], "c\nd", []], indent=1).decode()
    lines = source.split("\n")
    rows = Rows(source)
    first, second, third = (cell_texts(source)[n].rows(rows) for n in (1, 2, 3))
    assert [lines[row - 1].strip(" ,") for row in first] == ['"a\\n"', '"b"']
    assert [lines[row - 1].strip() for row in second] == ['"source": "c\\nd",'] * 2
    assert third == ()
    third_format = json.dumps(
        {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a\n", "b"]}]}]}, indent=1
    )
    assert cell_texts(third_format)[1].text == "a\nb"
