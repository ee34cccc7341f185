"""What IPython adds to Python is taken out, and nothing else is moved or changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalint.finding import NotAnalysed
from datalint.source.magics import python
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install 'torch\nx = 1", "pass\nx = 1"),
        ("!!ls\n?\n??f\n?f.g", "pass\npass\npass\npass"),
        (",f a b\n;f a b\n/f a", "pass\npass\npass"),
        ("f?\nf.g[0]??  \nx = f?\n%time?", "pass\npass\npass\npass"),
        ("if x:\n    !ls\n\nelse:\n\t%cd ..", "if x:\n    pass\n\nelse:\n\tpass"),
        ("if x:\n    f?\nelse:\n    g", "if x:\n    pass\nelse:\n    g"),
        ("x = !ls '\ny = 2", "x = None\ny = 2"),
        ("x = %env HOME\ny = 2", "x = None\ny = 2"),
        ("a.b['='] = %sx ls \\\n  -l\ny", "a.b['='] = None\n\ny"),
        ("!ls \\\n  'a \\\n  b\nx", "pass\n\n\nx"),
        ("%run a.py \\\n  --x=1", "pass\n"),
        ("!ls \\", "pass"),
        ("x = 1 \\\n  + 2\n!ls", "x = 1 \\\n  + 2\npass"),
        ("f(a,\n  b  # (\n)\n!ls", "f(a,\n  b  # (\n)\npass"),
        ("# f?\nx = 1  # why?\n!ls", "# f?\nx = 1  # why?\npass"),
    ],
)
def test_lines_that_are_not_python_do_nothing(cell: str, left: str) -> None:
    assert python(cell) == left


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("%time x = f(1)", "pass; x = f(1)"),
        ("  \n%time f(a, \\\n  b)", "  \npass; f(a, \\\n  b)"),
        ("%timeit -n 10 -r3 f(x)", "pass            ; f(x)"),
        ("for x in y:\n    %prun f(x)", "for x in y:\n    pass; f(x)"),
        ("x = %time f(1)", "x =       f(1)"),
        ("%time for x in y: f(x)", "pass"),
        ("%time it's", "pass"),
        ("x = %time it's", "x = None"),
        ("%timer f(x)", "pass"),
    ],
)
def test_a_statement_that_is_timed_stays_where_it_is(cell: str, left: str) -> None:
    assert python(cell) == left


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("%%time\nx = 1", "\nx = 1"),
        ("\n# a title\n%%capture out\n%%timeit -n 1\n!ls\nx", "\n# a title\n\n\npass\nx"),
        ("%%bash\nls | grep 'x", "\n"),
        ("%%time\n%%html\n<b>", "\n\n"),
        ("%%!\nls", "\n"),
        ("%%writefile net.py\nx.data.zero_()\n", "\n\n"),
        ("%%python2\nprint 1", "\n"),
        ("%%time?\nx = 1", "pass\nx = 1"),
        ("x = 1\n%%time\ny", "x = 1\npass\ny"),
    ],
)
def test_the_body_of_a_cell_magic_stays_where_it_is_python(cell: str, left: str) -> None:
    assert python(cell) == left


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "'''\n%matplotlib inline\n!ls\nf?\n'''",
        "x = '''\n%%bash\n'''",
        "x = (a\n%b\n)",
        "x = a \\\n%b",
        "'a \\\n!b'",
        "x = f'{y = !r}'",
        "x != y; x %= y",
        "await f()\nasync with a: pass\nasync for b in c: pass",
        "# %%\n# !ls",
        "f();",
    ],
)
def test_what_is_python_stays_as_it_is(cell: str) -> None:
    assert python(cell) == cell
    assert python(f"{cell}\n!ls '") == f"{cell}\npass"
    assert python(f"!ls '\n{cell}") == f"pass\n{cell}"


def test_all_our_code_stays_as_it_is_beside_a_magic() -> None:
    for path in sorted((ROOT / "datalint").rglob("*.py")):
        text = path.read_text("utf-8")
        assert python(f"!ls '\n{text}") == f"pass\n{text}"


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        ("%time f()\nprint 'x'", (2, 1)),
        ("!ls\nx = (\n", (2, 5)),
        ("if x: !ls", (1, 7)),
        ("f(%time x)", (1, 3)),
        ("pip install torch", (1, 5)),
        ("!ls\nx = '''\n!ls", (2, 5)),
        ("!ls\nx = 'a\nf?", (2, 5)),
    ],
)
def test_what_is_still_no_python_is_refused_where_it_stands(
    cell: str, place: tuple[int, int]
) -> None:
    with pytest.raises(NotAnalysed) as caught:
        python(cell)
    assert (caught.value.row, caught.value.column) == place


@given(
    st.lists(
        st.sampled_from(
            ["%", "!", "?", "time", "f(x)", "=", " ", "\n", "\\\n", "'", '"""', "(", ")", "#", "x"]
        ),
        max_size=20,
    )
)
def test_no_row_is_lost_whatever_is_in_a_cell(pieces: list[str]) -> None:
    cell = "".join(pieces)
    try:
        assert python(cell).count("\n") == cell.count("\n")
    except NotAnalysed as error:
        assert 1 <= error.row <= cell.count("\n") + 1


def test_a_long_cell_is_left_quickly() -> None:
    """No input makes this slower than linear: this would run for hours otherwise."""
    with pytest.raises(NotAnalysed):
        python(
            "%time" + " -n 1" * 50_000 + "\n" + "x = !ls\n" * 20_000 + "\\" * 50_000 + "'(" * 50_000
        )
