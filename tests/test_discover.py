"""Which files a list of paths means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datalint.source.discover import BadPath, Listing, discover


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory that belongs to no repository."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*paths: str) -> None:
    """Make each path: a folder where it ends in a slash, else an empty file."""
    for name in paths:
        path = Path(name)
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def ignore(folder: str, *lines: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, ".gitignore").write_text("\n".join(lines) + "\n")


def listed(*paths: str) -> list[str]:
    listing = discover(paths)
    assert listing == Listing(files=listing.files)
    return listing.files


def refusal(*paths: str) -> str:
    with pytest.raises(BadPath) as caught:
        discover(paths)
    return str(caught.value)


@pytest.mark.usefixtures("here")
class TestFiles:
    def test_python_files_are_found_at_every_depth_in_order(self) -> None:
        make("b.py", "a/z.pyi", "a/deep/er/x.py", "B.PY", "a/readme.md", "a/json", "a/py", "c.pyc")
        make("a/n.ipynb", "a/.ipynb_checkpoints/n-checkpoint.ipynb", "N.IPYNB")
        assert listed(".") == ["B.PY", "N.IPYNB", "a/deep/er/x.py", "a/n.ipynb", "a/z.pyi", "b.py"]
        assert listed("a/.ipynb_checkpoints") == ["a/.ipynb_checkpoints/n-checkpoint.ipynb"]

    @pytest.mark.parametrize(
        ("named", "shown"),
        [
            (".", "src/a.py"),
            ("src", "src/a.py"),
            ("src/", "src/a.py"),
            ("./src", "./src/a.py"),
            ("src/../src", "src/../src/a.py"),
            ("src/a.py", "src/a.py"),
            ("./src/a.py", "./src/a.py"),
        ],
    )
    def test_paths_are_shown_as_they_were_given(self, named: str, shown: str) -> None:
        make("src/a.py")
        assert listed(named) == [shown]

    def test_an_absolute_path_stays_absolute(self, here: Path) -> None:
        make("src/a.py")
        assert listed(str(here / "src")) == [str(here / "src" / "a.py")]

    def test_a_file_is_listed_once_however_often_it_is_named(self, here: Path) -> None:
        make("src/a.py", "src/b.py")
        assert listed("src", "src/a.py", "./src/a.py", str(here)) == ["src/a.py", "src/b.py"]

    def test_a_folder_named_like_a_file_is_walked(self) -> None:
        make("x.py/a.py")
        assert listed(".") == listed("x.py") == ["x.py/a.py"]

    def test_default_excludes_hold_only_below_a_named_path(self) -> None:
        make("venv/lib/site-packages/torch/nn.py", "build/made.py", "main.py")
        assert listed(".") == ["main.py"]
        assert listed("build") == ["build/made.py"]
        torch = "venv/lib/site-packages/torch"
        assert listed(torch) == [torch + "/nn.py"]

    def test_a_named_file_is_listed_whatever_excludes_it(self) -> None:
        make(".git/", "build/made.py")
        ignore(".", "*.py")
        assert listed("build/made.py") == ["build/made.py"]

    def test_a_named_file_may_have_no_suffix_or_a_shebang(self) -> None:
        make("train", "gui.pyw")
        Path("job.in").write_text("#!/usr/bin/env python3\n")
        assert listed("train", "gui.pyw", "job.in") == ["gui.pyw", "job.in", "train"]


@pytest.mark.usefixtures("here")
class TestRefusals:
    def test_a_path_to_nowhere(self) -> None:
        make("unlike.py")
        assert refusal("zzz") == "no such file or folder: zzz"

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [
            ("source/modle.py", "source/model.py"),
            ("source/model", "source/model.py"),
            ("sorce/model.py", "source/model.py"),
            ("sorce/modle.py", "source/model.py"),
            ("sorce", "source"),
            ("sorce/", "source"),
            ("./sorce", "./source"),
        ],
    )
    def test_a_near_path_is_offered(self, wrong: str, right: str) -> None:
        make("source/model.py", "source/model.pyc", "source/model.md")
        assert refusal(wrong) == f"no such file or folder: {wrong}; did you mean {right}?"

    @pytest.mark.parametrize("path", ["model.py/x", "zzz/model.py", ""])
    def test_no_path_is_offered_where_none_is_near(self, path: str) -> None:
        make("model.py")
        assert refusal(path) == f"no such file or folder: {path}"

    def test_a_folder_without_python(self) -> None:
        make("docs/readme.md", "main.py")
        assert refusal("main.py", "docs") == (
            "no Python file in docs (datalint reads .py, .pyi and .ipynb)"
        )

    @pytest.mark.parametrize("name", ["notes.md", "a.json", "data.json"])
    def test_a_file_that_is_no_python(self, name: str) -> None:
        make(name)
        read = "datalint reads .py, .pyi and .ipynb"
        assert refusal(name) == f"not a Python file: {name} ({read})"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
    def test_a_pipe_is_not_read_to_see_whether_it_is_python(self) -> None:
        os.mkfifo("pipe.txt")
        assert refusal("pipe.txt").startswith("not a Python file: pipe.txt ")

    def test_a_folder_whose_python_is_all_excluded_is_no_mistake(self) -> None:
        make("web/node_modules/gyp/gyp.py", "web/index.js")
        assert discover(["web"]) == Listing(excluded=["web"])


@pytest.mark.usefixtures("here")
class TestLinks:
    def test_a_loop_of_links_ends(self) -> None:
        make("a/b/x.py")
        Path("a/b/up").symlink_to("..")
        Path("a/self").symlink_to("self")
        Path("a/self.py").symlink_to("self.py")
        assert listed(".") == ["a/b/x.py", "a/self.py"]

    def test_a_linked_folder_is_walked(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        (elsewhere / "x.py").touch()
        make("src/")
        Path("src/linked").symlink_to(elsewhere)
        assert listed("src") == ["src/linked/x.py"]

    def test_a_file_keeps_its_own_name(self) -> None:
        make("real/x.py", "z.py")
        Path("alias").symlink_to("real")
        Path("a.py").symlink_to("z.py")
        assert listed(".") == ["real/x.py", "z.py"]

    def test_a_link_to_nothing_is_listed_but_an_editors_lock_is_not(self) -> None:
        Path("gone.py").symlink_to("nowhere.py")
        Path(".#main.py").symlink_to("me@host.123:456")
        assert listed(".") == listed("gone.py") == ["gone.py"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
    def test_a_pipe_in_a_folder_is_passed_over(self) -> None:
        os.mkfifo("a.py")
        make("b.py")
        assert listed(".") == ["b.py"]

    def test_a_folder_that_cannot_be_read_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make("a/x.py", "b/y.py")
        real = os.scandir

        def scandir(path: str) -> object:
            if path == "a":
                raise PermissionError(13, "Permission denied", path)
            return real(path)

        monkeypatch.setattr(os, "scandir", scandir)
        assert discover(["."]) == Listing(["b/y.py"], unreadable=[("a", "Permission denied")])
        assert discover(["a"]) == Listing(unreadable=[("a", "Permission denied")])


@pytest.mark.usefixtures("here")
class TestGitignore:
    def test_only_a_repository_has_ignored_files(self) -> None:
        make("a.py")
        ignore(".", "a.py")
        assert listed(".") == ["a.py"]
        make(".git/")
        assert discover(["."]) == Listing(excluded=["."])

    def test_a_worktree_is_a_repository(self) -> None:
        make(".git", "a.py", "b.py")
        ignore(".", "a.py")
        assert listed(".") == ["b.py"]

    def test_patterns_mean_what_they_mean_to_git(self) -> None:
        make(".git/", "top.py", "a/top.py", "a/gen_1.py", "a/gen_2.py", "out/x.py", "a/out/x.py")
        make("b/logs/x.py", "b/c/logs/y.py", "keep/x.py", "keep/y.py")
        ignore(".", "# comment", "", "/top.py", "gen_*.py", "!gen_2.py", "out/", "b/**/logs")
        ignore("keep", "*", "!y.py")
        assert listed(".") == ["a/gen_2.py", "a/top.py", "keep/y.py"]

    def test_what_is_in_a_folder_is_not_the_folder(self) -> None:
        make(".git/", "gen/a.py", "gen/kept.py", "gen/deep/b.py")
        ignore(".", "gen/**", "!kept.py")
        assert listed(".") == ["gen/kept.py"]

    def test_an_allow_list_brings_back_what_it_names(self) -> None:
        make(".git/", "src/pkg/a.py", "src/pkg/a.pyi")
        ignore(".", "*", "!*/", "!*.py")
        assert listed(".") == ["src/pkg/a.py"]

    def test_the_nearest_file_has_the_last_word(self) -> None:
        make(".git/", "a/x.py", "a/b/x.py", "c/x.py")
        ignore(".", "x.py")
        ignore("a", "!x.py")
        ignore("a/b", "x.py")
        assert listed(".") == ["a/x.py"]

    def test_files_above_the_named_folder_count(self) -> None:
        make(".git/", "src/pkg/a.py", "src/pkg/b.py", "src/pkg/c.py")
        ignore(".", "b.py")
        ignore("src", "pkg/c.py")
        assert listed("src/pkg") == ["src/pkg/a.py"]

    def test_files_outside_the_repository_do_not(self) -> None:
        make("repo/.git/", "repo/a.py")
        make("outer/.git/", "outer/inner/.git/", "outer/inner/a.py")
        ignore(".", "a.py")
        ignore("outer", "a.py")
        assert listed("repo") == ["repo/a.py"]
        assert listed("outer/inner") == listed("outer") == ["outer/inner/a.py"]

    def test_a_named_folder_is_walked_though_it_is_ignored(self) -> None:
        make(".git/", "env/lib/torch/nn.py", "env/lib/torch/gen.py")
        ignore(".", "env/", "gen.py")
        ignore("env", "*")
        assert discover(["."]) == Listing(excluded=["."])
        assert listed("env/lib/torch") == ["env/lib/torch/nn.py"]
        assert listed("env/lib") == ["env/lib/torch/nn.py"]

    def test_an_unreadable_pattern_is_passed_over_as_git_does(self) -> None:
        make(".git/", "a.py", "b.py")
        ignore(".", "!", "[z-a].py", "b.py", "\\")
        assert listed(".") == ["a.py"]

    def test_a_folder_named_gitignore_says_nothing(self) -> None:
        make(".git/", ".gitignore/", "a.py")
        assert listed(".") == ["a.py"]
