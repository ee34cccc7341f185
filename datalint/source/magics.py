"""What IPython understands and Python does not: how it is taken out of a cell, row for row.

The rows and columns of all that is left stay what they were. The rules are those of IPython's own
`inputtransformer2`; commands without a `%` or `!` before them (automagic) depend on what is
installed and are not known.
"""

from __future__ import annotations

import re

from datalint.finding import NotAnalysed
from datalint.source.guard import parse

#: Cell magics with a body that is Python. That of others is another language, or a file.
_PYTHON_CELLS = {
    "capture", "debug", "ipytest", "memit", "prun", "pypy", "python", "python3", "scalene",
    "snakeviz", "time", "timeit", "wandb",
}  # fmt: skip
_CELL_MAGIC = re.compile(r"%%(\w+|!)(?!\w|\?)")

#: The rest of a line and of those that a backslash joins to it.
_REST = r"(?:\\\n|[^\n])*"
_ESCAPED = re.compile(rf"([ \t]*)[%!?,;/]{_REST}")
_VALUE = re.compile(_REST)
#: `%time f(x)`: what stands before a statement that is Python.
_TIMED = re.compile(r"[ \t]*%(?:time|timeit|prun)(?:[ \t]+-[a-zA-Z]+(?:[ \t]*\d+)?)*[ \t]+(?=\S)")

#: What has to be told apart to see where a statement ends; the rest is taken in long pieces.
_PIECE = re.compile(
    r"""
      (?P<quote>\"{3}|'{3}) (?:\\.|(?!(?P=quote)).)*+ (?:(?P=quote)|\Z)
    | " (?:\\.|[^"\\\n])*+ "?
    | ' (?:\\.|[^'\\\n])*+ '?
    | \#[^\n]*+
    | \\\n
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<end>\n)
    | (?P<help>\?{1,2}[ \t]*(?=\n|\Z))
    | (?P<assigned>=[ \t]*(?=[%!]))
    | [^"'\#\\()\[\]{}\n?=]++
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def python(text: str) -> str:
    """The Python of a cell whose lines end in `\\n`; what is Python already stays as it is.

    Raises `NotAnalysed` where that is not Python.
    """
    if not _is_python(text):
        text = _without_lines(_without_cell_magics(text))
        parse(text)
    return text


def _is_python(text: str) -> bool:
    try:
        parse(text)
    except NotAnalysed:
        return False
    return True


def _without_cell_magics(text: str) -> str:
    """Those at the top, which Colab lets comments precede; with a foreign body all is blank."""
    lines = text.split("\n")
    for row, line in enumerate(lines):
        magic = _CELL_MAGIC.match(line)
        if magic is None:
            if line.strip() and not line.lstrip().startswith("#"):
                break
        elif magic[1] in _PYTHON_CELLS:
            lines[row] = ""
        else:
            return "\n" * (len(lines) - 1)
    return "\n".join(lines)


def _without_lines(text: str) -> str:
    """Line magics, shell commands and questions made statements that do nothing."""
    pieces, at = [], 0
    while at < len(text):
        escaped = _ESCAPED.match(text, at)
        if escaped is not None:
            pieces.append(_timed(escaped[0]) or _nothing(escaped[0]))
            at = escaped.end()
        else:
            left, at = _statement(text, at)
            pieces.append(left)
    return "".join(pieces)


def _statement(text: str, begin: int) -> tuple[str, int]:
    """What is left of the statement that begins there, and where it ends."""
    depth = 0
    for piece in _PIECE.finditer(text, begin):
        match piece.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "end" if depth <= 0:
                return text[begin : piece.end()], piece.end()
            case "help" if depth <= 0:
                return _nothing(text[begin : piece.end()]), piece.end()
            case "assigned" if depth <= 0:
                value = _VALUE.match(text, piece.end())
                assert value is not None
                return text[begin : piece.end()] + _value(value[0]), value.end()
    return text[begin:], len(text)


def _nothing(lines: str) -> str:
    indent = lines[: len(lines) - len(lines.lstrip(" \t"))]
    return f"{indent}pass" + "\n" * lines.count("\n")


def _timed(lines: str) -> str | None:
    """The statement that is timed, where it stands, behind one that does nothing."""
    magic = _TIMED.match(lines)
    if magic is None:
        return None
    before, statement = _nothing(magic[0]), lines[magic.end() :]
    # Parsed after a `;`, where no block can be: IPython lets one be timed, but it has no columns.
    kept = before + " " * (magic.end() - len(before) - 2) + "; " + statement
    return kept if _is_python(kept.lstrip()) else None


def _value(lines: str) -> str:
    """What is assigned: that of a timed expression, where it stands, or None."""
    magic = _TIMED.match(lines)
    if magic is not None and _is_python("_ = " + lines[magic.end() :]):
        return " " * magic.end() + lines[magic.end() :]
    return "None" + "\n" * lines.count("\n")
