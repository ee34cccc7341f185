"""Notebooks: what of them is read, where what is found stands, and which are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datalint.check import check_source
from datalint.finding import Edit, NotAnalysed, Span
from datalint.report import Report
from datalint.report.json import render
from datalint.rules import EVERYTHING
from datalint.source.notebook import Cell, cells, is_notebook, read, texts
from datalint.source.text import Text, may_hold
from tests.notebooks import code, markdown, notebook

STORY = notebook(
    markdown("Gradients"),
    "%matplotlib inline\nimport torch\n\nx = torch.ones(3, requires_grad=True)\ny = x.sigmoid()",
    "%%time\nc = y.data\nc.zero_()",
    "y.sum().backward()",
)


def refusal(source: bytes) -> tuple[str, int, int, int | None]:
    with pytest.raises(NotAnalysed) as caught:
        read(source, EVERYTHING.ways)
    error = caught.value
    return error.reason, error.row, error.column, error.cell


def test_names_flow_from_cell_to_cell_and_each_place_is_in_its_own() -> None:
    (finding,) = check_source(STORY, "a.ipynb")
    assert finding.rule == "write-after-save"
    assert finding.span == Span(2, 5, 2, 11, cell=3)
    assert [(note.span, note.message) for note in finding.notes] == [
        (Span(5, 5, 5, 16, cell=2), "`sigmoid` saves its result here"),
        (Span(3, 1, 3, 10, cell=3), "written here"),
        (Span(1, 1, 1, 19, cell=4), "backward here"),
    ]
    assert finding.fix is not None
    assert finding.fix.edits == (Edit(Span(2, 7, 2, 11, cell=3), "detach()"),)


def test_the_same_json_is_no_notebook_under_another_name() -> None:
    assert check_source(STORY, "a.py") == []
    assert is_notebook("a/B.IPYNB")
    assert not is_notebook("ipynb")


def test_cells_are_checked_in_order_and_once() -> None:
    late = notebook("y.data.zero_()\ny.sum().backward()", "y = x.sigmoid()")
    assert [f.rule for f in check_source(late, "a.ipynb")] != ["write-after-save"]
    twice = notebook(*["def f(x):\n    x.data.zero_()\n"] * 2)
    found = sorted(check_source(twice, "a.ipynb"), key=lambda finding: finding.order())
    assert [f.span for f in found] == [Span(2, 5, 2, 11, cell=1), Span(2, 5, 2, 11, cell=2)]


def test_findings_are_in_the_order_of_cells() -> None:
    source = notebook("\n\n\ndef f(x):\n    x.data.zero_()", "def g(x): x.data.zero_()")
    found = sorted(check_source(source, "a.ipynb"), key=lambda finding: finding.order())
    assert [(f.span.cell, f.span.row) for f in found] == [(1, 5), (2, 1)]
    rows = json.loads(render(Report(tuple(found)), texts(source, "a.ipynb")))
    assert [(entry["cell"], entry["location"]["row"]) for entry in rows] == [(1, 5), (2, 1)]


def fingerprints(source: bytes) -> list[str]:
    found = sorted(check_source(source, "a.ipynb"), key=lambda finding: finding.order())
    report = render(Report(tuple(found)), texts(source, "a.ipynb"))
    return [entry["fingerprint"] for entry in json.loads(report)]


def test_fingerprints_survive_other_cells_and_differ_where_findings_do() -> None:
    write = "!ls 'x\ndef f(x):\n    x.data.zero_()"
    once, twice = fingerprints(notebook(write)), fingerprints(notebook("1", write, write))
    assert once == twice[:1]
    assert len(set(twice)) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "\n", "\r", "\f", "#", ";"])
def test_a_cell_may_end_in_any_way(end: str, last: str) -> None:
    first = f"# a{end}'\u2028\x85'{end}x{last}"
    source = notebook(first, f"{end}def f(x):{end}    x.data.zero_()")
    (finding,) = check_source(source, "a.ipynb")
    assert finding.span == Span(3, 5, 3, 11, cell=2)


def test_no_cell_declares_an_encoding() -> None:
    (finding,) = check_source(
        notebook("# coding: klingon\ndef é(x): 'é'; x.data.zero_()"), "a.ipynb"
    )
    assert finding.span == Span(2, 16, 2, 22, cell=1)


def test_await_is_fine_outside_a_function() -> None:
    source = notebook("x = await f()", "async with a: pass", "def f(x): x.data.zero_()")
    assert [f.span.cell for f in check_source(source, "a.ipynb")] == [3]


def test_source_is_one_string_or_many() -> None:
    one = notebook({"cell_type": "code", "source": "a\nb"})
    many = notebook({"cell_type": "code", "source": ["a", "\n", "", "b"]})
    assert cells(one) == cells(many) == [Cell(1, "a\nb")]


def test_format_3_has_worksheets() -> None:
    sheets = [
        {"cells": [{"cell_type": "heading", "source": "x"}, _old("a"), _old("b", "ruby")]},
        {"cells": [_old("c")]},
    ]
    source = json.dumps({"worksheets": sheets, "metadata": {"name": ""}, "nbformat": 3}).encode()
    assert cells(source) == [Cell(2, "a"), Cell(4, "c")]


def _old(text: str, language: str = "python") -> dict[str, Any]:
    return {"cell_type": "code", "input": [text], "language": language}


def test_only_python_is_read() -> None:
    julia = code("x.data", metadata={"vscode": {"languageId": "julia"}})
    raw = {"cell_type": "raw", "source": "x.data = = 1"}
    assert cells(notebook(markdown("x.data"), raw, julia, "x")) == [Cell(4, "x")]
    assert read(notebook(markdown("x.data"), raw, julia, "x = = 1"), EVERYTHING.ways) is None


@pytest.mark.parametrize(
    ("metadata", "read"),
    [
        ({}, True),
        ({"language_info": {"name": "python", "version": "2.7"}}, True),
        ({"language_info": {"name": "Python"}}, True),
        ({"language_info": {"name": "julia"}}, False),
        ({"kernelspec": {"language": "R"}}, False),
        ({"kernelspec": {"language": "R"}, "language_info": {"name": "python"}}, True),
        ({"kernelspec": {"name": "python3"}}, True),
        ({"language_info": ["julia"], "kernelspec": "ir"}, True),
        (["julia"], True),
        (None, True),
    ],
)
def test_the_kernels_language_decides(metadata: Any, read: bool) -> None:
    assert bool(cells(notebook("x", metadata=metadata))) is read
    assert (
        bool(check_source(notebook("def f(x): x.data.zero_()", metadata=metadata), "a.ipynb"))
        is read
    )


def test_texts_are_what_their_user_sees() -> None:
    assert texts(STORY, "a.ipynb")["a.ipynb:cell 3"].text == "%%time\nc = y.data\nc.zero_()"
    assert list(texts(STORY, "a.ipynb")) == [f"a.ipynb:cell {n}" for n in (2, 3, 4)]
    assert texts(b"x", "a.py") == {"a.py": Text("x")}


@pytest.mark.parametrize(
    "text",
    ["x.data", 'getattr(x, "data")', "getattr(x, 'data')", "(x.  # why\n  data)", "x.\\\n\tdata"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_the_bytes_of_a_notebook_may_hold_data(text: str, indent: int | None) -> None:
    for cell in (code(text), {"cell_type": "code", "source": text}):
        source = json.dumps({"cells": [cell]}, indent=indent).encode()
        assert may_hold(source, EVERYTHING.ways) and may_hold(
            b"\xef\xbb\xbf\n" + source, EVERYTHING.ways
        )
        assert read(source, EVERYTHING.ways) is not None
    assert not may_hold(notebook("import torch\nx.dataset"), {".data"})


def test_a_notebook_without_data_is_not_parsed() -> None:
    output = {"data": {"text/plain": "x.data"}, "output_type": "display_data"}
    cell = code("print 'x'", outputs=[output])
    assert check_source(notebook(cell), "a.ipynb") == []


@pytest.mark.parametrize(
    ("cell", "reason", "row", "column"),
    [
        ("x = 1\nprint 'x'", "syntax error: Missing parentheses", 2, 1),
        ("x = (", "syntax error: '(' was never closed", 1, 5),
        ("if x:", "syntax error: expected an indented block", 1, 6),
        ("x = 1 \\", "syntax error: unexpected EOF", 1, 8),
        ("x = '''", "syntax error: unterminated triple-quoted string", 1, 5),
        ("  x = 1", "syntax error: unexpected indent", 1, 2),
        ("x\n'\0'", "a NUL byte", 2, 2),
        ("é = '\ud800'", "a lone surrogate", 1, 6),
    ],
)
def test_a_cell_that_is_no_python_is_named(cell: str, reason: str, row: int, column: int) -> None:
    said, *place = refusal(notebook("x.data", markdown("x"), cell, "y)\n"))
    assert said.startswith(reason)
    assert place == [row, column, 3]


def test_a_cell_that_is_nested_too_deeply_is_named() -> None:
    deep = "x\ny = " + "-" * 4_000 + "1"
    with pytest.raises(NotAnalysed, match="nested too deeply") as caught:
        check_source(notebook("x.data", markdown("x"), deep, "z"), "a.ipynb")
    assert (caught.value.row, caught.value.column, caught.value.cell) == (2, 1, 3)


@pytest.mark.parametrize(
    ("source", "reason", "row", "column"),
    [
        (b"", "not JSON: Expecting value", 1, 1),
        (b"x.data", "not JSON: Expecting value", 1, 1),
        (b'{\r\n "cells": [,]}', "not JSON: Expecting value", 2, 12),
        (b'{"cells": []', "not JSON: Expecting ',' delimiter", 1, 13),
        (b'{"cells": []}}', "not JSON: Extra data", 1, 14),
        (b'{"cells": ["\t"]}', "not JSON: Invalid control character at", 1, 13),
        (b'{"a":' * 3_000 + b"1" + b"}" * 3_000, "JSON that is nested too deeply", 1, 1),
        (b"[" * 100_000, "JSON that is nested too deeply", 1, 1),
        (b'{"a": "\xff"}', "not UTF-8: byte 0xff", 1, 8),
        ('{"a": ""}'.encode("utf-16"), "not UTF-8: byte 0xff", 1, 1),
    ],
)
def test_what_is_no_json_is_refused_where_it_stands(
    source: bytes, reason: str, row: int, column: int
) -> None:
    assert refusal(source) == (reason, row, column, None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "its JSON is no object"),
        (None, "its JSON is no object"),
        ({}, "it has no cells"),
        ({"worksheets": {}}, "it has no cells"),
        ({"worksheets": [1]}, "it has no cells"),
        ({"worksheets": [{}]}, "its cells are no list"),
        ({"cells": {}}, "its cells are no list"),
        ({"cells": [1]}, "not all of its cells have a type"),
        ({"cells": [{}]}, "not all of its cells have a type"),
        ({"cells": [{"cell_type": []}]}, "not all of its cells have a type"),
    ],
)
def test_what_is_no_notebook_is_refused(content: Any, reason: str) -> None:
    assert refusal(json.dumps(content).encode()) == (f"not a notebook: {reason}", 1, 1, None)


@pytest.mark.parametrize("source", [None, 1, {}, ["x", 1], [["x"]]])
def test_a_code_cell_without_source_is_named(source: Any) -> None:
    bad = notebook("x.data", {"cell_type": "code", "source": source})
    assert refusal(bad) == ("not a notebook: a code cell without source", 1, 1, 2)
    assert refusal(notebook({"cell_type": "code"}))[3] == 1


def test_odd_json_is_read_all_the_same() -> None:
    odd = b'\xef\xbb\xbf{"n": %s, "x": NaN, "cells": [{"cell_type": "code", "source": "x"}]}'
    assert cells(odd % (b"1" * 5_000)) == [Cell(1, "x")]
