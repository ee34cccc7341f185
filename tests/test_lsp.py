"""The language server as an editor meets it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.workspace import PositionCodec

from datalint.finding import Applicability
from datalint.lsp.actions import Changes, quick_fixes
from datalint.lsp.checks import Checks, Worker
from datalint.lsp.convert import Terms
from datalint.lsp.documents import Documents
from datalint.lsp.judge import Judge
from datalint.lsp.settings import BadOptions, said
from datalint.report.links import page_url
from datalint.selection import explain_rules
from datalint.settings import Said
from tests.conftest import clean_environment
from tests.editor import SERVER, Editor, editor, with_edits
from tests.findings import SOURCE, at, finding
from tests.test_cli import HARMFUL
from tests.test_project import HELPER, MAIN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from pathlib import Path

    from tests.conftest import Datalint

MENDED = HARMFUL.replace("c = y.data\n", "c = y.clone()\n")
#: Two reads with fixes that are safe, on which the default rules are silent.
READS = "import torch\n\nx = torch.ones(1)\nprint(x.data)\nprint(x.data.item())\n"
NOWHERE = types.Range(types.Position(0, 0), types.Position(0, 0))


def message(body: str) -> bytes:
    """Something said, as it is sent."""
    return f"Content-Length: {len(body)}\r\n\r\n{body}".encode()


def sent(method: str, params: object = None, **more: int) -> bytes:
    return message(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}))


INITIALIZE = sent("initialize", {"capabilities": {}, "processId": None, "rootUri": None}, id=1)
SHUTDOWN, EXIT = sent("shutdown", id=2), sent("exit")


def span(line: int, first: int, last: int) -> types.Range:
    return types.Range(types.Position(line, first), types.Position(line, last))


def rules(diagnostics: Iterable[types.Diagnostic]) -> list[int | str | None]:
    return [diagnostic.code for diagnostic in diagnostics]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connected(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """One server for all that do not need their own: starting one takes longest."""
    root = tmp_path_factory.getbasetemp()
    async with editor(root, {"extendSelect": ["data-read"]}) as one:
        yield one


@pytest.fixture
def shared(connected: Editor) -> Iterator[Editor]:
    """That one, with nothing open."""
    yield connected
    for uri in list(connected.texts):
        connected.close(uri)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """A client that can do little, counts in UTF-8, and has options that cannot be meant."""
    encoding = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf8])
    able = types.ClientCapabilities(general=encoding)
    root = tmp_path_factory.getbasetemp()
    async with editor(root, {"select": ["data-raed"]}, capabilities=able) as one:
        yield one


async def test_a_finding_is_told_with_its_story(shared: Editor, tmp_path: Path) -> None:
    uri = (tmp_path / "träin 1.py").as_uri()
    (found,) = await shared.opened(uri, HARMFUL)
    assert found.range == span(4, 4, 10)
    assert found.severity is types.DiagnosticSeverity.Error
    assert (found.source, found.code) == ("datalint", "write-after-save")
    assert found.code_description == types.CodeDescription(page_url("write-after-save"))
    assert found.message.startswith("`y` is written through `.data` after `sigmoid` saved")
    assert "\nhelp: with `.detach()`" in found.message
    assert not found.tags
    assert list(found.related_information or ()) == [
        types.DiagnosticRelatedInformation(types.Location(uri, where), message)
        for where, message in (
            (span(3, 4, 15), "`sigmoid` saves its result here"),
            (span(5, 0, 9), "written here"),
            (span(6, 0, 18), "backward here"),
        )
    ]


async def test_what_is_typed_is_judged_and_what_is_closed_is_cleared(
    shared: Editor, tmp_path: Path
) -> None:
    uri = (tmp_path / "train.py").as_uri()
    (tmp_path / "train.py").write_text(MENDED)  # the text in the editor counts, not the file
    assert rules(await shared.opened(uri, HARMFUL)) == ["write-after-save"]
    shared.type(uri, MENDED)
    told = await shared.next(uri)
    assert (told.version, told.diagnostics) == (2, ())
    shared.type(uri, HARMFUL)
    told = await shared.next(uri)
    assert (told.version, rules(told.diagnostics)) == (3, ["write-after-save"])
    shared.close(uri)
    assert (await shared.next(uri)).diagnostics == ()


async def test_of_many_changes_the_newest_is_told_and_nothing_late(
    shared: Editor, tmp_path: Path
) -> None:
    uri = (tmp_path / "train.py").as_uri()
    await shared.opened(uri, HARMFUL)
    for _ in range(10):
        shared.type(uri, MENDED)
        shared.type(uri, HARMFUL)
    count = 1
    while (await shared.next(uri, count)).version != 21:
        count += 1
    told = {t.version: rules(t.diagnostics) for t in shared.told[uri]}
    assert list(told) == sorted(told) and len(told) < 10
    assert all(found == (["write-after-save"] if v % 2 else []) for v, found in told.items() if v)


async def test_edits_count_lines_and_characters_as_lsp_does(shared: Editor, tmp_path: Path) -> None:
    """A form feed or U+2028 ends no line, a character beyond U+FFFF is two; edits follow edits."""
    uri = (tmp_path / "odd.py").as_uri()
    odd = HARMFUL.replace("c = y.data", "s = '\x0c\u2028😀'; c = y.clone()")
    assert await shared.opened(uri, odd) == ()
    old = types.TextDocumentContentChangePartial
    shared.type(uri, old(span(4, 18, 25), "dat"), old(span(4, 21, 21), "a"))
    told = await shared.next(uri)
    assert [d.range for d in told.diagnostics] == [span(4, 16, 22)]
    shared.type(uri, old(types.Range(types.Position(0, 0), types.Position(99, 0)), MENDED))
    assert (await shared.next(uri)).diagnostics == ()


async def test_columns_count_in_the_units_that_were_agreed_on(
    plain: Editor, tmp_path: Path
) -> None:
    text = HARMFUL.replace("c = y.data", "s='😀'; c = y.data")
    (found,) = await plain.opened((tmp_path / "a.py").as_uri(), text)
    assert found.range == span(4, 14, 20)


class TestActions:
    async def test_a_fix_is_offered_where_its_finding_is(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "train.py").as_uri()
        (found,) = await shared.opened(uri, HARMFUL)
        (action, silence) = await shared.actions(uri, span(4, 5, 5))
        assert action.title.startswith("Use `.detach()`") and action.title.endswith(" (unsafe)")
        assert action.kind == types.CodeActionKind.QuickFix
        assert action.diagnostics == (found,)
        assert not action.is_preferred
        assert shared.with_edits(uri, action.edit) == HARMFUL.replace("y.data", "y.detach()")
        assert silence.title == "Silence write-after-save here"
        assert silence.diagnostics == (found,)
        silent = shared.with_edits(uri, silence.edit)
        assert "c = y.data  # datalint: ignore[write-after-save]\n" in silent
        shared.type(uri, silent)
        assert await shared.actions(uri, span(4, 5, 5)) == []
        assert await shared.actions(uri, span(2, 0, 3)) == []

    async def test_a_safe_one_is_preferred_and_all_can_be_made(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "look.py").as_uri()
        text = READS.replace("\n", "\r\n").rstrip()
        assert rules(await shared.opened(uri, text)) == ["data-read"] * 2
        (action, _, every) = await shared.actions(uri, span(3, 6, 12))
        assert action.is_preferred and not action.title.endswith("(unsafe)")
        assert shared.with_edits(uri, action.edit) == text.replace("x.data)", "x.detach())")
        assert every.kind == "source.fixAll.datalint"
        assert shared.with_edits(uri, every.edit) == text.replace(".data", ".detach()")

    async def test_a_fix_of_several_lines_ends_them_as_the_text_does(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "init.py").as_uri()
        text = "import torch\r\n\r\nx = torch.ones(3)\r\nx.data.mul_(2)\r\n"
        (tmp_path / "pyproject.toml").write_text(
            '[tool.datalint]\nextend-select = ["data-write"]\n'
        )
        assert rules(await shared.opened(uri, text)) == ["data-write"]
        (action, _) = await shared.actions(uri, span(3, 0, 0))
        assert shared.with_edits(uri, action.edit) == text.replace(
            "x.data.mul_", "with torch.no_grad():\r\n    x.mul_"
        )

    async def test_what_the_declared_encoding_cannot_write_is_not_lost(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "latin.py").as_uri()
        text = "# coding: latin-1\n" + READS.replace("x.data)", "'😀', x.data)")
        assert rules(await shared.opened(uri, text)) == ["data-read"] * 2
        (action, _) = await shared.actions(uri, span(4, 14, 14))
        assert "'😀', x.detach())" in shared.with_edits(uri, action.edit)

    async def test_only_the_kinds_that_are_asked_for_are_offered(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "look.py").as_uri()
        await shared.opened(uri, READS)
        for only, offered in {
            "quickfix": ["quickfix"] * 2,
            "source": ["source.fixAll.datalint"],
            "source.fixAll": ["source.fixAll.datalint"],
            "source.fixAll.ruff": [],
            "refactor": [],
        }.items():
            found = await shared.actions(uri, span(3, 6, 12), only)
            assert [action.kind for action in found] == offered

    async def test_what_was_just_typed_is_judged_before_it_is_fixed(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        """As when an editor makes fixes on saving."""
        uri = (tmp_path / "look.py").as_uri()
        await shared.opened(uri, READS)
        shared.type(uri, "\n" + READS)
        (action,) = await shared.actions(uri, NOWHERE, "source.fixAll.datalint")
        fixed = shared.with_edits(uri, action.edit)
        assert fixed == "\n" + READS.replace(".data", ".detach()")
        shared.type(uri, fixed)
        assert await shared.actions(uri, NOWHERE) == []

    async def test_a_client_that_knows_no_versions_gets_none(
        self, plain: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "train.py").as_uri()
        await plain.opened(uri, HARMFUL)
        (action, _) = await plain.actions(uri, span(4, 4, 10))
        assert action.edit and action.edit.changes and not action.edit.document_changes
        fixed = with_edits(HARMFUL, action.edit.changes[uri])
        assert fixed == HARMFUL.replace("y.data", "y.detach()")


def test_a_fix_that_would_spoil_the_text_is_not_offered(tmp_path: Path) -> None:
    documents = Documents()
    documents.open(types.TextDocumentItem("untitled:a", "python", 1, SOURCE))
    unit = documents.unit("untitled:a")
    assert unit
    offered = []
    for content in ("y.detach()", "y.detach("):
        found = finding(at(SOURCE, 5, "y.data"), path=unit.path, fix=(Applicability.SAFE, content))
        terms = Terms(Judge().check(unit, {}, []), {}, PositionCodec())
        (*actions,) = quick_fixes([terms.marked(found)], terms, Changes(versioned=True))
        offered.append(len(actions))
    assert offered == [1, 0]


async def test_the_page_of_a_rule_is_shown_where_it_found_something(
    shared: Editor, tmp_path: Path
) -> None:
    uri = (tmp_path / "train.py").as_uri()
    await shared.opened(uri, HARMFUL)

    async def hover(line: int, character: int) -> types.Hover | None:
        at = types.Position(line, character)
        params = types.HoverParams(types.TextDocumentIdentifier(uri), at)
        return await shared.client.text_document_hover_async(params)

    shown = await hover(4, 7)
    assert shown and shown.range == span(4, 4, 10)
    assert shown.contents == types.MarkupContent(
        types.MarkupKind.Markdown, explain_rules(("write-after-save",))
    )
    assert await hover(4, 3) is None
    assert await hover(3, 7) is None


class TestNotebooks:
    FIRST = "import torch\nx = torch.ones(3, requires_grad=True)\ny = x.sigmoid()\ny.data.zero_()\n"

    def cell(self, number: int, text: str) -> types.TextDocumentItem:
        return types.TextDocumentItem(self.uri(number), "python", 1, text)

    def uri(self, number: int) -> str:
        return f"vscode-notebook-cell:{self.path}#{number}"

    def listed(self, number: int) -> types.NotebookCell:
        return types.NotebookCell(types.NotebookCellKind.Code, self.uri(number))

    @pytest.fixture
    def notebook(
        self, connected: Editor, tmp_path: Path
    ) -> Iterator[types.NotebookDocumentIdentifier]:
        """Three cells; in the last a backward needs what the first overwrites."""
        self.path = str(tmp_path / "train.ipynb")
        uri = (tmp_path / "train.ipynb").as_uri()
        cells = [
            self.cell(1, self.FIRST),
            self.cell(2, "!ls\n"),
            self.cell(3, "y.sum().backward()"),
        ]
        for cell in cells:
            connected.texts[cell.uri], connected.versions[cell.uri] = cell.text, 1
        connected.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(
                types.NotebookDocument(
                    uri, "jupyter-notebook", 1, [self.listed(number) for number in (1, 2, 3)]
                ),
                cells,
            )
        )
        yield types.NotebookDocumentIdentifier(uri)
        for cell in cells:
            del connected.texts[cell.uri]
        self.close(connected, types.NotebookDocumentIdentifier(uri))

    def close(self, editor: Editor, notebook: types.NotebookDocumentIdentifier) -> None:
        cells = [types.TextDocumentIdentifier(self.uri(number)) for number in (1, 2, 3)]
        closed = types.DidCloseNotebookDocumentParams(notebook, cells)
        editor.client.notebook_document_did_close(closed)

    def change(
        self,
        shared: Editor,
        notebook: types.NotebookDocumentIdentifier,
        change: types.NotebookDocumentCellChanges,
    ) -> None:
        shared.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                types.VersionedNotebookDocumentIdentifier(2, notebook.uri),
                types.NotebookDocumentChangeEvent(cells=change),
            )
        )

    async def test_names_flow_and_findings_are_told_by_the_cell(
        self, shared: Editor, notebook: types.NotebookDocumentIdentifier
    ) -> None:
        (found,) = (await shared.next(self.uri(1), 0)).diagnostics
        assert (found.code, found.range) == ("write-after-save", span(3, 0, 6))
        assert [r.location for r in found.related_information or ()] == [
            types.Location(self.uri(1), span(2, 4, 15)),
            types.Location(self.uri(1), span(3, 0, 14)),
            types.Location(self.uri(3), span(0, 0, 18)),
        ]
        assert (await shared.next(self.uri(3), 0)).diagnostics == ()
        (action, silence) = await shared.actions(self.uri(1), span(3, 0, 0))
        fixed = shared.with_edits(self.uri(1), action.edit)
        assert fixed == self.FIRST.replace("y.data", "y.detach()")
        silent = shared.with_edits(self.uri(1), silence.edit)
        assert "  # datalint: ignore[write-after-save]" in silent

    async def test_cells_are_edited_put_in_and_taken_out(
        self, shared: Editor, notebook: types.NotebookDocumentIdentifier
    ) -> None:
        await shared.next(self.uri(1), 0)
        text = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(2, self.uri(1)),
            [types.TextDocumentContentChangePartial(span(3, 2, 6), "clone()")],
        )
        self.change(shared, notebook, types.NotebookDocumentCellChanges(text_content=[text]))
        mended = await shared.next(self.uri(1))
        assert (mended.version, mended.diagnostics) == (2, ())
        await shared.next(self.uri(3), 1)
        told = len(shared.told[self.uri(3)])
        array = types.NotebookCellArrayChange(1, 2, [self.listed(4)])
        structure = types.NotebookDocumentCellChangeStructure(
            array,
            did_open=[self.cell(4, "# a row more\ny.data.zero_()\ny.sum().backward()\n")],
            did_close=[types.TextDocumentIdentifier(self.uri(number)) for number in (2, 3)],
        )
        self.change(shared, notebook, types.NotebookDocumentCellChanges(structure=structure))
        (found,) = (await shared.next(self.uri(4), 0)).diagnostics
        assert found.range == span(1, 0, 6)
        gone = await shared.next(self.uri(3), told)
        assert (gone.version, gone.diagnostics) == (None, ())

    async def test_all_cells_are_cleared_when_it_is_closed(
        self, shared: Editor, notebook: types.NotebookDocumentIdentifier
    ) -> None:
        assert (await shared.next(self.uri(1), 0)).diagnostics
        self.close(shared, notebook)
        assert (await shared.next(self.uri(1), 1)).diagnostics == ()
        assert await shared.actions(self.uri(1), span(3, 0, 0)) == []

    async def test_a_cell_that_is_no_python_is_named(
        self, shared: Editor, notebook: types.NotebookDocumentIdentifier
    ) -> None:
        await shared.next(self.uri(3), 0)
        text = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(2, self.uri(3)),
            [types.TextDocumentContentChangeWholeDocument("x = 1\ny.sum(")],
        )
        self.change(shared, notebook, types.NotebookDocumentCellChanges(text_content=[text]))
        (told,) = (await shared.next(self.uri(3))).diagnostics
        assert (told.code, told.range.start) == ("not-analysed", types.Position(1, 5))


class TestImports:
    async def test_open_texts_count_then_what_is_on_disk(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        helper = tmp_path / "ops.py"
        helper.write_text(HELPER)
        uri = (tmp_path / "main.py").as_uri()
        (found,) = await shared.opened(uri, MAIN.format(module="ops"))
        places = [r.location for r in found.related_information or ()]
        assert types.Location(helper.as_uri(), span(2, 8, 22)) in places
        shared.open(helper.as_uri(), HELPER)
        shared.type(helper.as_uri(), "def clip(t, inplace=False):\n    return t\n")
        assert "write-after-save" not in rules((await shared.next(uri)).diagnostics)
        shared.close(helper.as_uri())
        assert rules((await shared.next(uri)).diagnostics) == ["write-after-save"]

    @pytest.mark.parametrize("event", ["file_changed", "save"])
    async def test_a_file_that_was_edited_elsewhere_is_read_again(
        self, event: str, shared: Editor, tmp_path: Path
    ) -> None:
        helper, main = tmp_path / "ops.py", (tmp_path / "main.py").as_uri()
        assert "write-after-save" not in rules(await shared.opened(main, MAIN.format(module="ops")))
        helper.write_text(HELPER)
        if event == "save":
            shared.save(main)
        else:
            shared.file_changed(helper)
        assert rules((await shared.next(main)).diagnostics) == ["write-after-save"]

    async def test_the_server_asks_to_be_told_of_files_where_that_can_be(
        self, shared: Editor, plain: Editor
    ) -> None:
        assert plain.registered == []
        (registration,) = shared.registered
        assert registration.method == "workspace/didChangeWatchedFiles"
        assert {"globPattern": "**/pyproject.toml"} in registration.register_options["watchers"]


class TestConfiguration:
    FACTS = '[tool.datalint.facts]\nmutates = ["kernels.scale"]\n'
    TEXT = (
        "import torch\nimport kernels\n\nx = torch.ones(3, requires_grad=True)\n"
        "y = x.sigmoid()\nkernels.scale(y.data)\ny.sum().backward()\n"
    )

    async def test_the_nearest_holds_and_the_last_right_one_while_it_is_broken(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        file = tmp_path / "pyproject.toml"
        file.write_text(self.FACTS)
        uri, config = (tmp_path / "train.py").as_uri(), file.as_uri()
        assert rules(await shared.opened(uri, self.TEXT)) == ["write-after-save"]

        file.write_text(self.FACTS.replace("mutates", "mutate"))
        shared.file_changed(file)
        (told,) = (await shared.next(config, 0)).diagnostics
        assert told.severity is types.DiagnosticSeverity.Error
        assert told.range.start == types.Position(1, 0)
        assert told.message.endswith("is named 'mutate'; did you mean 'mutates'?")
        assert f"{file}:2: " in shared.client.messages[-1].message
        assert rules((await shared.next(uri, 1)).diagnostics) == ["write-after-save"]
        shown = len(shared.client.messages)
        shared.type(uri, self.TEXT + "\n")
        await shared.next(uri)
        assert len(shared.client.messages) == shown, "it is shown once"

        file.write_text("[tool.datalint]\n")
        shared.file_changed(file)
        assert (await shared.next(config, 1)).diagnostics == ()
        assert rules((await shared.next(uri, 3)).diagnostics) == ["data-read"]

    def test_what_is_in_the_baseline_is_not_told(self, datalint: Datalint, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text('[tool.datalint]\nbaseline = "known.json"\n')
        (tmp_path / "train.py").write_text(HARMFUL)
        documents = Documents()
        uri = (tmp_path / "train.py").as_uri()
        documents.open(types.TextDocumentItem(uri, "python", 1, HARMFUL))
        unit, judge = documents.unit(uri), Judge()
        assert unit
        outcome = judge.check(unit, {}, [])
        assert outcome.report.findings and "known.json" in str(outcome.setting.error)
        assert datalint("--write-baseline", ".").returncode == 0
        outcome = judge.check(unit, {}, [])
        assert (outcome.report.findings, outcome.setting.error) == ((), None)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"select": ["data-raed"]}, "no rule is named 'data-raed'; did you mean 'data-read'?"),
            ({"selct": []}, "no option is named 'selct'; did you mean 'select'?"),
            ({"ignore": "all"}, "ignore has to be a list of rules"),
            ({"minConfidence": "low"}, "minConfidence is 'medium' or 'high'"),
            (["select"], "the initialization options have to be an object"),
        ],
    )
    def test_options_that_cannot_be_meant_are_refused(self, options: object, message: str) -> None:
        with pytest.raises(BadOptions) as caught:
            said(options)
        assert str(caught.value) == message

    def test_options_say_what_the_command_line_would(self) -> None:
        options = {"select": ["data-read"], "extendSelect": ["data-write"], "minConfidence": "high"}
        assert said(options) == Said(
            select=("data-read",), extend_select=("data-write",), min_confidence="high"
        )
        assert said({"ignore": ["data-read"]}) == Said(ignore=("data-read",))
        assert said(None) == said({}) == Said()

    async def test_without_options_that_can_be_meant_the_default_rules_are_checked(
        self, plain: Editor, tmp_path: Path
    ) -> None:
        (found,) = await plain.opened((tmp_path / "a.py").as_uri(), HARMFUL + READS)
        assert found.code == "write-after-save"
        assert "'data-raed'" in plain.client.messages[0].message


class TestWhatIsChecked:
    async def test_a_syntax_error_is_no_more_than_information(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "train.py").as_uri()
        (told,) = await shared.opened(uri, HARMFUL + "s = '😀' 1\n")
        assert told.severity is types.DiagnosticSeverity.Information
        assert told.code == "not-analysed"
        assert told.message == "not analysed: syntax error: invalid syntax"
        assert told.range.start == types.Position(7, 9)

    @pytest.mark.parametrize("name", ["build/a.py", "made/a.py", "left/out/a.py", "b.py"])
    async def test_what_a_folder_is_checked_without_is_not(self, name: str, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".gitignore").write_text("made/\nb.py\n")
        (tmp_path / "pyproject.toml").write_text('[tool.datalint]\nextend-exclude = ["left/"]\n')
        documents = Documents()
        documents.open(types.TextDocumentItem((tmp_path / name).as_uri(), "python", 1, HARMFUL))
        unit = documents.unit((tmp_path / name).as_uri())
        assert unit

        def found(*roots: Path) -> bool:
            return bool(Judge().check(unit, {}, [str(root) for root in roots]).report.findings)

        assert not found(tmp_path)
        assert not found(), "then it is the folder of the configuration that counts"
        if "/" in name:
            assert found(tmp_path, (tmp_path / name).parent), "a folder that is named is checked"

    async def test_only_python_is_checked(self, shared: Editor, tmp_path: Path) -> None:
        other = [(tmp_path / name).as_uri() for name in ("a.toml", "a.ipynb")]
        shared.open(other[0], HARMFUL, "toml")
        shared.open(other[1], HARMFUL)
        await shared.opened((tmp_path / "b.py").as_uri(), HARMFUL)
        assert not shared.told.keys() & set(other)

    async def test_a_text_that_is_in_no_file_is_checked(self, shared: Editor) -> None:
        first, second = "untitled:Untitled-1", "untitled:Untitled-2"
        (found,) = await shared.opened(first, HARMFUL)
        assert [r.location.uri for r in found.related_information or ()] == [first] * 3
        assert await shared.opened(second, MENDED) == ()
        shared.save(first)
        assert (await shared.next(first)).diagnostics == (found,)

    @pytest.mark.parametrize("letter", ["ä", "😀", "\ud800"])
    async def test_columns_hold_whatever_the_declared_encoding_is(
        self, letter: str, shared: Editor, tmp_path: Path
    ) -> None:
        uri = (tmp_path / "latin.py").as_uri()
        text = HARMFUL.replace("c = y.data", f"s='{letter}'; c = y.data")
        (found,) = await shared.opened(uri, "# coding: latin-1\n" + text)
        assert found.range.start == types.Position(5, 12 if letter == "😀" else 11)

    async def test_an_encoding_that_there_is_not_is_told(
        self, shared: Editor, tmp_path: Path
    ) -> None:
        (told,) = await shared.opened((tmp_path / "a.py").as_uri(), "# coding: klingon\n" + HARMFUL)
        assert told.message == "not analysed: unknown encoding: klingon"


class TestProcess:
    """How it begins, survives and ends."""

    def patched(self, statement: str) -> list[str]:
        """The server, with a statement before each check of a `source`."""
        program = (
            "import datalint.check as c, ast; real = c.check_source\n"
            "def check_source(source, *more):\n"
            f"    {statement}\n"
            "    return real(source, *more)\n"
            "c.check_source = check_source; from datalint.cli import main; main()"
        )
        return [sys.executable, "-c", program, "lsp"]

    async def test_a_bug_is_logged_and_the_server_survives(self, tmp_path: Path) -> None:
        async with editor(
            tmp_path, command=self.patched("if b'# now' in source: raise IndexError")
        ) as one:
            uri = (tmp_path / "a.py").as_uri()
            (told,) = await one.opened(uri, HARMFUL + "# now\n")
            assert "a datalint bug in " in told.message
            assert "IndexError" in one.client.log_messages[-1].message
            assert "Traceback" in one.client.log_messages[-1].message
            one.type(uri, HARMFUL)
            assert rules((await one.next(uri)).diagnostics) == ["write-after-save"]

    @pytest.mark.slow
    async def test_it_answers_and_ends_in_the_middle_of_a_check(self, tmp_path: Path) -> None:
        """Nobody waits for the end of the check."""
        forever = self.patched(r"while b'# now' in source: ast.parse('x = [1, (2, 3)]\n' * 2000)")
        async with editor(tmp_path, command=forever) as one:
            uris = [(tmp_path / name).as_uri() for name in ("a.py", "b.py")]
            assert await one.opened(uris[0], HARMFUL)
            one.open(uris[1], HARMFUL + "# now\n")
            await asyncio.sleep(0.6)
            assert await one.actions(uris[0], span(4, 4, 4))
        assert one.client._server and one.client._server.returncode == 0

    @pytest.mark.parametrize(
        ("messages", "code"),
        [
            ([], 1),
            ([INITIALIZE, EXIT], 1),
            ([b"garbage\r\n\r\n", message("[1, "), INITIALIZE, SHUTDOWN, EXIT], 0),
        ],
    )
    def test_exit_codes_and_garbage(self, messages: list[bytes], code: int, tmp_path: Path) -> None:
        done = subprocess.run(
            SERVER,
            input=b"".join(messages),
            capture_output=True,
            env=clean_environment(),
            timeout=60,
            check=False,
        )
        assert done.returncode == code
        assert (b'"serverInfo"' in done.stdout) is (INITIALIZE in messages)

    def test_without_the_extra_it_says_what_to_install(self) -> None:
        program = "import sys; sys.modules['pygls'] = None; from datalint.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", program, "lsp"],
            capture_output=True,
            text=True,
            env=clean_environment(),
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "datalint: error: the language server needs pygls 2:"
            " pip install 'torch-datalint[lsp]'\n"
        )


class TestChecks:
    """When units are judged, with checks that take as long as a test wants."""

    async def test_a_change_during_a_check_is_not_lost_and_the_old_one_not_told(self) -> None:
        worker, gate, told = Worker(), threading.Event(), []
        text = "old"

        async def check(uri: str) -> None:
            judged = text
            await worker.do(lambda: gate.wait(10))
            told.append(judged)

        checks = Checks(check, lambda error: pytest.fail(str(error)))
        checks.soon("a")
        await asyncio.sleep(0.3)
        text = "new"
        checks.soon("a")
        await asyncio.sleep(0.3)
        gate.set()
        await checks.settled("a")
        assert told == ["new"]

    async def test_what_fails_is_told_and_the_next_one_runs(self) -> None:
        worker, failed = Worker(), []

        async def check(uri: str) -> None:
            await worker.do(lambda: 1 // int(uri))

        checks = Checks(check, failed.append)
        for uri in "01":
            checks.soon(uri)
            await checks.settled(uri)
        assert [type(error) for error in failed] == [ZeroDivisionError]
