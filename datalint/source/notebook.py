"""Notebooks: where in their JSON the Python is, and in which cell what was found in it stands.

The code cells are joined to one text, as names flow from each to those after it. Cells are
counted from 1 over all of them, as Ruff does; rows within a cell.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from datalint.finding import NotAnalysed, place_name
from datalint.source import guard
from datalint.source.cell_text import cell_texts
from datalint.source.magics import python
from datalint.source.text import Rows, Text, decode, may_hold, place, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from datalint.finding import Finding, Span

SUFFIX = ".ipynb"
#: The text's first row, so that no comment of a cell is taken for a declaration of its encoding.
_HEAD = "# coding: utf-8\n"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of Python and what IPython adds to it; its lines end in `\\n`."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """The Python of a notebook, as the source of one file."""

    source: bytes
    #: The cells, with nothing left in them that is not Python.
    cells: tuple[Cell, ...]
    #: In which row of the source each of them begins.
    rows: tuple[int, ...]

    def located(self, finding: Finding) -> Finding:
        """A finding in the joined text, with its places in cells."""
        notes = tuple(
            note._replace(span=self._in_cell(note.span)) if note.path == finding.path else note
            for note in finding.notes
        )
        fix = finding.fix and finding.fix._replace(
            edits=tuple(edit._replace(span=self._in_cell(edit.span)) for edit in finding.fix.edits),
        )
        return finding._replace(span=self._in_cell(finding.span), notes=notes, fix=fix)

    def refused(self, error: NotAnalysed) -> NotAnalysed:
        """What is said of the joined text, with its place in a cell."""
        before, cell = self._cell(error.row)
        made = error.findings
        findings = None if made is None else tuple(map(self.located, made))
        return NotAnalysed(error.reason, error.row - before, error.column, cell, findings)

    def _in_cell(self, span: Span) -> Span:
        before, cell = self._cell(span.row)
        return span._replace(row=span.row - before, end_row=span.end_row - before, cell=cell)

    def _cell(self, row: int) -> tuple[int, int]:
        """How many rows are before the cell that a row is in, and the cell's number."""
        at = bisect_right(self.rows, row) - 1
        return self.rows[at] - 1, self.cells[at].number


def is_notebook(path: str) -> bool:
    """Whether a file is one, by its name."""
    return PurePath(path).suffix.lower() == SUFFIX


def texts(source: bytes, path: str) -> dict[str, Text]:
    """The text of a file, or of each cell of a notebook, by the name that reports give it."""
    if is_notebook(path):
        file = decode(source)
        written, rows = cell_texts(file), Rows(file)
        return {
            place_name(path, cell.number): Text(cell.text, written[cell.number].rows(rows))
            for cell in cells(source)
        }
    return {path: Text(decode(source))}


def parse(source: bytes, path: str) -> dict[int | None, tuple[str, str]]:
    """The text of a file, under None, or of each cell of a notebook, and what of it is Python.

    Raises `NotAnalysed` where that is none.
    """
    if not is_notebook(path):
        text = decode(source)
        guard.parse(text)
        return {None: (text, text)}
    found: dict[int | None, tuple[str, str]] = {}
    for cell in cells(source):
        with _named(cell):
            found[cell.number] = cell.text, python(cell.text)
    return found


def read(source: bytes, names: Set[str]) -> Notebook | None:
    """A notebook's Python; None, and no cell is parsed, where none of `names` can be in it.

    Raises `NotAnalysed` where the bytes are no notebook or a cell is no Python.
    """
    found = cells(source)
    if not any(may_hold(cell.text.encode("utf-8", "replace"), names) for cell in found):
        return None
    left, rows, row = [], [], 2
    for cell in found:
        with _named(cell):
            left.append(Cell(cell.number, python(cell.text)))
        rows.append(row)
        row += cell.text.count("\n") + 2
    # With a blank row between them, so that no statement stands right below that of another cell.
    joined = _HEAD + "".join(f"{cell.text}\n\n" for cell in left)
    return Notebook(joined.encode(), tuple(left), tuple(rows))


@contextmanager
def _named(cell: Cell) -> Iterator[None]:
    """Whatever is refused in here is refused in that cell."""
    try:
        yield
    except NotAnalysed as error:
        raise NotAnalysed(error.reason, error.row, error.column, cell.number) from None


def cells(source: bytes) -> list[Cell]:
    """The cells of Python in a notebook of any format since 3; raises `NotAnalysed`."""
    notebook = _load(source)
    if not isinstance(notebook, dict):
        raise NotAnalysed("not a notebook: its JSON is no object")
    listed = _listed(notebook)
    if not all(
        isinstance(cell, dict) and isinstance(cell.get("cell_type"), str) for cell in listed
    ):
        raise NotAnalysed("not a notebook: not all of its cells have a type")
    if not _speaks_python(notebook.get("metadata")):
        return []
    return list(_python_cells(listed))


def _load(source: bytes) -> Any:
    text = decode(source)
    try:
        # As an `int` Python would refuse what has very many digits; nobody reads the numbers.
        return json.loads(text, parse_int=float)
    except json.JSONDecodeError as error:
        raise NotAnalysed(f"not JSON: {error.msg}", *place(text, error.pos)) from None
    except RecursionError:
        raise NotAnalysed("JSON that is nested too deeply") from None


def _listed(notebook: dict[str, Any]) -> list[Any]:
    """All cells; in format 3 they stand in worksheets."""
    sheets = notebook.get("worksheets") if "cells" not in notebook else [notebook]
    if not isinstance(sheets, list) or not all(isinstance(sheet, dict) for sheet in sheets):
        raise NotAnalysed("not a notebook: it has no cells")
    listed = [sheet.get("cells") for sheet in sheets]
    if not all(isinstance(each, list) for each in listed):
        raise NotAnalysed("not a notebook: its cells are no list")
    return [cell for each in listed for cell in each]


def _python_cells(listed: list[dict[str, Any]]) -> Iterator[Cell]:
    for number, cell in enumerate(listed, start=1):
        if cell["cell_type"] != "code" or not _means_python(_language(cell)):
            continue
        text = cell.get("source", cell.get("input"))
        if isinstance(text, list) and all(isinstance(line, str) for line in text):
            text = "".join(text)
        if not isinstance(text, str):
            raise NotAnalysed("not a notebook: a code cell without source", cell=number)
        yield Cell(number, "\n".join(split_lines(text)))


def _language(cell: dict[str, Any]) -> Any:
    """In format 3 each cell has one; an editor for several in one notebook notes it."""
    return cell.get("language", _at(cell, "metadata", "vscode", "languageId"))


def _speaks_python(metadata: Any) -> bool:
    """Whether its kernel does, which is said where the kernel is known."""
    name = _at(metadata, "language_info", "name")
    return _means_python(_at(metadata, "kernelspec", "language") if name is None else name)


def _means_python(language: Any) -> bool:
    return not isinstance(language, str) or language.lower() in ("python", "ipython", "")


def _at(value: Any, *keys: str) -> Any:
    """What is under one key after the other; None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
