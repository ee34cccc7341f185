"""--diff-base in real repositories: which findings a changed line has a part in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.notebooks import markdown, notebook

if TYPE_CHECKING:
    from tests.conftest import Datalint

HEAD = "import torch\n\n"
HARMFUL = """\
def {}(x):
    y = x.sigmoid()
    c = y.data
    c.zero_()
    loss = y.sum()
    loss.backward()


"""
TRAIN, TEST = HARMFUL.format("train"), HARMFUL.format("test")


class Git(Protocol):
    """`git WORDS...` in a folder; what it prints."""

    def __call__(self, *words: str, folder: str = ".") -> str: ...


@pytest.fixture(autouse=True)
def git(datalint: Datalint, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository with one commit: two functions, each with a finding."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def run(*words: str, folder: str = ".") -> str:
        # A submodule may be a folder of this machine only where that is allowed.
        command = ["git", "-C", folder, "-c", "protocol.file.allow=always", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "-q", "-b", "main")
    write("a.py", HEAD + TRAIN + TEST)
    commit(run)
    return run


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text.encode())


def edit(path: str, old: str, new: str) -> None:
    """Change a piece that stands there once."""
    before, found, after = Path(path).read_bytes().partition(old.encode())
    assert found and old.encode() not in after
    Path(path).write_bytes(before + new.encode() + after)


def commit(git: Git, folder: str = ".") -> None:
    git("add", "-A", folder=folder)
    git("commit", "-q", "-m", "change", folder=folder)


def found(datalint: Datalint, *words: str, base: str = "HEAD") -> list[str]:
    """Where findings are that count."""
    done = datalint(*(words or ["."]), "--diff-base", base, "--output-format", "concise")
    *lines, _ = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (int(bool(lines)), "")
    return [line.partition(": ")[0] for line in lines]


class TestWhatChanged:
    def test_nothing_did(self, datalint: Datalint) -> None:
        done = datalint(".", "--diff-base", "HEAD")
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "1 file checked: 0 findings; 2 on unchanged lines\n",
            "",
        )

    @pytest.mark.parametrize(
        "line",
        ["y = x.sigmoid()", "c = y.data", "c.zero_()", "loss.backward()"],
    )
    def test_a_line_that_has_a_part_in_the_story(self, line: str, datalint: Datalint) -> None:
        write("a.py", HEAD + TRAIN + TEST.replace(line, f"{line}  # new"))
        assert found(datalint) == ["a.py:13:9"]

    def test_a_line_that_has_none(self, datalint: Datalint) -> None:
        edit("a.py", HEAD, HEAD + "# new\n\n")
        write("a.py", Path("a.py").read_text().replace("loss = y.sum()", "loss = y.sum(0).sum()"))
        assert found(datalint) == []

    def test_any_row_of_a_step_counts(self, datalint: Datalint, git: Git) -> None:
        text = HEAD + TRAIN.replace("x.sigmoid()", "torch.sigmoid(\n        x,\n    )")
        write("a.py", text)
        commit(git)
        edit("a.py", "        x,\n", "        x,  # new\n")
        assert found(datalint) == ["a.py:7:9"]

    def test_a_new_function_and_not_those_around_it(self, datalint: Datalint) -> None:
        edit("a.py", TEST, HARMFUL.format("tune") + TEST)
        assert found(datalint) == ["a.py:13:9"]

    def test_a_step_in_another_file(self, datalint: Datalint, git: Git) -> None:
        write("ops.py", "def clear(values):\n    values.zero_()\n")
        write("a.py", "import ops\n" + HEAD + TRAIN.replace("c.zero_()", "ops.clear(c)"))
        commit(git)
        assert found(datalint) == []
        edit("ops.py", "values.zero_()", "values.fill_(0)")
        assert found(datalint, "a.py") == ["a.py:6:9"]

    def test_committed_staged_and_neither(self, datalint: Datalint, git: Git) -> None:
        edit("a.py", TRAIN, TRAIN.replace("y.data", "y.data  # committed"))
        commit(git)
        assert found(datalint) == []
        assert found(datalint, base="HEAD~1") == ["a.py:5:9"]
        edit("a.py", TEST, TEST.replace("y.data", "y.data  # staged"))
        git("add", "a.py")
        assert found(datalint) == ["a.py:13:9"]
        edit("a.py", "# staged", "# neither")
        assert found(datalint, base="HEAD~1") == ["a.py:5:9", "a.py:13:9"]

    def test_files_that_git_does_not_know_are_new(self, datalint: Datalint) -> None:
        write("untracked.py", HEAD + TRAIN)
        write("ignored.py", HEAD + TRAIN)
        write(".gitignore", "ignored.py")
        assert found(datalint, ".", "ignored.py") == ["ignored.py:5:9", "untracked.py:5:9"]

    def test_a_renamed_file_is_what_it_was(self, datalint: Datalint, git: Git) -> None:
        git("mv", "a.py", "b.py")
        assert found(datalint) == []
        edit("b.py", TEST, TEST.replace("y.data", "y.data  # new"))
        assert found(datalint) == ["b.py:13:9"]

    def test_line_ends_are_no_change(self, datalint: Datalint, git: Git) -> None:
        edit("a.py", TEST, TEST.rstrip())
        commit(git)
        write("a.py", Path("a.py").read_text().replace("\n", "\r\n"))
        assert found(datalint) == []
        edit("a.py", "def test", "def tests")
        write("a.py", Path("a.py").read_bytes().decode() + "  # new")
        assert found(datalint) == ["a.py:13:9"]

    def test_what_was_no_python_is_all_new(self, datalint: Datalint, git: Git) -> None:
        Path("a.py").write_bytes(b"# \xff\n" + (HEAD + TRAIN).encode())
        Path("b.ipynb").write_bytes(b"{")
        Path("c.ipynb").write_bytes(notebook("'\ud800'", HEAD + TRAIN))
        commit(git)
        write("a.py", HEAD + TRAIN)
        Path("b.ipynb").write_bytes(notebook(HEAD + TRAIN))
        Path("c.ipynb").write_bytes(notebook(HEAD + TRAIN))
        assert found(datalint) == ["a.py:5:9", "b.ipynb:cell 1:5:9"]

    def test_what_took_a_folders_place_is_new(self, datalint: Datalint, git: Git) -> None:
        write("b/c.py", "")
        commit(git)
        Path("b/c.py").unlink()
        Path("b").rmdir()
        write("b", HEAD + TRAIN)
        assert found(datalint, "b") == ["b:5:9"]

    @pytest.mark.parametrize(
        "name",
        [
            "größe.py",
            ":(top)a.py",
            "*.py",
            pytest.param(
                'a "b"\n\t\\.py',
                marks=pytest.mark.skipif(os.name == "nt", reason="no such names there"),
            ),
            pytest.param(
                os.fsdecode(b"\xff.py"),
                marks=pytest.mark.skipif(sys.platform != "linux", reason="names are text there"),
            ),
        ],
    )
    def test_odd_names(self, name: str, datalint: Datalint, git: Git) -> None:
        write(name, HEAD + TRAIN + TEST)
        commit(git)
        git("mv", name, f"sub{name}")
        edit(f"sub{name}", TEST, TEST.replace("y.data", "y.data  # new"))
        assert [place.rpartition(".py")[2] for place in found(datalint)] == [":13:9"]

    def test_lines_that_stand_there_often(self, datalint: Datalint, git: Git) -> None:
        many = HEAD + "".join(HARMFUL.format(f"f{n}") for n in range(60))
        write("a.py", many)
        commit(git)
        edit("a.py", "def f7(x):\n", "def f7(x, new):\n")
        edit("a.py", "def f30(x):\n", "def f30(x):\n    x = x.exp()\n")
        assert found(datalint) == []

    def test_what_the_user_configured_of_git_changes_nothing(
        self, datalint: Datalint, git: Git, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(Path("config").resolve()))
        write("b.py", HEAD + TRAIN)
        commit(git)
        git("mv", "b.py", "größe.py")
        edit("a.py", "def train(x)", "def train(x, y)")
        write("a.py", Path("a.py").read_text().replace("def test(x):", "def test(x, y):\n"))
        edit("größe.py", "y.data", "y.data  # new")
        for key, value in (
            ("color.ui", "always"),
            ("diff.external", "false"),
            ("diff.interHunkContext", "100"),
            ("diff.context", "100"),
            ("diff.mnemonicPrefix", "true"),
            ("diff.renames", "false"),
            ("core.quotePath", "true"),
            ("core.attributesFile", str(Path("attributes").resolve())),
        ):
            git("config", "--global", key, value)
        write("attributes", "* -diff\n")
        assert found(datalint) == ["größe.py:5:9"]


class TestNotebooks:
    CELLS = (
        HEAD + "x = torch.ones(3, requires_grad=True)",
        "y = x.sigmoid()",
        "c = y.data\nc.zero_()",
    )
    LAST = "y.sum().backward()"

    @pytest.fixture(autouse=True)
    def committed(self, git: Git) -> None:
        Path("a.py").unlink()
        Path("a.ipynb").write_bytes(notebook(*self.CELLS, self.LAST))
        commit(git)

    @pytest.mark.parametrize("at", [1, 2, 3])
    def test_a_changed_line_of_a_cell(self, at: int, datalint: Datalint) -> None:
        cells = [*self.CELLS, self.LAST]
        cells[at] = f"%time 1\n{cells[at]}  # new"
        Path("a.ipynb").write_bytes(notebook(*cells))
        assert found(datalint) == [f"a.ipynb:cell 3:{2 if at == 2 else 1}:5"]

    def test_what_is_no_line_of_code_is_no_change(self, datalint: Datalint) -> None:
        first, *others = self.CELLS
        cells = [markdown("# y.data"), first + "\n\nprint(x)\n", *others, self.LAST]
        Path("a.ipynb").write_bytes(notebook(*cells, metadata={"kernelspec": {}}))
        assert found(datalint) == []


class TestRevisions:
    def test_what_others_did_since_is_not_ours(self, datalint: Datalint, git: Git) -> None:
        git("checkout", "-q", "-b", "ours")
        edit("a.py", TEST, TEST.replace("y.data", "y.data  # ours"))
        commit(git)
        git("checkout", "-q", "main")
        edit("a.py", TRAIN, TRAIN.replace("y.data", "y.data  # theirs"))
        commit(git)
        git("checkout", "-q", "ours")
        assert found(datalint, base="main") == ["a.py:13:9"]

    def test_a_tag_a_hash_and_one_with_another_beginning(
        self, datalint: Datalint, git: Git
    ) -> None:
        git("tag", "-a", "-m", "v1", "v1")
        first = git("rev-parse", "HEAD")
        edit("a.py", TRAIN, TRAIN.replace("y.data", "y.data  # new"))
        commit(git)
        for base in ("v1", first, first[:12], "HEAD^", "@~1"):
            assert found(datalint, base=base) == ["a.py:5:9"], base
        git("checkout", "-q", "--orphan", "other")
        commit(git)
        assert found(datalint, base="v1") == ["a.py:5:9"]

    @pytest.mark.parametrize(
        ("base", "message"),
        [
            ("nope", "no commit is called 'nope' in {top}"),
            ("main..HEAD", "no commit is called 'main..HEAD' in {top}"),
            ("HEAD:a.py", "no commit is called 'HEAD:a.py' in {top}"),
            ("", "no commit is called '' in {top}"),
            ("0" * 40, f"no commit is called '{'0' * 40}' in {{top}}"),
            ("--output=x", "'--output=x' is no name of a revision"),
            ("^HEAD", "'^HEAD' is no name of a revision"),
        ],
    )
    def test_one_that_there_is_not(self, base: str, message: str, datalint: Datalint) -> None:
        done = datalint(".", f"--diff-base={base}")
        assert (done.returncode, done.stdout) == (2, "")
        told = message.format(top=Path.cwd().resolve())
        assert done.stderr == f"datalint: error: --diff-base: {told}\n"
        assert sorted(path.name for path in Path().iterdir()) == [".git", "a.py"]

    def test_a_shallow_clone(self, datalint: Datalint, git: Git) -> None:
        git("tag", "first")
        for name in ("b.py", "c.py"):
            write(name, HEAD + TRAIN)
            commit(git)
        git("clone", "-q", "--depth", "2", f"file://{Path.cwd().as_posix()}", "clone")
        top = Path("clone").resolve()
        hint = ", which is a shallow clone: git fetch --unshallow\n"
        assert found(datalint, "clone", base="HEAD~1") == ["clone/c.py:5:9"]
        done = datalint("clone", "--diff-base", "first")
        told = f"datalint: error: --diff-base: no commit is called 'first' in {top}{hint}"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", told)
        git("fetch", "-q", "--depth", "1", "origin", "tag", "first", folder="clone")
        done = datalint("clone", "--diff-base", "first")
        told = f"datalint: error: --diff-base: where HEAD and 'first' part is not in {top}{hint}"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", told)

    def test_no_repository(
        self, datalint: Datalint, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("bare")
        write(str(folder / "a.py"), HEAD + TRAIN)
        done = datalint("a.py", str(folder), "--diff-base", "HEAD")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        told = f"datalint: error: --diff-base: {folder.resolve()}: git says: not a git repository"
        assert done.stderr.startswith(told)

    def test_no_git(self, datalint: Datalint) -> None:
        done = datalint(".", "--diff-base", "HEAD", PATH="")
        told = "datalint: error: --diff-base: git is needed, and is not installed\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", told)

    def test_standard_input(self, datalint: Datalint) -> None:
        done = datalint("-", "--diff-base", "HEAD")
        told = "datalint: error: --diff-base compares files, and standard input is none\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", told)

    def test_a_path_that_there_is_not_is_said_first(self, datalint: Datalint) -> None:
        done = datalint("no/a.py", "--diff-base", "nope")
        assert done.stderr.startswith("datalint: error: no such file or folder: no/a.py")


class TestRepositories:
    @pytest.fixture
    def submodule(self, git: Git, tmp_path_factory: pytest.TempPathFactory) -> None:
        """The second commit has a submodule, which has moved on since."""
        lib = (tmp_path_factory.mktemp("lib") / "lib").as_posix()
        git("clone", "-q", ".", lib)
        git("submodule", "--quiet", "add", lib, "lib")
        commit(git)
        git("tag", "added")
        edit("lib/a.py", TEST, TEST.replace("y.data", "y.data  # new"))
        commit(git, folder="lib")

    @pytest.mark.usefixtures("submodule")
    def test_a_submodule_is_compared_with_the_commit_it_was_at(
        self, datalint: Datalint, git: Git
    ) -> None:
        assert found(datalint, base="added") == ["lib/a.py:13:9"]
        assert found(datalint, base="added~1") == ["lib/a.py:5:9", "lib/a.py:13:9"]
        commit(git)
        assert found(datalint, base="HEAD") == []

    @pytest.mark.usefixtures("submodule")
    def test_one_that_is_named_has_revisions_of_its_own(self, datalint: Datalint) -> None:
        assert found(datalint, "lib", base="HEAD~1") == ["lib/a.py:13:9"]
        assert datalint("lib", "--diff-base", "added").returncode == 2

    @pytest.mark.usefixtures("submodule")
    def test_one_that_cannot_be_compared_is_named_and_the_rest_is_checked(
        self, datalint: Datalint, git: Git
    ) -> None:
        git("checkout", "-q", "--orphan", "other", folder="lib")
        commit(git, folder="lib")
        for words in (["update-ref", "-d", "refs/heads/main"], ["remote", "remove", "origin"]):
            git(*words, folder="lib")
        git("reflog", "expire", "--expire=now", "--all", folder="lib")
        git("gc", "-q", "--prune=now", folder="lib")
        edit("a.py", TEST, TEST.replace("y.data", "y.data  # new"))
        done = datalint(".", "--diff-base", "added", "--output-format", "concise")
        assert (done.returncode, done.stderr) == (2, "")
        finding, problem, _ = done.stdout.splitlines()
        assert finding.startswith("a.py:13:9: ")
        assert problem.startswith("lib/a.py:1:1: error[not-analysed] cannot be compared: ")
        assert "git says: " in problem

    def test_a_submodule_in_the_place_of_a_file_is_new(
        self, datalint: Datalint, git: Git, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        lib = (tmp_path_factory.mktemp("lib") / "lib").as_posix()
        git("clone", "-q", ".", lib)
        write("lib", "")
        commit(git)
        git("rm", "-q", "lib")
        git("submodule", "--quiet", "add", lib, "lib")
        assert found(datalint) == ["lib/a.py:5:9", "lib/a.py:13:9"]

    @pytest.mark.skipif(os.name == "nt", reason="no such names there")
    def test_a_repository_of_an_odd_name(self, datalint: Datalint, git: Git) -> None:
        odd = " a\n\n"
        git("init", "-q", "-b", "main", odd)
        write(f"{odd}/a.py", HEAD + TRAIN)
        commit(git, folder=odd)
        assert datalint(odd, "--diff-base", "HEAD").stdout.endswith("; 1 on unchanged lines\n")

    def test_a_repository_in_another_is_one_of_its_own(self, datalint: Datalint, git: Git) -> None:
        git("init", "-q", "-b", "main", "inner")
        write("inner/a.py", HEAD + TRAIN + TEST)
        commit(git, folder="inner")
        assert found(datalint) == []
        edit("inner/a.py", TEST, TEST.replace("y.data", "y.data  # new"))
        assert found(datalint) == ["inner/a.py:13:9"]
        edit("a.py", TRAIN, TRAIN.replace("y.data", "y.data  # new"))
        assert found(datalint, "a.py", "inner") == ["a.py:5:9", "inner/a.py:13:9"]

    def test_the_working_directory_does_not_matter(
        self, datalint: Datalint, git: Git, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("pkg/sub/b.py", HEAD + TRAIN)
        commit(git)
        edit("pkg/sub/b.py", "y.data", "y.data  # new")
        top = Path.cwd()
        monkeypatch.chdir("pkg")
        assert found(datalint) == ["sub/b.py:5:9"]
        assert found(datalint, "..") == ["../pkg/sub/b.py:5:9"]
        monkeypatch.chdir("/")
        assert found(datalint, str(top)) == [f"{top}/pkg/sub/b.py:5:9"]

    @pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
    def test_a_link_is_what_it_leads_to(self, datalint: Datalint, tmp_path: Path) -> None:
        link = tmp_path.with_name(f"{tmp_path.name}-link")
        link.symlink_to(tmp_path)
        Path("b.py").symlink_to("a.py")
        edit("a.py", TEST, TEST.replace("y.data", "y.data  # new"))
        assert found(datalint, str(link)) == [f"{link}/a.py:13:9"]
        assert found(datalint, "b.py") == ["b.py:13:9"]

    def test_in_a_hook_of_another_repository(
        self, datalint: Datalint, git: Git, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git("mv", "a.py", "c.py")
        write("pkg/b.py", HEAD + TRAIN)
        monkeypatch.setenv("GIT_DIR", "/nowhere/.git")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
        assert found(datalint, "c.py", "pkg") == ["pkg/b.py:5:9"]


class TestWithOtherOptions:
    def test_only_what_counts_is_fixed(self, datalint: Datalint) -> None:
        """Whose rows move while it is fixed."""
        clip = "\n\ndef {}(net):\n    for p in net.parameters():\n        p.data.clamp_(0, 1)\n"
        write("a.py", HEAD + clip.format("new") + "".join(map(clip.format, "abc")))
        subprocess.run(["git", "commit", "-qam", "clip"], check=True)
        edit("a.py", "def new(net)", "def new(net, more)")
        edit(
            "a.py",
            clip.format("new").replace("(net)", "(net, more)"),
            clip.format("newer").replace("0, 1", "0, 2"),
        )
        words = ".", "--select", "data-write", "--diff-base", "HEAD"
        assert found(datalint, *words[:3]) == ["a.py:7:9"]
        done = datalint(*words, "--fix", "--unsafe-fixes")
        assert "1 fixed; 3 on unchanged lines" in done.stdout
        after = Path("a.py").read_text()
        assert after.count("p.data.clamp_(0, 1)") == 3
        assert "p.data.clamp_(0, 2)" not in after

    def test_what_is_in_the_baseline_stays_there(self, datalint: Datalint) -> None:
        datalint(".", "--write-baseline")
        done = datalint(".", "--baseline", "datalint-baseline.json", "--diff-base", "HEAD")
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "1 file checked: 0 findings; 2 in the baseline\n",
            "",
        )
