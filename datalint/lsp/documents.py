"""What the client has open: texts, and notebooks whose cells are texts."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.uris import to_fs_path

from datalint.finding import NotAnalysed
from datalint.source.notebook import SUFFIX, is_notebook
from datalint.source.text import Rows, encode, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pygls.workspace import PositionCodec


@dataclass(frozen=True)
class Document:
    """A text as it is in the editor, at one version."""

    uri: str
    language: str
    version: int
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends: as LSP counts them, which is as Python does."""
        return split_lines(self.text)

    @cached_property
    def source(self) -> bytes:
        """What its file would hold; what its encoding cannot write is a `?` there."""
        plain = self.text.removeprefix("\ufeff")
        raw = plain.encode("utf-8", "surrogatepass")
        try:
            return encode(plain, raw, "replace")
        except (NotAnalysed, LookupError, ValueError):
            return raw  # it declares no encoding that there is: its check will say so

    def changed(
        self,
        version: int,
        changes: Iterable[types.TextDocumentContentChangeEvent],
        codec: PositionCodec,
    ) -> Document:
        """The same one after some edits, each of which is told of what the last one left."""
        text = self.text
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                begin = _index(text, change.range.start, codec)
                end = _index(text, change.range.end, codec)
                text = text[:begin] + change.text + text[end:]
            else:
                text = change.text
        return Document(self.uri, self.language, version, text)


def _index(text: str, at: types.Position, codec: PositionCodec) -> int:
    """Where a position is in a text; what is behind the end of a line is its end."""
    lines = split_lines(text)
    if at.line >= len(lines):
        return len(text)
    start, left = Rows(text).start(at.line + 1), at.character
    for index, character in enumerate(lines[at.line], start):
        if left <= 0:
            return index
        left -= codec.client_num_units(character)
    return start + len(lines[at.line])


@dataclass(frozen=True, slots=True)
class Unit:
    """What is judged as one: a text, or the cells of a notebook, as they were at one time."""

    #: The URI of the document or of the notebook.
    uri: str
    #: The path, or the whole URI of what is in no file.
    path: str
    #: The text under None, or the cells of Python under their numbers.
    parts: dict[int | None, Document]
    #: What a file with all this would hold.
    source: bytes


@dataclass(slots=True)
class Documents:
    """Everything that is open, by the URIs that the client uses."""

    texts: dict[str, Document] = field(default_factory=dict)
    #: The URIs of the cells of each notebook, in order.
    notebooks: dict[str, list[str]] = field(default_factory=dict)

    def open(self, given: types.TextDocumentItem) -> None:
        """A text that was opened, or a cell that was put into a notebook."""
        document = Document(given.uri, given.language_id, given.version, given.text)
        self.texts[given.uri] = document

    def change(
        self,
        given: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
        codec: PositionCodec,
    ) -> None:
        """A text, or a cell, that was edited."""
        changed = self.texts[given.uri].changed(given.version, changes, codec)
        self.texts[given.uri] = changed

    def close(self, uri: str) -> None:
        """A text that was closed, or a cell that was taken out of a notebook."""
        self.texts.pop(uri, None)

    def unit_of(self, uri: str) -> str:
        """The URI of the unit that a document belongs to."""
        return next((n for n, cells in self.notebooks.items() if uri in cells), uri)

    def units(self) -> list[str]:
        """The URIs of all that can be judged."""
        return list(dict.fromkeys(map(self.unit_of, [*self.notebooks, *self.texts])))

    def unit(self, uri: str) -> Unit | None:
        """What is open there; None where that is no Python."""
        if uri in self.notebooks:
            return self._notebook(uri)
        document = self.texts.get(uri)
        # The JSON of a notebook that is open as text: there is no cell to put a finding in.
        if document is None or not _is_python(document) or is_notebook(path_of(uri)):
            return None
        return Unit(uri, path_of(uri), {None: document}, document.source)

    def _notebook(self, uri: str) -> Unit:
        cells = [self.texts.get(cell) for cell in self.notebooks[uri]]
        parts: dict[int | None, Document] = {
            number: cell for number, cell in enumerate(cells, 1) if cell and _is_python(cell)
        }
        content = {
            "cells": [
                {"cell_type": "code", "source": parts[number].text}
                if number in parts
                else {"cell_type": "raw"}
                for number in range(1, len(cells) + 1)
            ]
        }
        path = path_of(uri)
        named = path if is_notebook(path) else path + SUFFIX  # one that was not saved yet
        return Unit(uri, named, parts, json.dumps(content).encode())

    def unsaved(self) -> dict[str, bytes]:
        """By their paths the texts that modules may import."""
        return {path_of(uri): d.source for uri, d in self.texts.items() if uri.startswith("file:")}

    def uris(self) -> dict[str, str]:
        """By their paths what the client calls the texts that it has open."""
        return {path_of(uri): uri for uri in self.texts}


def path_of(uri: str) -> str:
    """The path that a URI means; of what is in no file, the URI."""
    path = to_fs_path(uri)
    return uri if path is None else os.path.abspath(path)


def _is_python(document: Document) -> bool:
    return document.language.lower() == "python"
