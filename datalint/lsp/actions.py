"""What the client is offered to do: a finding's fix, or all that are safe."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from lsprotocol import types

from datalint.finding import Applicability, NotAnalysed
from datalint.silence import silencing
from datalint.source.edit import NotEdited, edited
from datalint.source.notebook import parse
from datalint.source.text import Rows, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pygls.workspace import PositionCodec

    from datalint.finding import Edit, Fix
    from datalint.lsp.convert import Marked, Terms
    from datalint.lsp.documents import Document, Unit

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.datalint"
KINDS = [types.CodeActionKind.QuickFix, FIX_ALL]


def is_asked_for(kind: str, context: types.CodeActionContext) -> bool:
    """Whether the client wants actions of this kind, or of all kinds."""
    if context.only is None:
        return True
    return any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in context.only)


@dataclass(frozen=True, slots=True)
class Changes:
    """How edits of documents are told: with the versions they are of, if the client takes them."""

    versioned: bool

    def of(self, edits: Iterable[tuple[Document, list[types.TextEdit]]]) -> types.WorkspaceEdit:
        """The edits of some documents."""
        if not self.versioned:
            return types.WorkspaceEdit(changes={document.uri: each for document, each in edits})
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version),
                    each,
                )
                for document, each in edits
            ]
        )


def quick_fixes(
    marked: Iterable[Marked], terms: Terms, changes: Changes
) -> Iterator[types.CodeAction]:
    """The fix of each finding that has one that goes; one that several have is offered once."""
    by_fix: dict[Fix, list[types.Diagnostic]] = {}
    for each in marked:
        if each.finding.fix:
            by_fix.setdefault(each.finding.fix, []).append(each.diagnostic)
    for fix, diagnostics in by_fix.items():
        if not _goes(fix, terms.outcome.unit):
            continue
        safe = fix.applicability is Applicability.SAFE
        yield types.CodeAction(
            title=fix.message if safe else f"{fix.message} (unsafe)",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=diagnostics,
            is_preferred=safe or None,
            edit=changes.of(_edits(fix.edits, terms)),
        )


def silence(marked: Iterable[Marked], terms: Terms, changes: Changes) -> Iterator[types.CodeAction]:
    """For each finding a comment that silences it, where one can stand."""
    for each in marked:
        try:
            edits, _ = silencing([each.finding], terms.outcome.unit.source, terms.outcome.unit.path)
        except (NotAnalysed, NotEdited):
            continue
        yield types.CodeAction(
            title=f"Silence {each.finding.rule} here",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[each.diagnostic],
            edit=changes.of(_edits(edits, terms)),
        )


def _goes(fix: Fix, unit: Unit) -> bool:
    """Whether what a fix leaves is Python."""
    try:
        parse(edited(unit.source, unit.path, fix.edits), unit.path)
    except (NotAnalysed, NotEdited):
        return False
    return True


def _edits(made: Iterable[Edit], terms: Terms) -> Iterator[tuple[Document, list[types.TextEdit]]]:
    by_cell: dict[int | None, list[Edit]] = {}
    for edit in made:
        by_cell.setdefault(edit.span.cell, []).append(edit)
    for cell, edits in by_cell.items():
        document = terms.outcome.unit.parts[cell]
        newline = Rows(document.text).newline(edits[0].span.row)
        yield document, terms.edits(edits, newline)


def fix_all(fixed: Mapping[int | None, str], terms: Terms, changes: Changes) -> types.CodeAction:
    """One action that makes of each text what it becomes with all safe fixes."""
    parts = terms.outcome.unit.parts
    return types.CodeAction(
        title="Make all safe fixes of datalint",
        kind=FIX_ALL,
        edit=changes.of(
            (parts[cell], rewritten(parts[cell], text, terms.codec)) for cell, text in fixed.items()
        ),
    )


def rewritten(document: Document, text: str, codec: PositionCodec) -> list[types.TextEdit]:
    """Edits that make a document hold a text; lines that stay are left alone."""
    old, new = document.lines, split_lines(text)
    newline = Rows(document.text).newline(1)
    end = types.Position(len(old) - 1, codec.client_num_units(old[-1]))
    edits = []
    for what, first, last, begin, stop in SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            continue
        lines = new[begin:stop]
        if last < len(old):
            where = types.Range(types.Position(first, 0), types.Position(last, 0))
            edits.append(types.TextEdit(where, "".join(line + newline for line in lines)))
        elif first == 0:
            where = types.Range(types.Position(0, 0), end)
            edits.append(types.TextEdit(where, newline.join(lines)))
        else:  # the last line has no end: that of the line before is replaced with it
            before = types.Position(first - 1, codec.client_num_units(old[first - 1]))
            where = types.Range(before, end)
            edits.append(types.TextEdit(where, "".join(newline + line for line in lines)))
    return edits
