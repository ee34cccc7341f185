"""The server: what the client says, and what it is told."""

from __future__ import annotations

import functools
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from datalint import __version__
from datalint.finding import Applicability
from datalint.lsp.actions import Changes
from datalint.lsp.checks import PAUSE, Checks, Worker
from datalint.lsp.convert import Terms, bad_config
from datalint.lsp.documents import Documents, path_of
from datalint.lsp.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Generator

    from datalint.config import BadConfig
    from datalint.lsp.convert import Marked
    from datalint.lsp.judge import Outcome

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage("python")])]
)


@dataclass(frozen=True, slots=True)
class Result:
    """What the client was told of a unit."""

    terms: Terms
    #: By the URI of the document.
    marked: dict[str, list[Marked]] = field(default_factory=dict)


class _Protocol(LanguageServerProtocol):
    """That of pygls, which leaves edits to us.

    To pygls a form feed or U+2028 ends a line, and it moves positions that are not in its lines.
    """

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: Any) -> Generator[Any, Any, None]:
        yield self.fm.features[types.NOTEBOOK_DOCUMENT_DID_CHANGE], (params,), None


class Server(LanguageServer):
    """What is open, what came of it, and what is under way."""

    def __init__(self) -> None:
        super().__init__(
            "datalint", __version__, protocol_cls=_Protocol, notebook_document_sync=_NOTEBOOKS
        )
        self.documents = Documents()
        self.judge = Judge()
        self.worker = Worker()
        self.checks = Checks(self._check, self._log)
        self.was_shut_down = False
        self._results: dict[str, Result] = {}
        #: By its path what the client was told of a configuration.
        self._bad_configs: dict[str, BadConfig] = {}

    def changed(self, uri: str, *, opened: bool = False) -> None:
        """A document is not what it was: it is to be judged, and what imports it.

        In one that was just `opened` nobody types yet, so there is nothing to wait for.
        """
        unit, path = self.documents.unit_of(uri), path_of(uri)
        importers = {u for u, r in self._results.items() if path in r.terms.outcome.read}
        for each in importers - {unit}:
            self.checks.soon(each)
        self.checks.soon(unit, 0 if opened else PAUSE)

    def check_all(self) -> None:
        """Something on disk is not what it was."""
        for unit in self.documents.units():
            self.checks.soon(unit)

    def closed(self, uri: str) -> None:
        """A unit was closed: nothing is to be said of it any more."""
        self.checks.drop(uri)
        self.judge.forget()
        self._publish(uri, None)

    async def result(self, uri: str) -> Result | None:
        """What the client was told of a document as it is now."""
        unit = self.documents.unit_of(uri)
        await self.checks.settled(unit)
        result = self._results.get(unit)
        parts = result.terms.outcome.unit.parts.values() if result else ()
        # Not where its check came to nothing: what was told before is of another text.
        return result if all(self.documents.texts.get(d.uri) is d for d in parts) else None

    async def fixed(self, result: Result) -> dict[int | None, str]:
        """What the texts of a unit become with all safe fixes; empty where there are none."""
        outcome = result.terms.outcome
        fixes = [finding.fix for finding in outcome.report.findings if finding.fix]
        if not any(fix.applicability is Applicability.SAFE for fix in fixes):
            return {}
        return await self.worker.do(
            functools.partial(self.judge.fixed, outcome.unit, self.documents.unsaved())
        )

    def changes(self) -> Changes:
        """How this client takes edits."""
        workspace = self.client_capabilities.workspace
        edits = workspace and workspace.workspace_edit
        return Changes(versioned=bool(edits and edits.document_changes))

    async def _check(self, uri: str) -> None:
        unit = self.documents.unit(uri)
        if unit is None:
            return
        roots = [path_of(folder.uri) for folder in self.workspace.folders.values()]
        if not roots and self.workspace.root_path:
            roots = [self.workspace.root_path]
        outcome = await self.worker.do(
            functools.partial(self.judge.check, unit, self.documents.unsaved(), roots)
        )
        self._tell_of_config(outcome)
        self._publish(uri, outcome)

    def _publish(self, uri: str, outcome: Outcome | None) -> None:
        """Tell what a unit came to, and take back what was told of documents that left it."""
        before = self._results.pop(uri, None)
        told = {d.uri: None for d in before.terms.outcome.unit.parts.values()} if before else {}
        if outcome is not None:
            self._results[uri] = self._told(outcome)
            for document in outcome.unit.parts.values():
                told.pop(document.uri, None)
        for gone in told:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(gone, []))

    def _told(self, outcome: Outcome) -> Result:
        for problem in outcome.report.problems:
            if problem.traceback:
                self.log(f"{problem.reason}\n{problem.traceback}")
        terms = Terms(outcome, self.documents.uris(), self.workspace.position_codec)
        result = Result(terms, {d.uri: [] for d in outcome.unit.parts.values()})
        for finding in outcome.report.findings:
            uri = terms.uri(finding.path, finding.span.cell)
            result.marked[uri].append(terms.marked(finding))
        for document in outcome.unit.parts.values():
            diagnostics = [each.diagnostic for each in result.marked[document.uri]]
            for problem in outcome.report.problems:
                if terms.unit_part(problem) is document:
                    diagnostics.append(terms.problem(problem))
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document.uri, diagnostics, document.version)
            )
        return result

    def _tell_of_config(self, outcome: Outcome) -> None:
        error = outcome.setting.error
        if error is None:
            self.config_changed(outcome.setting.settings.config.path)
        elif str(self._bad_configs.get(error.path)) != str(error):
            self._bad_configs[error.path] = error
            self.show(f"{error}; until it is mended the last one that was right holds")
            self._publish_config(error.path, [bad_config(error)])

    def config_changed(self, path: str) -> None:
        """A configuration is not what it was: what was told of it does not hold."""
        if self._bad_configs.pop(path, None):
            self._publish_config(path, [])

    def _publish_config(self, path: str, diagnostics: list[types.Diagnostic]) -> None:
        uri = self.documents.uris().get(path) or Path(path).as_uri()
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))

    def show(self, message: str) -> None:
        """Show the user what is wrong."""
        self.window_show_message(
            types.ShowMessageParams(types.MessageType.Error, f"datalint: {message}")
        )

    def log(self, message: str) -> None:
        """Tell whoever looks into the log."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, message))

    def _log(self, error: BaseException) -> None:
        self.log("a datalint bug: " + "".join(traceback.format_exception(error)))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """What pygls caught: a message that is none, or a bug. No reason to pop up."""
        self.log(f"{type(error).__name__}: {error}")
