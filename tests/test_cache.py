"""What files came to is kept, and believed only as long as it would be found again."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datalint import check
from datalint.cache import FOLDER, cache, folder, seal
from tests.conftest import ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Datalint, Done

HARMFUL = """\
import torch


def f(x):
    y = torch.exp(x)
    y.data.clamp_(0, 1)
    return y.sum().backward()
"""
CALLER = """\
import torch
from {module} import clip


def f(x):
    y = torch.exp(x)
    clip(y.data)
    return y.sum().backward()
"""
WRITES = "import torch\n\n\ndef clip(t):\n    t.clamp_(0, 1)\n"
READS = "import torch\n\n\ndef clip(t):\n    return t.abs()\n"
FOUND = "write-after-save"


@pytest.fixture(autouse=True)
def _default_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATALINT_CACHE_DIR")


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are judged, in that order; what is in it is taken out by whoever asks."""
    paths: list[str] = []
    real = check.check_source

    def counted(source: bytes, path: str, *others: object) -> object:
        paths.append(path)
        return real(source, path, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(check, "check_source", counted)
    return paths


def drain(judged: list[str]) -> list[str]:
    found = sorted(judged)
    judged.clear()
    return found


def tree(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def entries(place: str | Path = FOLDER) -> list[Path]:
    """What is kept, without what marks the folder."""
    return sorted(p for p in Path(place).iterdir() if len(p.name) == 32)


class TestAHit:
    def test_is_what_was_found_and_nothing_is_judged(
        self, datalint: Datalint, judged: list[str]
    ) -> None:
        tree({"a.py": CALLER.format(module="b"), "b.py": WRITES})
        cells = ["import torch", HARMFUL]
        notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
        tree({"c.ipynb": json.dumps(notebook)})
        words = ("a.py", "c.ipynb", "--select", "all", "--output-format")
        cold = [datalint(*words, form) for form in ("json", "text")]
        assert drain(judged) == ["a.py", "c.ipynb"]
        assert FOUND in cold[0].stdout
        assert [datalint(*words, form) for form in ("json", "text")] == cold
        assert drain(judged) == []

    def test_needs_no_analysis(self, datalint: Datalint) -> None:
        tree({"a.py": CALLER.format(module="b"), "b.py": WRITES})
        program = (
            "import sys\n"
            "from datalint.cli.main import _run\n"
            "print(_run(['-q', 'a.py']), 'datalint.flow.interpret' in sys.modules)"
        )
        said = [
            subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                text=True,
                env=clean_environment(),
                check=True,
            ).stdout.splitlines()
            for _ in range(2)
        ]
        assert [lines[-1] for lines in said] == ["1 True", "1 False"]
        assert said[0][:-1] == said[1][:-1]

    def test_is_also_that_a_file_cannot_be_analysed(
        self, datalint: Datalint, judged: list[str]
    ) -> None:
        notebook = {"cells": [{"cell_type": "code", "source": s} for s in ("x.data", "x.data(")]}
        tree({"a.py": "x.data\nif\n", "b.ipynb": json.dumps(notebook)})
        cold = datalint(".")
        assert cold.returncode == 2
        assert "a.py:2:3" in cold.stdout
        assert "b.ipynb:cell 2:1" in cold.stdout
        assert drain(judged) == ["a.py", "b.ipynb"]
        assert datalint(".") == cold
        assert drain(judged) == []

    def test_leaves_what_is_shown_to_the_options(
        self, datalint: Datalint, judged: list[str]
    ) -> None:
        tree({"a.py": HARMFUL})
        assert datalint("a.py").returncode == 1
        assert datalint("a.py", "--ignore", FOUND).returncode == 0
        assert "data-write" not in datalint("a.py", "--extend-select", "data-write").stdout
        assert datalint("a.py", "--baseline", "known.json", "--write-baseline").returncode == 0
        assert datalint("a.py", "--baseline", "known.json").returncode == 0
        assert drain(judged) == ["a.py"]

    def test_is_found_under_a_name_that_is_no_text(
        self, datalint: Datalint, judged: list[str]
    ) -> None:
        name = os.fsdecode(b"\xff\n\x1b.py")
        try:
            tree({name: HARMFUL})
        except OSError:
            pytest.skip("no file can have such a name here")
        assert datalint(".") == datalint(".")
        assert drain(judged) == [name]


class TestAMiss:
    """Each part of what a judgement depends on, apart from other files."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda: tree({"a.py": HARMFUL.replace("0, 1", "1, 2")}),  # as many bytes
            lambda: tree({"pyproject.toml": '[tool.datalint.facts]\nmodules = ["a.b"]\n'}),
            lambda: tree({"pyproject.toml": '[tool.datalint.facts]\nmutates = ["a.b:1"]\n'}),
            lambda: tree({"pyproject.toml": '[tool.datalint.facts]\nreturns-tensor = ["a.b"]\n'}),
            lambda: tree({"pyproject.toml": '[tool.datalint]\nextend-select = ["blind-write"]\n'}),
        ],
    )
    def test_comes_of_a_change(
        self, change: Callable[[], None], datalint: Datalint, judged: list[str]
    ) -> None:
        tree({"a.py": HARMFUL, "pyproject.toml": "[tool.datalint]\n"})
        datalint("a.py")
        datalint("a.py")
        assert drain(judged) == ["a.py"]
        change()
        datalint("a.py")
        assert drain(judged) == ["a.py"]
        datalint("a.py")
        assert drain(judged) == []

    def test_comes_of_another_spelling_or_folder(
        self, datalint: Datalint, judged: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree({"pyproject.toml": "[tool.datalint]\n", "sub/a.py": HARMFUL, "a.py": HARMFUL})
        whole = str(Path("a.py").absolute())
        said = [datalint("-q", path).stdout for path in ("a.py", "./a.py", whole)]
        monkeypatch.chdir("sub")
        said.append(datalint("-q", "a.py").stdout)
        assert drain(judged) == sorted(["a.py", "./a.py", whole, "a.py"])
        assert f"{whole}:6" in said[2]
        assert entries("../" + FOLDER) and not Path(FOLDER).exists()

    def test_comes_of_another_program(
        self, datalint: Datalint, judged: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree({"a.py": HARMFUL})
        datalint("a.py")
        monkeypatch.setattr(cache, "program", lambda: "another")
        datalint("a.py")
        assert drain(judged) == ["a.py", "a.py"]

    def test_another_program_is_one_with_another_byte_or_python(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = seal.program.__wrapped__
        seen = [program()]
        assert program() == seen[0]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "version", "4.0")
            seen.append(program())
        (tmp_path / "ops").mkdir()
        for name in ("__init__.py", "ops/curated.tsv"):
            tree({str(tmp_path / name): "1"})
        monkeypatch.setattr(seal.datalint, "__file__", str(tmp_path / "__init__.py"))
        seen.append(program())
        for name in ("__init__.py", "ops/curated.tsv"):
            tree({str(tmp_path / name): "2"})
            seen.append(program())
        assert len(set(seen)) == len(seen)


class TestOtherFiles:
    """A file is judged anew when the answer to anything that it asked of the disk is another."""

    @pytest.mark.parametrize(
        ("before", "change"),
        [
            pytest.param({"sub/b.py": WRITES}, {"sub/b.py": READS}, id="an import is edited"),
            pytest.param({"sub/b.py": WRITES}, {"sub/b.py": None}, id="it goes"),
            pytest.param({}, {"sub/b.py": WRITES}, id="it appears"),
            pytest.param({"sub/b.py": WRITES}, {"sub/b.py": "if\n"}, id="it is no Python any more"),
            pytest.param(
                {"sub/b.py": WRITES},
                {"sub/b/__init__.py": READS},
                id="a package hides the module",
            ),
            pytest.param(
                {"setup.py": "", "b.py": WRITES},
                {"sub/b.py": READS},
                id="one that lies nearer hides the other",
            ),
            pytest.param(
                {
                    "sub/a.py": CALLER.format(module="b").replace("torch", "math"),
                    "sub/b.py": WRITES.replace("import torch", ""),
                },
                {"sub/b.py": WRITES},
                id="an import comes to speak of torch",
            ),
            pytest.param({"b.py": WRITES}, {"setup.py": ""}, id="more folders are the project's"),
            pytest.param({"setup.py": "", "b.py": WRITES}, {"setup.py": None}, id="and fewer"),
            pytest.param(
                {"sub/b.py": WRITES, "b.py": READS, "setup.py": ""},
                {"sub/__init__.py": ""},
                id="the file comes to be in a package",
            ),
            pytest.param(
                {
                    "sub/a.py": CALLER.format(module="b.c"),
                    "sub/b/note.txt": "",
                    "setup.py": "",
                    "b/c.py": WRITES,
                },
                {"sub/b/c.py": READS},
                id="a folder comes to hold a module",
            ),
            pytest.param(
                {"sub/b.py": "from c import clip\n", "sub/c.py": WRITES},
                {"sub/c.py": READS},
                id="what an import imports is edited",
            ),
            pytest.param(
                {"sub/b.py": "from torch import *\nfrom c import *\n", "sub/c.py": WRITES},
                {"sub/c.py": WRITES.replace("clip", "clap")},
                id="and does not hand the name on",
            ),
        ],
    )
    def test_an_edit_counts(
        self,
        before: dict[str, str],
        change: dict[str, str | None],
        datalint: Datalint,
        judged: list[str],
    ) -> None:
        tree({"sub/a.py": CALLER.format(module="b"), **before})
        old = datalint("sub/a.py")
        assert datalint("sub/a.py") == old
        assert drain(judged) == ["sub/a.py"]
        for name, text in change.items():
            if text is None:
                Path(name).unlink()
            else:
                tree({name: text})
        new = datalint("sub/a.py")
        assert drain(judged) == ["sub/a.py"]
        assert new.stdout != old.stdout
        assert new == datalint("sub/a.py", "--no-cache")
        drain(judged)
        assert datalint("sub/a.py") == new
        assert drain(judged) == []

    def test_what_several_files_use_counts_for_each_of_them(
        self, datalint: Datalint, judged: list[str]
    ) -> None:
        """Though the second one finds it parsed already."""
        tree({"a.py": CALLER.format(module="b"), "c.py": WRITES, "d.py": HARMFUL})
        tree({"b.py": CALLER.format(module="c")})
        datalint(".")
        assert drain(judged) == ["a.py", "b.py", "d.py"]
        tree({"c.py": READS})
        again = datalint(".")
        assert drain(judged) == ["a.py", "b.py"]
        assert again == datalint(".", "--no-cache")
        assert "a.py" not in again.stdout

    def test_times_and_sizes_prove_nothing(self, datalint: Datalint) -> None:
        tree({"a.py": CALLER.format(module="b"), "b.py": WRITES})
        times = Path("b.py").stat()
        assert datalint("a.py").returncode == 1
        same_size = WRITES.replace("t.clamp_(0, 1)", "t.clamp(0, 1) ")
        assert len(same_size) == len(WRITES)
        tree({"b.py": same_size})
        os.utime("b.py", ns=(times.st_atime_ns, times.st_mtime_ns))
        assert datalint("a.py").returncode == 0

    def test_no_other_edit_counts(self, datalint: Datalint, judged: list[str]) -> None:
        tree({"a.py": CALLER.format(module="b"), "b.py": WRITES, "c.py": WRITES})
        datalint("a.py")
        tree({"c.py": READS, "d.py": HARMFUL, "b.pyi": "", "lib/b.py": READS})
        os.utime("b.py", (1, 1))
        datalint("a.py")
        assert drain(judged) == ["a.py"]


class TestWhatIsDamaged:
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_is_no_entry(self, datalint: Datalint, data: st.DataObject) -> None:
        path = Path("entry")
        whole = path.read_bytes() if path.exists() else self._entry(datalint, path)
        at = data.draw(st.integers(0, len(whole) - 1))
        damaged = data.draw(
            st.sampled_from(
                [
                    whole[:at],
                    whole[at:] if at else b"",
                    whole[:at]
                    + bytes([whole[at] ^ data.draw(st.integers(1, 255))])
                    + whole[at + 1 :],
                    whole + whole[:at] + b"\0",
                ]
            )
        )
        (kept,) = entries()
        opener = seal.Seal.of_user()
        assert opener.opened(kept.name, whole) is not None
        assert opener.opened(kept.name, damaged) is None

    def _entry(self, datalint: Datalint, copy: Path) -> bytes:
        tree({"a.py": HARMFUL})
        datalint("a.py")
        (entry,) = entries()
        return bytes(shutil.copyfile(entry, copy).read_bytes())

    @pytest.mark.parametrize("damage", [b"", b"\0", b"{}", b"x" * 1000])
    def test_is_judged_and_written_anew(
        self, damage: bytes, datalint: Datalint, judged: list[str]
    ) -> None:
        tree({"a.py": HARMFUL})
        cold = datalint("a.py")
        (entry,) = entries()
        entry.write_bytes(damage)
        assert datalint("a.py") == cold
        assert datalint("a.py") == cold
        assert drain(judged) == ["a.py", "a.py"]

    def test_is_what_has_the_name_of_another(self, datalint: Datalint, judged: list[str]) -> None:
        tree({"a.py": HARMFUL})
        datalint("a.py")
        (one,) = entries()
        tree({"b.py": HARMFUL})
        datalint("b.py")
        (other,) = set(entries()) - {one}
        shutil.copyfile(one, other)
        drain(judged)
        assert "b.py:6" in datalint("b.py").stdout
        assert drain(judged) == ["b.py"]

    def test_is_what_another_user_sealed(
        self, datalint: Datalint, judged: list[str], tmp_path: Path
    ) -> None:
        """As in a clone that brings a cache with it."""
        tree({"a.py": HARMFUL})
        datalint("a.py", XDG_CACHE_HOME=str(tmp_path / "x"), LOCALAPPDATA=str(tmp_path / "x"))
        assert datalint("a.py").returncode == 1
        assert drain(judged) == ["a.py", "a.py"]
        assert stat.S_IMODE((tmp_path / "x/datalint/key").stat().st_mode) & 0o077 == 0 or (
            os.name == "nt"
        )

    @pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
    def test_is_a_link_and_a_pipe(self, datalint: Datalint, judged: list[str]) -> None:
        tree({"a.py": HARMFUL})
        datalint("a.py")
        (entry,) = entries()
        moved = entry.rename("elsewhere")
        entry.symlink_to(moved.absolute())
        datalint("a.py")
        assert not entry.is_symlink(), "it was written anew"
        entry.unlink()
        os.mkfifo(entry)
        datalint("a.py")
        assert drain(judged) == ["a.py"] * 3


class TestTheFolder:
    @pytest.mark.parametrize(
        ("config", "here", "at"),
        [
            ({"pyproject.toml": "[tool.datalint]\n"}, "sub/deep", "."),
            ({"sub/pyproject.toml": "[tool.datalint]\n", ".git/HEAD": ""}, "sub/deep", "sub"),
            ({".git/HEAD": "", "sub/pyproject.toml": ""}, "sub/deep", "."),
            ({"sub/pyproject.toml": ""}, "sub/deep", "sub/deep"),
        ],
    )
    def test_is_beside_the_configuration_or_at_the_top_of_the_repository_or_here(
        self,
        config: dict[str, str],
        here: str,
        at: str,
        datalint: Datalint,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        tree({**config, f"{here}/a.py": HARMFUL})
        monkeypatch.chdir(here)
        datalint("a.py")
        assert list(tmp_path.rglob(FOLDER)) == [tmp_path / at / FOLDER]

    def test_is_where_the_user_says(self, datalint: Datalint, tmp_path: Path) -> None:
        tree({"a.py": HARMFUL})
        datalint("a.py", "--cache-dir", "x/y", DATALINT_CACHE_DIR="z")
        assert entries("x/y")
        datalint("a.py", DATALINT_CACHE_DIR="z")
        assert entries("z")
        assert not Path(FOLDER).exists()

    def test_is_not_beside_a_configuration_that_is_named(self, datalint: Datalint) -> None:
        tree({"a.py": HARMFUL, "shared/lint.toml": "[tool.datalint]\n"})
        datalint("a.py", "--config", "shared/lint.toml")
        assert entries()

    def test_is_left_out_by_git_and_by_backups(self, datalint: Datalint) -> None:
        tree({"a.py": HARMFUL})
        datalint("a.py")
        assert Path(FOLDER, ".gitignore").read_text() == "*\n"
        tag = Path(FOLDER, "CACHEDIR.TAG").read_text()
        assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
        assert datalint(".").stdout.endswith("1 file checked: 1 finding\n")

    @pytest.mark.parametrize("option", ["--no-cache", "--fix", "--diff", "--add-ignore"])
    def test_is_neither_read_nor_made_with(
        self, option: str, datalint: Datalint, judged: list[str]
    ) -> None:
        tree({"a.py": HARMFUL})
        datalint("a.py", option, DATALINT_CACHE_DIR="named")
        assert not Path("named").exists()
        datalint("a.py", DATALINT_CACHE_DIR="named")
        assert drain(judged)
        datalint("a.py", option, DATALINT_CACHE_DIR="named")
        assert drain(judged)

    def test_is_not_made_for_nothing(self, datalint: Datalint) -> None:
        tree({"a.py": "x = 1\n"})
        assert datalint(".").returncode == 0
        assert not Path(FOLDER).exists()

    def test_does_not_outgrow_its_bound(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree({f"{n}.py": HARMFUL for n in range(8)})
        datalint(".")
        size = sum(e.stat().st_size for e in entries()) // 8
        for age, entry in enumerate(entries()):
            os.utime(entry, (age, age))
        oldest, *_, newest = entries()
        tree({f"{FOLDER}/mine.txt": "x" * 100_000})
        os.utime(f"{FOLDER}/mine.txt", (0, 0))
        monkeypatch.setattr(folder, "MOST", 6 * size)
        tree({"new.py": HARMFUL})
        datalint("new.py")
        left = entries()
        assert sum(e.stat().st_size for e in left) <= 6 * size
        assert newest in left and oldest not in left
        assert Path(FOLDER, "mine.txt").exists()

    def test_holds_no_huge_entry(
        self, datalint: Datalint, judged: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree({"a.py": HARMFUL})
        monkeypatch.setattr(folder, "MOST_OF_ONE", 500)
        assert datalint("a.py") == datalint("a.py")
        assert drain(judged) == ["a.py"] * 2


class TestWhereNoneCanBe:
    """The run goes on without, and says so only where it is asked what it does."""

    def spoiled(self, datalint: Datalint, *words: str, **environment: str) -> str:
        """What is said of a cache that cannot be; the findings are there in any case."""
        tree({"a.py": HARMFUL})
        done = datalint("a.py", *words, **environment)
        assert (done.returncode, done.stderr) == (1, "")
        assert datalint("a.py", "--no-cache").stdout == done.stdout
        done = datalint("a.py", "-v", *words, **environment)
        assert done.returncode == 1
        return done.stderr.removesuffix("a.py: 1 shown of 1 found\n")

    def test_a_file_is_there(self, datalint: Datalint) -> None:
        tree({FOLDER: "mine"})
        said = self.spoiled(datalint)
        assert said == f"{Path(FOLDER).absolute()}: is not used as a cache: it is no folder\n"
        assert Path(FOLDER).read_text() == "mine"

    def test_a_link_leads_away(self, datalint: Datalint) -> None:
        Path("home").mkdir()
        Path(FOLDER).symlink_to("home")
        assert self.spoiled(datalint).endswith(": it is no folder\n")
        assert not list(Path("home").iterdir())

    def test_the_folder_is_another_one(self, datalint: Datalint) -> None:
        tree({"src/b.py": ""})
        assert self.spoiled(datalint, "--cache-dir", "src").endswith(": it holds other things\n")
        assert list(Path("src").iterdir()) == [Path("src/b.py")], "no .gitignore hides it now"

    @pytest.mark.parametrize("name", ["a.py/x", "loop/x"])
    def test_there_can_be_no_such_folder(self, name: str, datalint: Datalint) -> None:
        Path("loop").symlink_to("loop")
        said = self.spoiled(datalint, "--cache-dir", name)
        assert ": is not used as a cache: it cannot be used: " in said

    @pytest.mark.skipif(os.name == "nt", reason="files have no owners there that tell anything")
    def test_it_is_another_users(self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch) -> None:
        tree({"a.py": HARMFUL})
        datalint("a.py")
        before = [entry.read_bytes() for entry in entries()]
        monkeypatch.setattr(folder.os, "geteuid", lambda: os.getuid() + 1)
        assert self.spoiled(datalint).endswith(": it belongs to another user\n")
        assert [entry.read_bytes() for entry in entries()] == before

    @pytest.mark.skipif(os.name == "nt", reason="folders are not read-only there")
    def test_it_is_read_only(self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch) -> None:
        Path(FOLDER).mkdir(mode=0o500)
        if os.access(FOLDER, os.W_OK):  # to root nothing is
            monkeypatch.setattr(folder.os, "access", lambda path, mode: not mode & os.W_OK)
        assert self.spoiled(datalint).endswith(": it is read-only\n")

    def test_there_is_no_place_for_the_key(self, datalint: Datalint) -> None:
        tree({"a.py": HARMFUL})
        place = str(Path("a.py").absolute())
        said = self.spoiled(datalint, XDG_CACHE_HOME=place, LOCALAPPDATA=place)
        assert ": its key cannot be written: " in said
        assert not Path(FOLDER).exists()

    def test_the_disk_is_full(
        self, datalint: Datalint, judged: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree({"a.py": HARMFUL, "b.py": HARMFUL})
        datalint("a.py", "--cache-dir", "full")
        tried = []

        def no_space(path: Path, content: bytes) -> None:
            tried.append(path)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(folder, "write", no_space)
        done = datalint(".")
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.endswith("2 files checked: 2 findings\n")
        assert len(tried) == 1, "it is not tried for each file"

    def test_what_was_written_in_part_does_not_stay(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(self: Path, target: Path) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "replace", fails)
        with pytest.raises(PermissionError):
            folder.write(tmp_path / "x", b"x")
        assert not list(tmp_path.iterdir())


def _all_at_once(words: list[str], count: int) -> list[tuple[int, str]]:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "datalint", *words],
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        for _ in range(count)
    ]
    return [(each.wait(), each.communicate()[0]) for each in running]


def test_runs_at_the_same_time_do_not_disturb_each_other(
    datalint: Datalint, judged: list[str]
) -> None:
    tree({f"{n}.py": f"# {n}\n{HARMFUL}" for n in range(20)})
    alone = datalint(".", "--no-cache")
    assert set(_all_at_once(["."], 4)) == {(1, alone.stdout)}
    names = {path.name for path in Path(FOLDER).iterdir()}
    assert len(names) == 22, "twenty entries, two marks, and nothing is left lying about"
    drain(judged)
    assert datalint(".") == alone
    assert drain(judged) == []


def _three(datalint: Datalint, *paths: str) -> list[Done]:
    words = (*paths, "--select", "all", "--output-format", "json")
    place = Path.cwd() / "kept"
    runs = [datalint(*words, "--cache-dir", str(place)) for _ in range(2)]
    return [datalint(*words, "--no-cache"), *runs]


def test_what_is_kept_of_whole_projects_is_what_is_found(
    datalint: Datalint, judged: list[str]
) -> None:
    projects = [main.parent for main in sorted(ROOT.glob("fixtures/*/*/main.py"))][:12]
    notebooks = sorted(ROOT.glob("fixtures/**/*.ipynb"))[:3]
    anew, cold, warm = _three(datalint, *map(str, [*projects, *notebooks]))
    assert anew == cold == warm
    assert '"related"' in anew.stdout
    assert len(judged) % 2 == 0, "the third run judged nothing"


@pytest.mark.slow
def test_what_is_kept_of_all_fixtures_is_what_is_found(datalint: Datalint) -> None:
    anew, cold, warm = _three(datalint, str(ROOT / "fixtures"))
    assert anew == cold == warm
    assert anew.stdout.count("\n") > 1000
