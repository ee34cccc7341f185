"""Where in a file a finding is, for formats that know files and no cells."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from datalint.finding import place_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.finding import Span
    from datalint.report.outcome import Problem
    from datalint.source.text import Text


@dataclass(frozen=True, slots=True)
class Place:
    """Rows of a file, from 1; in a notebook those of the file and not of the cell."""

    path: str
    row: int
    end_row: int
    #: The first column and that behind the last, from 1, in characters. In a notebook there are
    #: none: its rows are JSON, in which the text of a cell is written differently.
    columns: tuple[int, int] | None


def place(path: str, span: Span, sources: Mapping[str, Text]) -> Place:
    """The place of a span in the file that its user calls `path`."""
    if span.cell is None:
        return Place(plain(path), span.row, span.end_row, (span.column, span.end_column))
    rows = sources[place_name(path, span.cell)]
    return Place(plain(path), rows.file_row(span.row), rows.file_row(span.end_row), None)


def problem_place(problem: Problem) -> Place | None:
    """The place of a problem; none in a cell, as one that cannot be read has no known rows."""
    if problem.cell is not None:
        return None
    row, column = problem.row, problem.column
    return Place(plain(problem.path), row, row, (column, column))


def plain(path: str) -> str:
    """A path in its one spelling: `a/b.py` for `./a//b.py` and for `a\\b.py` of Windows."""
    return PurePath(os.path.normpath(path)).as_posix()
