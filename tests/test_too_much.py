"""A file that would take too long is said to have been judged in part, and what was found shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datalint.flow import run
from tests.notebooks import notebook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Datalint

HEAD = "import torch\n\n\n"
BEGIN = HEAD + "def first(x):\n    y = x.exp()\n    y.data.zero_()\n    y.sum().backward()\n\n\n"
SAVED = "    z = x.exp()\n    z.data.zero_()\n    z.sum().backward()\n"
LATER = "def later(x):\n" + "    x = x + 1\n" * 500 + SAVED
WHY = "too much to follow: what begins here, and what comes later, was not all looked at"


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LIMIT", 1000)


def test_what_was_found_is_shown_and_what_was_not_looked_at_is_said(
    datalint: Datalint, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text(BEGIN + LATER)
    (tmp_path / "b.py").write_text(BEGIN)
    done = datalint("--no-cache", "--output-format", "concise", ".")
    assert done.returncode == 2
    shown = done.stdout.splitlines()
    assert [row.split(": ")[0] for row in shown[:3]] == ["a.py:6:5", "b.py:6:5", "a.py:10:1"]
    assert shown[2].endswith(WHY)


def test_it_is_said_again_from_the_cache(datalint: Datalint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BEGIN + LATER)
    first = datalint("--output-format", "json", ".")
    assert (first.stdout.count(WHY), first.stdout.count("for backward: the gradient")) == (1, 1)
    assert datalint("--output-format", "json", ".").stdout == first.stdout


def test_where_nothing_was_found_only_that_is_said(datalint: Datalint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(HEAD + LATER)
    done = datalint("--no-cache", "--output-format", "concise", ".")
    assert done.returncode == 2
    assert done.stdout.startswith("a.py:4:1: ")


def test_a_top_level_that_is_too_much_is_named_by_its_statement(
    datalint: Datalint, tmp_path: Path
) -> None:
    body = "".join(f"x = x + {n}\n" for n in range(600))
    (tmp_path / "a.py").write_text("import torch\nx = torch.ones(3)\n" + body + "x.data.zero_()\n")
    done = datalint("--no-cache", "--output-format", "concise", ".")
    row = int(done.stdout.split(":")[1])
    assert 100 < row < 602


def test_a_comment_is_not_called_unused_where_not_all_was_looked_at(
    datalint: Datalint, tmp_path: Path
) -> None:
    silent = SAVED.replace("zero_()", "zero_()  # datalint: ignore[write-after-save]")
    (tmp_path / "a.py").write_text(BEGIN + LATER.replace(SAVED, silent))
    done = datalint("--no-cache", "--output-format", "concise", ".")
    assert "unused-suppression" not in done.stdout
    assert WHY in done.stdout


def test_a_cell_is_named_as_cells_are(datalint: Datalint, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(notebook(BEGIN, LATER))
    done = datalint("--no-cache", "--output-format", "concise", ".")
    assert [row.split(": ")[0] for row in done.stdout.splitlines()[:2]] == [
        "a.ipynb:cell 1:6:5",
        "a.ipynb:cell 2:1:1",
    ]


def test_what_was_found_is_fixed(datalint: Datalint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BEGIN + LATER)
    done = datalint("--no-cache", "--fix", "--unsafe-fixes", ".")
    assert "y.detach().zero_()" in (tmp_path / "a.py").read_text()
    assert WHY in done.stdout
