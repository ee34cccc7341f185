"""The language server as an editor meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import client_capabilities

from datalint.lsp.convert import rule_url
from datalint.selection import explain_rules
from tests.conftest import clean_environment
from tests.editor import SERVER, Editor, editor, with_edits
from tests.test_cli import HARMFUL
from tests.test_project import HELPER, MAIN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MENDED = HARMFUL.replace("c = y.data\n", "c = y.clone()\n")
#: Two reads with fixes that are safe, on which the default rules are silent.
READS = "import torch\n\nx = torch.ones(3)\nprint(x.data)\nprint(x.data.sum().item())\n"
NOWHERE = types.Range(types.Position(0, 0), types.Position(0, 0))


def span(line: int, first: int, last: int) -> types.Range:
    return types.Range(types.Position(line, first), types.Position(line, last))


def rules(diagnostics: list[types.Diagnostic]) -> list[int | str | None]:
    return [diagnostic.code for diagnostic in diagnostics]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """One server for all that do not need their own: starting one takes longest."""
    root = tmp_path_factory.getbasetemp()
    async with editor(root, {"extendSelect": ["data-read"]}) as one:
        yield one


async def test_a_finding_is_told_with_its_story(shared: Editor, tmp_path: Path) -> None:
    uri = (tmp_path / "träin 1.py").as_uri()
    (found,) = await shared.opened(uri, HARMFUL)
    assert found.range == span(4, 4, 10)
    assert found.severity is types.DiagnosticSeverity.Error
    assert (found.source, found.code) == ("datalint", "write-after-save")
    assert found.code_description == types.CodeDescription(rule_url("write-after-save"))
    assert found.message.startswith("`y` is written through `.data` after `sigmoid` saved")
    assert "\nhelp: with `.detach()`" in found.message
    assert not found.tags
    assert found.related_information == [
        types.DiagnosticRelatedInformation(types.Location(uri, where), message)
        for where, message in (
            (span(3, 4, 15), "`sigmoid` saves its result here"),
            (span(5, 0, 9), "written here"),
            (span(6, 0, 18), "backward here"),
        )
    ]
