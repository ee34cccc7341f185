"""What datalint says about a file: plain data, imports nothing of ours.

Rows and columns count from 1, columns in characters; the end column is exclusive.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Level(enum.StrEnum):
    """How bad what a rule reports is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(enum.StrEnum):
    """How much of a finding's story was assumed."""

    #: Only that an argument requires grad, or that a backward follows what escapes.
    MEDIUM = "medium"
    #: Nothing.
    HIGH = "high"


class Applicability(enum.StrEnum):
    """Whether a fix can change what the program does."""

    SAFE = "safe"
    UNSAFE = "unsafe"


class Span(NamedTuple):
    """A stretch of source; in a notebook its rows are those of one cell."""

    row: int
    column: int
    end_row: int
    end_column: int
    #: In a notebook the number of the cell, from 1, counted over all cells.
    cell: int | None = None


class Note(NamedTuple):
    """One step of a finding's story, in the order in which things happen; in any file."""

    message: str
    path: str
    span: Span


class Edit(NamedTuple):
    """Replace the text at `span` by `content`."""

    span: Span
    content: str


class Fix(NamedTuple):
    """Edits that belong together."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]
    #: Of the fixes of a file that have one number here, each is made before the next is looked for.
    group: int = 0


class Finding(NamedTuple):
    """What one rule says about one `.data` expression, which is at `span`."""

    rule: str
    level: Level
    path: str
    span: Span
    #: What is wrong, one sentence without a full stop.
    message: str
    #: What to write instead, one sentence without a full stop; may be empty.
    help: str
    confidence: Confidence
    notes: tuple[Note, ...] = ()
    fix: Fix | None = None

    def order(self) -> tuple[str, int, Span, str]:
        """The order of findings in every report."""
        return self.path, self.span.cell or 0, self.span, self.rule


class NotAnalysed(Exception):
    """A file that could not be read as Python; `row` and `column` say where, from 1.

    Or one that was analysed in part: `findings` are those that were made, and else None.
    """

    def __init__(
        self,
        reason: str,
        row: int = 1,
        column: int = 1,
        cell: int | None = None,
        findings: tuple[Finding, ...] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.row, self.column, self.cell = reason, row, column, cell
        self.findings = findings


class NotFixed(Exception):
    """A file that was left as it is; the message says why, in one line."""


def place_name(path: str, cell: int | None) -> str:
    """What reports call a file, or a cell of a notebook, and find its text by."""
    return path if cell is None else f"{path}:cell {cell}"
