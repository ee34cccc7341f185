"""Where the configuration is looked for, what it means, and what is said of a wrong one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from datalint.config import BadConfig, Config, find_config
from datalint.ops.stated import Stated

FACTS = '[tool.datalint.facts]\nmodules = ["{}"]\n'


def configured(text: str | bytes) -> Config:
    source = text.encode() if isinstance(text, str) else text
    Path("some.toml").write_bytes(source)
    return find_config("some.toml")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, so that nothing above it counts."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestMeaning:
    @pytest.mark.parametrize(
        ("entry", "mutation"),
        [
            ("mylib.ops.f", ("mylib.ops.f", 0)),
            ("f", ("f", 0)),
            ("mylib.f:2", ("mylib.f", 2)),
            ("_C.f_:out", ("_C.f_", "out")),
            ("größe.f:größe", ("größe.f", "größe")),
        ],
    )
    def test_an_argument_is_named_by_position_or_keyword(
        self, entry: str, mutation: tuple[str, int | str]
    ) -> None:
        config = configured(f'[tool.datalint.facts]\nmutates = ["{entry}"]\n')
        assert config == Config("some.toml", Stated(mutates=(mutation,)))

    def test_names_of_functions_and_classes(self) -> None:
        config = configured(
            '[tool.datalint.facts]\nreturns-tensor = ["a.b", "c"]\nmodules = ["D", "a.E"]\n'
        )
        assert config.stated == Stated((), frozenset({"a.b", "c"}), frozenset({"D", "a.E"}))

    @pytest.mark.parametrize(
        "text",
        [
            'tool.datalint.facts.modules = ["A"]',
            'tool = { datalint = { facts = { modules = ["A"] } } }',
            "[tool]\n[tool.'datalint']\n\"facts\".modules = [\n  'A',  # a comment\n]",
        ],
    )
    def test_it_may_be_spelled_as_toml_allows(self, text: str) -> None:
        assert configured(text).stated == Stated(modules=frozenset({"A"}))

    def test_an_empty_table_is_a_configuration(self) -> None:
        assert configured("[tool.datalint]\n") == Config("some.toml")


class TestSearch:
    def test_the_nearest_one_with_the_table_counts(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = folder / "a" / "b"
        inner.mkdir(parents=True)
        monkeypatch.chdir(inner)
        assert find_config() == Config()
        (folder / "pyproject.toml").write_text(FACTS.format("Outer"))
        (folder / "a" / "pyproject.toml").write_text("[project]\nname = 'datalint-plugin'\n")
        assert find_config() == Config(
            str(Path("..", "..", "pyproject.toml")), Stated(modules=frozenset({"Outer"}))
        )
        (inner / "pyproject.toml").write_text(FACTS.format("Inner"))
        assert find_config().stated.modules == {"Inner"}
        assert find_config().path == "pyproject.toml"

    @pytest.mark.parametrize("kind", ["folder", "file"])
    def test_nothing_above_a_repository_counts(
        self, kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In a submodule or a linked work tree `.git` is a file."""
        inner = folder / "inner"
        inner.mkdir()
        monkeypatch.chdir(inner)
        (folder / "pyproject.toml").write_text(FACTS.format("Outer"))
        assert find_config().path
        git = inner / ".git"
        git.mkdir() if kind == "folder" else git.touch()
        assert find_config() == Config()

    def test_what_is_no_business_of_ours_is_not_parsed(self, folder: Path) -> None:
        (folder / "pyproject.toml").write_text("[tool.other\n")
        assert find_config() == Config()
        (folder / "pyproject.toml").write_text("tool = 'datalint'\n")
        assert find_config() == Config()

    @pytest.mark.skipif(sys.platform != "linux", reason="a folder in use stays elsewhere")
    def test_a_working_directory_that_is_gone(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = folder / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        assert find_config() == Config()


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[tool.datalint]\n\nfcats = 1\n",
             "3: no key of [tool.datalint] is named 'fcats'; did you mean 'facts'?"),
            ("[tool.datalint]\nselect = []\n",
             "2: no key of [tool.datalint] is named 'select'; the names are facts"),
            ("[tool.datalint.fact]\nmodules = []\n",
             "1: no key of [tool.datalint] is named 'fact'; did you mean 'facts'?"),
            ("[tool.datalint.facts]\nmodules = []\n'returns_tensor' = []\n",
             "3: no key of [tool.datalint.facts] is named 'returns_tensor';"
             " did you mean 'returns-tensor'?"),
            ("[tool.datalint]\nfacts = {modules = [], mutate = []}\n",
             "2: no key of [tool.datalint.facts] is named 'mutate'; did you mean 'mutates'?"),
            ("[tool]\ndatalint = 1\n", "2: [tool.datalint] has to be a table"),
            ("[[tool.datalint]]\n", "1: [tool.datalint] has to be a table"),
            ("[tool.datalint]\nfacts = ['f']\n", "2: [tool.datalint.facts] has to be a table"),
            ("[tool.datalint.facts]\nmutates = 'f'\n", "2: mutates has to be a list of strings"),
            ("[tool.datalint]\nfacts.modules = [\n'A',\n3]\n",
             "2: modules has to be a list of strings"),
            ("[a]\nmutates = 'f:'\n[tool.datalint.facts]\nmutates = [\n  'f',\n  'f:',\n]\n",
             "6: 'f:' in mutates is not of the form \"f\", \"f:1\" or \"f:out\""),
            ("[tool.datalint.facts]\nmutates = ['f:-1']\n",
             "2: 'f:-1' in mutates is not of the form \"f\", \"f:1\" or \"f:out\""),
            ("[tool.datalint.facts]\nmutates = ['mylib..f']\n",
             "2: 'mylib..f' in mutates is not of the form \"f\", \"f:1\" or \"f:out\""),
            ("[tool.datalint.facts]\nreturns-tensor = ['f:1']\n",
             "2: 'f:1' in returns-tensor is not of the form \"f\" or \"mylib.ops.f\""),
            ("[tool.datalint.facts]\nmodules = ['.Base\\n']\n",
             "2: '.Base\\\\n' in modules is not of the form \"Base\" or \"mylib.Base\""),
            ("[tool.datalint.facts]\nmodules = ['A'\n[x]\n",
             "3:1: not TOML: Unclosed array"),
            ("[tool.datalint]\nfacts = \n", "2:9: not TOML: Invalid value"),
            ("[tool.datalint]\nfacts = [", "2:1: not TOML: Invalid value"),
            ("[tool.datalint]\nfacts = " + "[" * 100_000, "1:1: not TOML: nested too deeply"),
            (b"[tool.datalint]\n# \xe9\n", "2:1: not TOML: not UTF-8: byte 0xe9"),
        ],
    )  # fmt: skip
    def test_it_is_said_where_and_what(self, text: str | bytes, message: str) -> None:
        with pytest.raises(BadConfig) as caught:
            configured(text)
        assert str(caught.value) == f"some.toml:{message}"

    def test_a_number_too_long_to_read(self) -> None:
        with pytest.raises(BadConfig, match=r"^some\.toml:1:1: not TOML: Exceeds the limit"):
            configured("[tool.datalint]\nfacts = " + "9" * 5000)

    def test_a_file_that_is_named_has_to_hold_the_table(self) -> None:
        for text in ("", "[tool.other]\n# datalint\n"):
            with pytest.raises(BadConfig, match=r"^some\.toml: there is no \[tool\.datalint\] in"):
                configured(text)

    def test_a_file_that_is_not_there(self) -> None:
        Path("setup.toml").touch()
        with pytest.raises(BadConfig) as caught:
            find_config("setpu.toml")
        assert str(caught.value) == "no such file: setpu.toml; did you mean setup.toml?"
        with pytest.raises(BadConfig, match=r"^no such file: elsewhere/x\.toml$"):
            find_config("elsewhere/x.toml")

    def test_a_file_that_cannot_be_read(self) -> None:
        with pytest.raises(BadConfig, match=r"^\.git: cannot be read: "):
            find_config(".git")
