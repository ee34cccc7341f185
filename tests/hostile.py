"""Reports full of what a source, a file name or a message may do to a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from datalint.finding import Applicability, Finding, Level
from datalint.report import Problem, Report
from datalint.source.text import Text
from tests.findings import SOURCE, at, finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PIECES = (
    *("::", "::error::", "::stop-commands::x", "##[error]", "##[group]", " ", "%", "%0A", ",", ":"),
    *("]]>", "<b>", "&amp;", "'", '"', "{", "}", "{0}", "[a](1)", "[", "]", "(1)", "|", "`", "\\"),
    *(
        "*",
        "_",
        "#",
        "@",
        "www.a.example",
        "\x1b[31m",
        "\x07",
        "\x85",
        "\u2028",
        "\u202e",
        "\ufffe",
    ),
    *("é", "日", "🔥", "a", "data"),
)
_piece = st.sampled_from(_PIECES) | st.characters(codec="utf-8", exclude_characters="\0\r\n")
_LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def _joined(piece: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[str]:
    return st.lists(piece, min_size=least, max_size=8).map("".join)


comments = _joined(_piece)
messages = _joined(_piece | _LINE_ENDS | st.sampled_from(["\0", "\udcff"]), least=1)
paths = st.builds(
    str.__add__,
    st.sampled_from(["", "./", "../", "/", "src//", "..\\", "C:\\", "-"]),
    _joined(_piece | st.sampled_from(["\n", "\udcff", "/", "/../"]), least=1),
)


@st.composite
def _findings(draw: st.DrawFn) -> Finding:
    return finding(
        at(SOURCE, 5, "y.data"),
        (at(SOURCE, 4, "x.sigmoid()"), draw(messages)),
        (at(SOURCE, 6, "c.zero_()"), draw(messages)),
        level=draw(st.sampled_from(Level)),
        path=draw(paths),
        message=draw(messages),
        help=draw(st.just("") | messages),
        fix=(Applicability.UNSAFE, draw(comments)),
    )


@st.composite
def reports(draw: st.DrawFn) -> tuple[Report, Mapping[str, Text]]:
    """A report and the sources it speaks of."""
    text = SOURCE.replace("y.data", f"y.data  # {draw(comments)}")
    found = draw(st.lists(_findings(), max_size=3, unique_by=lambda f: f.path))
    problems = [Problem(draw(paths), 3, 7, draw(messages)) for _ in range(draw(st.integers(0, 2)))]
    found.sort(key=lambda f: f.order())
    report = Report(tuple(found), tuple(sorted(problems)), checked=len(found))
    return report, {f.path: Text(text) for f in found}


def each_report(test: Callable[..., None]) -> Callable[..., None]:
    """Call a test with many of them, as `made`."""
    return settings(max_examples=50, deadline=None)(given(made=reports())(test))
