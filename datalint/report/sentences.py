"""What a finding says in one line of prose, for formats that have no room for its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.report.screen import visible

if TYPE_CHECKING:
    from datalint.finding import Finding, Note
    from datalint.report.outcome import Problem


def told(finding: Finding) -> str:
    """What is wrong, and what to write instead."""
    what = sentence(_in_cell(finding.message, finding.span.cell, finding.span.row))
    return f"{what} {sentence(finding.help)}" if finding.help else what


def step(note: Note) -> str:
    """One step of its story."""
    return sentence(_in_cell(note.message, note.span.cell, note.span.row))


def reason(problem: Problem) -> str:
    """Why a file was not analysed or not fixed."""
    return sentence(_in_cell(problem.reason, problem.cell, problem.row))


def sentence(text: str) -> str:
    """`text` with a capital and a full stop, and nothing in it that a terminal might act on."""
    return f"{visible(text[:1].upper() + text[1:])}."


def _in_cell(text: str, cell: int | None, row: int) -> str:
    """What is said of a cell names it, where the place does not."""
    return text if cell is None else f"cell {cell}, row {row}: {text}"
