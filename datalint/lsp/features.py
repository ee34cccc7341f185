"""What the client may say or ask, message by message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from datalint.lsp import actions
from datalint.lsp.documents import path_of
from datalint.lsp.settings import BadOptions, said
from datalint.selection import explain_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.lsp.server import Server

#: What may change what is found, without being open.
_WATCHED = ("**/pyproject.toml", "**/*.py", "**/*.pyi", "**/.gitignore")


def _initialize(ls: Server, params: types.InitializeParams) -> None:
    try:
        ls.judge.nearest.said = said(params.initialization_options)
    except BadOptions as error:
        ls.show(f"{error}; the default rules are checked")


async def _initialized(ls: Server, params: types.InitializedParams) -> None:
    workspace = ls.client_capabilities.workspace
    watched = workspace and workspace.did_change_watched_files
    if not (watched and watched.dynamic_registration):
        return
    watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    await ls.client_register_capability_async(
        types.RegistrationParams([types.Registration("datalint", method, options)])
    )


def _shutdown(ls: Server, params: None) -> None:
    ls.was_shut_down = True


def _did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    ls.documents.open(params.text_document)
    ls.changed(params.text_document.uri, opened=True)


def _did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    codec = ls.workspace.position_codec
    ls.documents.change(params.text_document, params.content_changes, codec)
    ls.changed(params.text_document.uri)


def _did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    ls.config_changed(path_of(params.text_document.uri))
    ls.check_all()


def _did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.documents.close(uri)
    ls.closed(uri)
    ls.changed(uri)


def _did_open_notebook(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    notebook = params.notebook_document
    ls.documents.notebooks[notebook.uri] = [cell.document for cell in notebook.cells]
    for cell in params.cell_text_documents:
        ls.documents.open(cell)
    ls.changed(notebook.uri, opened=True)


def _did_change_notebook(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    uri, cells = params.notebook_document.uri, params.change.cells
    if cells is None:
        return
    if structure := cells.structure:
        array, held = structure.array, ls.documents.notebooks[uri]
        put = [cell.document for cell in array.cells or []]
        held[array.start : array.start + array.delete_count] = put
        for cell in structure.did_close or []:
            ls.documents.close(cell.uri)
        for opened in structure.did_open or []:
            ls.documents.open(opened)
    for text in cells.text_content or []:
        ls.documents.change(text.document, text.changes, ls.workspace.position_codec)
    ls.changed(uri)


def _did_close_notebook(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    uri = params.notebook_document.uri
    for cell in ls.documents.notebooks.pop(uri, []):
        ls.documents.close(cell)
    ls.closed(uri)


def _did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    for event in params.changes:
        ls.config_changed(path_of(event.uri))
    ls.check_all()


def _did_change_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    ls.check_all()


async def _code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    uri, context = params.text_document.uri, params.context
    result = await ls.result(uri)
    if result is None:
        return None
    offered: list[types.CodeAction] = []
    if actions.is_asked_for(types.CodeActionKind.QuickFix, context):
        here = [m for m in result.marked.get(uri, []) if _meet(m.diagnostic.range, params.range)]
        offered += actions.quick_fixes(here, result.terms, ls.changes())
        offered += actions.silence(here, result.terms, ls.changes())
    automatic = context.trigger_kind == types.CodeActionTriggerKind.Automatic
    if actions.is_asked_for(actions.FIX_ALL, context) and (context.only or not automatic):
        fixed = await ls.fixed(result)
        if fixed:
            offered.append(actions.fix_all(fixed, result.terms, ls.changes()))
    return offered


async def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    uri, at = params.text_document.uri, params.position
    result = await ls.result(uri)
    here = [
        marked
        for marked in (result.marked.get(uri, []) if result else [])
        if _meet(marked.diagnostic.range, types.Range(at, at))
    ]
    if not here:
        return None
    rules = dict.fromkeys(marked.finding.rule for marked in here)
    page = types.MarkupContent(types.MarkupKind.Markdown, explain_rules(tuple(rules)))
    return types.Hover(page, here[0].diagnostic.range)


def _meet(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges have a place in common; where one ends is such a place."""
    return one.start <= other.end and other.start <= one.end


FEATURES: dict[str, Callable[..., Any]] = {
    types.INITIALIZE: _initialize,
    types.INITIALIZED: _initialized,
    types.SHUTDOWN: _shutdown,
    types.TEXT_DOCUMENT_DID_OPEN: _did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: _did_change,
    types.TEXT_DOCUMENT_DID_SAVE: _did_save,
    types.TEXT_DOCUMENT_DID_CLOSE: _did_close,
    types.NOTEBOOK_DOCUMENT_DID_OPEN: _did_open_notebook,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE: _did_change_notebook,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE: _did_close_notebook,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _did_change_watched_files,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: _did_change_folders,
    types.TEXT_DOCUMENT_CODE_ACTION: _code_action,
    types.TEXT_DOCUMENT_HOVER: _hover,
}
OPTIONS: dict[str, Any] = {
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(code_action_kinds=actions.KINDS),
}
