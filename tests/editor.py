"""An editor for tests of the language server: it opens, types, and keeps what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.workspace import PositionCodec
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

from datalint.source.text import Rows, split_lines
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

#: The server as an editor starts it.
SERVER = (sys.executable, "-m", "datalint", "lsp")


@dataclass
class Editor:
    """One that is connected to a server of its own."""

    client: LanguageClient = field(default_factory=LanguageClient)
    #: Everything that was published, by document, the last at the end.
    told: dict[str, list[types.PublishDiagnosticsParams]] = field(default_factory=dict)
    #: What the server wants to be told of.
    registered: list[types.Registration] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def keep(params: types.PublishDiagnosticsParams) -> None:
            self.told.setdefault(params.uri, []).append(params)

        def register(params: types.RegistrationParams) -> None:
            self.registered += params.registrations

        own = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: keep,
            types.CLIENT_REGISTER_CAPABILITY: register,
        }
        register_lsp_features(self.client, {**DEFAULT_CLIENT_FEATURES, **own})

    def open(self, uri: str, text: str, language: str = "python") -> None:
        """Open a document at version 1."""
        self.texts[uri], self.versions[uri] = text, 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, uri: str, *changes: types.TextDocumentContentChangeEvent | str) -> None:
        """Change a document; a string is the whole text."""
        self.versions[uri] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [
                    types.TextDocumentContentChangeWholeDocument(c) if isinstance(c, str) else c
                    for c in changes
                ],
            )
        )
        if changes and isinstance(changes[-1], str):
            self.texts[uri] = changes[-1]

    def save(self, uri: str) -> None:
        """Say that a document was saved."""
        saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
        self.client.text_document_did_save(saved)

    def close(self, uri: str) -> None:
        """Close a document."""
        del self.texts[uri]
        closed = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        self.client.text_document_did_close(closed)

    def file_changed(self, path: Path) -> None:
        """Say that a file on disk was changed."""
        event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    async def next(self, uri: str, after: int | None = None) -> types.PublishDiagnosticsParams:
        """What is published next for a document: after so many, or after what there is."""
        seen = len(self.told.get(uri, [])) if after is None else after
        async with asyncio.timeout(20):
            while len(self.told.get(uri, [])) <= seen:
                await asyncio.sleep(0.005)
        return self.told[uri][seen]

    async def opened(self, uri: str, text: str) -> Sequence[types.Diagnostic]:
        """Open a document and wait for what is found."""
        self.open(uri, text)
        return (await self.next(uri)).diagnostics

    async def actions(self, uri: str, where: types.Range, *only: str) -> Sequence[types.CodeAction]:
        """What is offered there, of some kinds or of all."""
        context = types.CodeActionContext([], only or None, types.CodeActionTriggerKind.Invoked)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), where, context)
        found = await self.client.text_document_code_action_async(params)
        assert all(isinstance(action, types.CodeAction) for action in found or [])
        return found or []  # type: ignore[return-value]

    def with_edits(self, uri: str, edit: types.WorkspaceEdit | None) -> str:
        """What a document becomes with an edit of its present version."""
        assert edit and edit.document_changes
        edits = []
        for change in edit.document_changes:
            assert isinstance(change, types.TextDocumentEdit)
            assert change.text_document.version == self.versions[change.text_document.uri]
            if change.text_document.uri == uri:
                edits += change.edits
        return with_edits(self.texts[uri], edits)  # type: ignore[arg-type]


def with_edits(text: str, edits: Iterable[types.TextEdit]) -> str:
    """A text with edits whose positions count in UTF-16."""
    lines, rows, codec = split_lines(text), Rows(text), PositionCodec()

    def index(at: types.Position) -> int:
        place = codec.position_from_client_units(lines, at)
        return rows.start(place.line + 1) + place.character

    for edit in sorted(edits, key=lambda edit: edit.range.start, reverse=True):
        text = text[: index(edit.range.start)] + edit.new_text + text[index(edit.range.end) :]
    return text


@contextlib.asynccontextmanager
async def editor(
    root: Path,
    options: Any = None,
    *,
    command: Sequence[str] = SERVER,
    capabilities: types.ClientCapabilities | None = None,
) -> AsyncIterator[Editor]:
    """An editor in a folder, and the server that it starts and ends."""
    one = Editor()
    await one.client.start_io(*command, env=clean_environment())
    await one.client.initialize_session(
        types.InitializeParams(
            capabilities or client_capabilities("visual-studio-code"),
            workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
            initialization_options=options,
        )
    )
    yield one
    await one.client.shutdown_session()
    await one.client.stop()
