"""What a file imports is found on disk, read once, and never gets findings of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

import pytest

from datalint.check import check_source
from datalint.flow.project import Project
from datalint.source.disk import Disk
from datalint.source.imports import Imports

if TYPE_CHECKING:
    from pathlib import Path

    from datalint.flow.project import Parsed
    from tests.conftest import Datalint

HELPER = "def clip(t, inplace=False):\n    if inplace:\n        t.clamp_(0, 1)\n"
WRITER = "def halve(t):\n    t.data.mul_(0.5)\n"
MAIN = """\
import torch
from {module} import clip


def f(x):
    y = torch.exp(x)
    clip(y.data, inplace=True)
    return y.sum().backward()
"""


def tree(folder: Path, files: dict[str, str]) -> Path:
    """These files below `folder`."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def rules(folder: Path, name: str, project: Project | None = None) -> list[tuple[int, str]]:
    """What is found in one file of a tree, but for reads."""
    found = check_source((folder / name).read_bytes(), str(folder / name), project)
    return sorted((f.span.row, f.rule) for f in found if f.rule != "data-read")


@pytest.mark.parametrize(
    ("importer", "module", "helper"),
    [
        ("main.py", "ops", "ops.py"),
        ("main.py", "lib.ops", "lib/ops.py"),  # a folder without __init__.py
        ("pkg/main.py", ".ops", "pkg/ops.py"),
        ("pkg/deep/main.py", "..ops", "pkg/ops.py"),
        ("pkg/deep/main.py", "pkg.ops", "pkg/ops.py"),
        ("tools/main.py", "lib.ops", "lib/ops.py"),  # from the project's root
    ],
)
def test_an_import_is_followed_wherever_it_leads(
    tmp_path: Path, importer: str, module: str, helper: str
) -> None:
    packages = ["pkg/__init__.py", "pkg/deep/__init__.py"]
    tree(tmp_path, {"pyproject.toml": "", **dict.fromkeys(packages, "")})
    tree(tmp_path, {importer: MAIN.format(module=module), helper: HELPER})
    assert rules(tmp_path, importer) == [(7, "write-after-save")]


def test_what_is_re_exported_is_found(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "pkg/__init__.py": "from .star import *\n",
            "pkg/star.py": "from .ops import clip as shorten\nclip = shorten\n",
            "pkg/ops.py": f"import torch\n{HELPER}",
            "main.py": MAIN.format(module="pkg"),
        },
    )
    assert rules(tmp_path, "main.py") == [(7, "write-after-save")]


def test_a_module_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    tree(tmp_path, {"main.py": MAIN.format(module="nowhere.ops")})
    assert rules(tmp_path, "main.py") == []


def test_a_module_that_is_no_python_is_unknown(tmp_path: Path) -> None:
    tree(tmp_path, {"main.py": MAIN.format(module="ops"), "ops.py": "def clip(:\n"})
    assert rules(tmp_path, "main.py") == []


def test_what_a_module_does_when_run_is_not_done(tmp_path: Path) -> None:
    script = f'{HELPER}\nif __name__ == "__main__":\n    def clip(t, inplace): pass\n'
    tree(tmp_path, {"main.py": MAIN.format(module="ops"), "ops.py": script})
    assert rules(tmp_path, "main.py") == [(7, "write-after-save")]


def test_a_cycle_ends(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "main.py": MAIN.format(module="a"),
            "a.py": f"from b import *\nfrom main import f\n{HELPER}",
            "b.py": "from a import *\nfrom b import nothing\n",
        },
    )
    assert rules(tmp_path, "main.py") == [(7, "write-after-save")]


def test_a_file_is_judged_the_same_whatever_was_read_before(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "main.py": MAIN.format(module="a"),
            "a.py": f"import b\n{HELPER}\nclass A(b.B):\n    pass\n",
            "b.py": "import a\n\n\nclass B:\n    def g(self, x):\n        x.data.zero_()\n",
        },
    )
    alone = {name: rules(tmp_path, name) for name in ("main.py", "a.py", "b.py")}
    for order in (["main.py", "a.py", "b.py"], ["b.py", "a.py", "main.py"]):
        project = Project()
        assert {name: rules(tmp_path, name, project) for name in order} == alone


def test_only_the_files_that_were_named_get_findings(tmp_path: Path, datalint: Datalint) -> None:
    source = "import torch\nfrom ops import halve\n\n\ndef f(x):\n    y = x.data\n    halve(y)\n"
    tree(tmp_path, {"main.py": source, "ops.py": WRITER})
    named = datalint(str(tmp_path / "main.py"), "--output-format", "concise").stdout.splitlines()
    both = datalint(str(tmp_path), "--output-format", "concise").stdout.splitlines()
    assert not any("ops.py" in line for line in named)
    assert any("ops.py" in line for line in both)
    assert [x for x in both if "main.py:" in x] == [x for x in named if "main.py:" in x] != []


@pytest.mark.parametrize("start", [".", "pkg", "pkg/deep"])
def test_it_does_not_matter_from_where_a_file_is_named(
    tmp_path: Path, datalint: Datalint, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    tree(
        tmp_path,
        {
            "pyproject.toml": "",
            "pkg/__init__.py": "",
            "pkg/deep/__init__.py": "",
            "pkg/deep/main.py": MAIN.format(module="lib.ops"),
            "lib/ops.py": HELPER,
        },
    )
    monkeypatch.chdir(tmp_path / start)
    whole, helper = tmp_path / "pkg/deep/main.py", tmp_path / "lib/ops.py"
    path, beside = os.path.relpath(whole), os.path.relpath(helper)
    for spelled, other in ((path, beside), (f"./{path}", beside), (whole, helper)):
        shown = datalint(str(spelled)).stdout
        assert f"--> {spelled}:7:10" in shown
        assert f"::: {other}:3:9" in shown


@pytest.mark.parametrize("spelled", ["b.py", "./b.py", "folder/../b.py"])
def test_a_file_that_is_imported_back_is_one_however_it_is_named(
    tmp_path: Path, datalint: Datalint, spelled: str
) -> None:
    tree(
        tmp_path,
        {
            "a.py": "import torch\nimport b\n\n\ndef g(x):\n    b.f\n    return x.exp()\n",
            "b.py": "import torch\nimport a\n\n\ndef f(x):\n    y = a.g(x)\n"
            "    y.data.zero_()\n    return y.sum().backward()\n",
            "folder/c.py": "",
        },
    )
    assert datalint(spelled, "--output-format", "concise").stdout.count("write-after-save") == 1


def test_modules_of_one_name_in_two_projects_are_two(tmp_path: Path) -> None:
    for folder, blanks in (("one", ""), ("two", "\n\n\n")):
        files = {"a.py": MAIN.format(module="ops"), "b.py": MAIN.format(module="ops")}
        tree(tmp_path / folder, {**files, "ops.py": blanks + HELPER})
    project, told = Project(), []
    for name in ("one/a.py", "two/a.py", "one/b.py", "two/b.py"):
        path = tmp_path / name
        (finding,) = check_source(path.read_bytes(), str(path), project)
        told += [(n.path, n.span.row) for n in finding.notes if n.path != str(path)]
    one, two = (str(tmp_path / "one/ops.py"), 3), (str(tmp_path / "two/ops.py"), 6)
    assert told == [one, two, one, two]


def test_the_story_is_told_across_files(tmp_path: Path, datalint: Datalint) -> None:
    tree(tmp_path, {"main.py": MAIN.format(module="ops"), "ops.py": HELPER})
    shown = datalint(str(tmp_path / "main.py")).stdout
    assert "main.py:7:10" in shown
    assert "ops.py:3:9" in shown
    assert "t.clamp_(0, 1)" in shown


def test_absolute_imports_begin_above_the_package_then_further_up(tmp_path: Path) -> None:
    tree(tmp_path, {"setup.py": "", "src/pkg/__init__.py": "", "src/pkg/sub/__init__.py": ""})
    begin = Imports(Disk()).roots(tmp_path / "src/pkg/sub/module.py")
    assert begin == (tmp_path / "src", tmp_path)


def test_without_a_mark_of_a_project_only_the_own_root_counts(tmp_path: Path) -> None:
    tree(tmp_path, {"tools/main.py": "", "ops.py": ""})
    assert Imports(Disk()).roots(tmp_path / "tools/main.py") == (tmp_path / "tools",)
    assert Imports(Disk()).locate(tmp_path / "tools/main.py", "ops") is None


def test_torch_is_known_by_its_tables(tmp_path: Path) -> None:
    tree(tmp_path, {"torch/__init__.py": "", "main.py": ""})
    assert Imports(Disk()).locate(tmp_path / "main.py", "torch") is None


class TestAnotherRun:
    """What changed on disk is seen by another project, which takes over what is still the same."""

    HARM: ClassVar = [(7, "write-after-save")]

    def test_what_an_import_became_is_seen(self, tmp_path: Path) -> None:
        tree(tmp_path, {"main.py": MAIN.format(module="ops"), "ops.py": HELPER})
        modules: dict[str, Parsed] = {}
        once = Project(modules=modules)
        assert rules(tmp_path, "main.py", once) == self.HARM
        (tmp_path / "ops.py").write_text("def clip(t, inplace=False):\n    return t\n")
        assert rules(tmp_path, "main.py", once) == self.HARM, "a run sees one state of the disk"
        assert rules(tmp_path, "main.py", Project(modules=modules)) == []

    def test_what_is_still_the_same_is_parsed_once(self, tmp_path: Path) -> None:
        tree(tmp_path, {"ops.py": HELPER})
        modules: dict[str, Parsed] = {}
        first, second = (Project(modules=modules).read(str(tmp_path / "ops.py")) for _ in "ab")
        assert first is second is not None

    @pytest.mark.parametrize("on_disk", [{"ops.py": WRITER}, {}])
    def test_what_an_editor_holds_stands_for_the_file(
        self, tmp_path: Path, on_disk: dict[str, str]
    ) -> None:
        tree(tmp_path, {"main.py": MAIN.format(module="ops"), **on_disk})
        disk = Disk({str(tmp_path / "ops.py"): HELPER.encode()})
        assert rules(tmp_path, "main.py", Project()) == []
        assert rules(tmp_path, "main.py", Project(disk=disk)) == self.HARM

    def test_modules_that_have_become_a_package_are_told_from_what_they_were(
        self, tmp_path: Path
    ) -> None:
        tree(tmp_path, {"pkg/main.py": MAIN.format(module="ops"), "pkg/ops.py": HELPER})
        modules: dict[str, Parsed] = {}
        assert rules(tmp_path, "pkg/main.py", Project(modules=modules)) == self.HARM
        tree(tmp_path, {"pkg/__init__.py": "", "pkg/main.py": MAIN.format(module=".ops")})
        assert rules(tmp_path, "pkg/main.py", Project(modules=modules)) == self.HARM
