"""In a file that has nothing to do with torch, only what no array can do is a sign of a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datalint.check import check_source
from datalint.flow.glance import may_be_written
from datalint.flow.project import Project
from datalint.rules import EVERYTHING

if TYPE_CHECKING:
    from pathlib import Path

#: Written like tensors, and by the look of it run through by a backward: another framework.
OTHER = """
import mxnet as mx

def step(net, weight, grad):
    weight.data[:] = 0
    output = net(weight)
    output.data[0] += 1
    grad.data = grad.data * 2
    mean = output.mean()
    mean.backward()
"""
IN_PLACE = """
def clip(weight):
    weight.data.clamp_(-1, 1)
"""


def rules(path: Path, source: str) -> list[str]:
    path.write_text(source, encoding="utf-8")
    return sorted(finding.rule for finding in check_source(source.encode(), str(path)))


def test_names_and_arithmetic_are_no_sign_of_a_tensor(tmp_path: Path) -> None:
    assert rules(tmp_path / "a.py", OTHER) == []


def test_a_method_that_only_tensors_have_is(tmp_path: Path) -> None:
    assert rules(tmp_path / "a.py", IN_PLACE) == ["data-write"]


@pytest.mark.parametrize(
    "line",
    ["import torch", "from helper import net", "from helper import *", "from unseen import *"],
)
def test_they_are_where_torch_is_or_what_has_it_is_imported(tmp_path: Path, line: str) -> None:
    (tmp_path / "helper.py").write_text("import torch\nnet = torch.nn.Linear(1, 1)\n")
    found = rules(tmp_path / "a.py", f"{line}\n{OTHER}")
    assert "data-assignment" in found
    assert len(found) > 1


def test_a_text_that_is_in_no_file_imports_nothing_of_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "helper.py").write_text("import torch\nnet = torch.nn.Linear(1, 1)\n")
    monkeypatch.chdir(tmp_path)
    assert check_source(f"from helper import net\n{OTHER}".encode(), "-") == []
    assert check_source(f"from helper import *\n{OTHER}".encode(), "-")


def test_a_word_of_torch_in_what_is_imported_is_not_enough(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text('BACKENDS = ["numpy", "torch"]\n')
    assert rules(tmp_path / "a.py", f"from helper import BACKENDS\n{OTHER}") == []


@pytest.mark.parametrize("source", [OTHER, IN_PLACE])
def test_the_glance_agrees(source: str) -> None:
    project = Project()
    live = may_be_written(project.parse(source.encode(), "a.py").ir, project, torch=False)
    written = {f.rule for f in check_source(source.encode(), "a.py", sought=EVERYTHING)}
    assert bool(live) == bool(written - {"data-read"})
