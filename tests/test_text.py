"""Bytes to text: the prefilter, the encodings, and what is no Python."""

from __future__ import annotations

import ast
import warnings

import pytest

from datalint.finding import NotAnalysed
from datalint.rules import EVERYTHING
from datalint.source import guard
from datalint.source.code import Code
from datalint.source.text import decode, may_hold, place, split_lines


@pytest.mark.parametrize(
    "source",
    [
        b"x.data",
        b"x. data",
        b"x .data.zero_()",
        b"x.\tdata",
        b"x.\\\n    data",
        b"x.\\\r\n    data",
        b"(x\n .data)",
        b"(x.\n data)",
        b"(x.  # the tensor\n  data)",
        b"(x.  # the tensor\r  # and its\r  data)",
        b"x.\x0cdata",
        b'getattr(x, "data")',
        b"getattr(x, 'data')",
        b'setattr(x, """data""", y)',
        b"f'{x.data}'",
        b"y = x.utils.data",
        b"y = torch_utils.data",
        b"yield from x.data\nimport y",
        b"x.data; import y",
        b"x = torch.utils.data\ny.data",
        b"x.data\xff",  # undecodable, but it may be `x.data`: only decoding can refuse it
        "x.data".encode("utf-16"),
    ],
)
def test_may_hold_data(source: bytes) -> None:
    expected = not source.endswith(b"\xff")
    assert may_hold(source, {".data"}) is expected


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"data = x",
        b"x.dataset",
        b"x.data_ptr()",
        b"x.metadata",
        b"x.data1",
        "x.dataé".encode(),
        b"x. # .dat\nother",
        b"print('the data')",
        b"'data\"",
        b"import torch.utils.data",
        b"loader = torch.utils.data.DataLoader(x)",
        b"from .data import x",
        b"from a.data.b \timport c",
        b"x = {'data': 1}",
    ],
)
def test_holds_no_data(source: bytes) -> None:
    assert not may_hold(source, {".data"})


def test_a_long_file_without_data_is_left_quickly() -> None:
    """No input makes the prefilter slower than linear: this would run for hours otherwise."""
    long = b"." + b" \\\n" * 300_000 + b"# " * 300_000 + b"x"
    assert not may_hold(long, {".data"})
    assert not may_hold(long, EVERYTHING.ways)
    assert may_hold(b".data" * 300_000 + b" import x", {".data"})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"x.detach().numpy()", True),
        (b"x.detach() \\\n .apply_(f)", True),
        (b"getattr(x, 'storage')()", True),
        (b"from numpy import asarray", True),
        (b"np.asarray(x)", True),
        (b"x.data", True),
        (b"import numpy as np", False),
        (b"x.to_numpy()", False),
        (b"storage = 1", False),
        (b"jasarray(x)", False),
        (b"asarrays(x)", False),
    ],
)
def test_what_else_is_looked_for_is_found_as_methods_and_functions_are_written(
    source: bytes, expected: bool
) -> None:
    assert may_hold(source, EVERYTHING.ways) is expected


def test_decoding_keeps_line_ends_and_drops_the_bom() -> None:
    assert decode(b"\xef\xbb\xbfa\r\nb\rc\nd") == "a\r\nb\rc\nd"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("é = 1".encode(), "é = 1"),
        (b"# coding: latin-1\n\xe9 = 1", "# coding: latin-1\né = 1"),
        (b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n'\x80'", "'€'"),
        (b"# coding: latin-1\r\n'\xe9'\r\n", "'é'\r\n"),
        (b"# Jos\xe9, coding: latin-1\n\xe9 = 1", "# José, coding: latin-1\né = 1"),
        (b"#\r# vim: fileencoding=latin-1\r\xe9", "é"),
    ],
)
def test_encodings_are_those_of_pep_263(source: bytes, text: str) -> None:
    assert decode(source).endswith(text)


@pytest.mark.parametrize(
    ("source", "reason", "row", "column"),
    [
        (b"x = 1\ny = '\xe9'\n", "not UTF-8: byte 0xe9", 2, 6),
        (b"x = 1\r\n\r\ny = '\xc3\xa9\xe9'\n", "not UTF-8: byte 0xe9", 3, 7),
        (b"\xef\xbb\xbf\xe9", "not UTF-8: byte 0xe9", 1, 1),
        (b"\xff\xfex\0.\0", "not UTF-8: byte 0xff", 1, 1),
        (b"# coding: ascii\nx = '\xe9'", "not ascii: byte 0xe9", 2, 6),
        (b"#!\n# coding: klingon\n", "unknown encoding: klingon", 2, 1),
        (b"# coding: rot13\n", "cannot be decoded as rot13: 'rot13' is not a text encoding", 1, 1),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem: utf-8", 1, 1),
    ],
)
def test_what_cannot_be_decoded_is_named_with_its_place(
    source: bytes, reason: str, row: int, column: int
) -> None:
    with pytest.raises(NotAnalysed) as caught:
        decode(source)
    error = caught.value
    assert error.reason.startswith(reason)
    assert (error.row, error.column) == (row, column)


def test_lines_are_those_python_counts() -> None:
    assert split_lines("a\x0cb\u2028c\x85d\r\ne\rf\n") == ["a\x0cb\u2028c\x85d", "e", "f", ""]
    tree = ast.parse("a = '\x0c\u2028\x85'\rb\r\nc\n")
    assert [node.lineno for node in tree.body] == [1, 2, 3]


def test_places_count_characters_from_one() -> None:
    assert place("é\r\nab", 4) == (2, 2)
    assert place("", 0) == (1, 1)


def refused(text: str) -> tuple[str, int, int]:
    with pytest.raises(NotAnalysed) as caught:
        guard.parse(text)
    return caught.value.reason, caught.value.row, caught.value.column


def test_a_syntax_error_has_its_place() -> None:
    reason, row, column = refused("x = 1\nprint 'a', x.data\n")
    assert reason.startswith("syntax error: Missing parentheses in call to 'print'")
    assert (row, column) == (2, 1)
    assert refused("é = 1\n'ééé' = é\n")[1:] == (2, 1)
    assert refused("é = 1\n'ééé' + é é\n")[1:] == (2, 11)


def test_a_nul_byte_has_its_place() -> None:
    assert refused("x = 1\ny = '\0'") == ("a NUL byte, so not Python", 2, 6)


def test_a_lone_surrogate_has_its_place() -> None:
    assert refused("x = 1\ny = '\ud800'") == ("a lone surrogate", 2, 6)


def test_warnings_about_other_peoples_code_stay_inside() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        guard.parse("x = '\\d'\ny = 1 is 1\nz = 1if 2else 3\n")


#: Each nests one level a step.
SHAPES = {
    "sum": lambda n: "x = " + " + ".join(["a"] * n),
    "attributes": lambda n: "x = a" + ".b" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "minus": lambda n: "x = " + "-" * n + "a",
    "conditionals": lambda n: "x = " + "a if b else " * n + "c",
    "power": lambda n: "x = " + "**".join(["a"] * n),
    "elif": lambda n: "if a: pass\n" + "elif b: pass\n" * n,
    "and": lambda n: "x = " + " and ".join(["a"] * n),
    "comprehension": lambda n: "x = [a " + "for a in b " * n + "]",
    "dotted import": lambda n: "import a" + ".b" * n,
    "dotted from": lambda n: "from a" + ".b" * n + " import c",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_nesting_is_let_through(shape: str) -> None:
    guard.parse(SHAPES[shape](190))


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["sum", "attributes", "elif"])
def test_what_python_cannot_nest_is_refused(shape: str) -> None:
    reason, row, _ = refused("\n\n" + SHAPES[shape](200_000))
    assert reason.startswith("nested too deeply")
    assert row >= 3


def test_the_statement_that_is_nested_too_deeply_is_named() -> None:
    text = "a = [[b]]\nif a:\n    'é'; x = " + "-" * 300 + "a\nb = a.c.d"
    error = Code(text).too_deep()
    assert (error.reason, error.row, error.column) == ("nested too deeply", 3, 10)


def test_the_longest_statement_is_named_where_python_itself_gives_up() -> None:
    text = "a = 1\nif a:\n    b = a" + ".f()" * 100_000 + "\n# end\nc = 3\n"
    reason, row, column = refused(text)
    assert "the longest statement begins here" in reason
    assert (row, column) == (3, 5)


def test_a_statement_that_never_ends_may_be_the_deep_one() -> None:
    assert refused("a = 1\nb = (" + "**".join("c" * 20_000))[1:] == (2, 1)
