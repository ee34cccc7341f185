"""Where the configuration is looked for, what it means, and what is said of a wrong one."""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from datalint.config import BadConfig, Config, find_config
from datalint.config.forms import read
from datalint.config.keys import FACTS, KEYS
from datalint.config.schema import schema
from datalint.config.table import Table
from datalint.ops.stated import Stated
from datalint.selection import RULES
from datalint.source import toml
from tests.conftest import ROOT

MODULES = '[tool.datalint.facts]\nmodules = ["{}"]\n'


VALIDATOR = jsonschema.Draft7Validator(json.loads(schema()))
WORDS = st.sampled_from(
    [*RULES, "all", "high", "medium", "data", "", " ", "a/*", "!a", "#a", "/", "!/", "**", "a[",
     "f", "f:1", "f:out", "f:", "a.b", "a..b", "\\", "\\ ", "f\n", "größe", "a\0", "f:1000"]
) | st.text("!#a/.*\\ \n", max_size=5)  # fmt: skip
VALUES = st.one_of(WORDS, st.lists(WORDS, max_size=3), st.just([1]), st.just(True), st.just({}))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Tables with the right keys for the most part, and values of which some are right."""
    names = st.sampled_from([*KEYS, "selct"])
    values: dict[str, Any] = draw(st.dictionaries(names, VALUES, max_size=2))
    rules = st.lists(st.sampled_from([*RULES, "all"]), max_size=2)
    for key in draw(st.sets(st.sampled_from(["select", "ignore"]))):
        values[key] = draw(rules)
    if draw(st.booleans()):
        values["facts"] = draw(st.dictionaries(st.sampled_from([*FACTS, "mutate"]), VALUES))
    if draw(st.booleans()):
        values["per-file-ignores"] = draw(st.dictionaries(WORDS, st.one_of(rules, VALUES)))
    return values


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
        assert config == Config(path="some.toml", stated=Stated(mutates=(mutation,)))

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
        assert configured("[tool.datalint]\n") == Config(path="some.toml")


class TestSearch:
    def test_the_nearest_one_with_the_table_counts(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = folder / "a" / "b"
        inner.mkdir(parents=True)
        monkeypatch.chdir(inner)
        assert find_config() == Config()
        (folder / "pyproject.toml").write_text(MODULES.format("Outer"))
        (folder / "a" / "pyproject.toml").write_text("[project]\nname = 'datalint-plugin'\n")
        assert find_config() == Config(
            path=str(Path("..", "..", "pyproject.toml")),
            stated=Stated(modules=frozenset({"Outer"})),
        )
        assert find_config(folder=str(folder / "a")).path == str(folder / "pyproject.toml")
        (inner / "pyproject.toml").write_text(MODULES.format("Inner"))
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
        (folder / "pyproject.toml").write_text(MODULES.format("Outer"))
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
            ("[tool.datalint]\nselect = ['all',\n'data-raed']\n",
             "3: no rule in select is named 'data-raed'; did you mean 'data-read'?"),
            ("[tool.datalint]\nignore = 'data-read'\n", "2: ignore has to be a list of strings"),
            ("[tool.datalint]\nextend_select = []\n",
             "2: no key of [tool.datalint] is named 'extend_select';"
             " did you mean 'extend-select'?"),
            ("[tool.datalint]\nmin-confidence = 'hihg'\n",
             "2: min-confidence cannot be 'hihg'; did you mean 'high'?"),
            ("[tool.datalint]\nmin-confidence = true\n", "2: min-confidence has to be a string"),
            ("[tool.datalint]\nbaseline = ''\n", "2: baseline has to name a file"),
            ('[tool.datalint]\nbaseline = "a\\u0000"\n', "2: baseline has to name a file"),
            ("[tool.datalint]\nselect = []\n", "2: select has to name a rule"),
            ("[tool.datalint]\nexclude = [\n'a',\n'./b',\n]\n",
             "4: './b' is no pattern for paths"),
            ("[tool.datalint]\nexclude = ['!../b']\n", "2: '!../b' is no pattern for paths"),
            ("[tool.datalint]\nexclude = ['a\\b']\n", "2: 'a\\\\b' is no pattern for paths"),
            ("[tool.datalint]\nexclude = ['a[']\n", "2: 'a[' is no pattern for paths"),
            ("[tool.datalint]\nexclude = ['[z-a]']\n", "2: '[z-a]' is no pattern for paths"),
            ("[tool.datalint.per-file-ignores]\n'a[' = []\n",
             "2: 'a[' is no pattern for paths"),
            (f"[tool.datalint.facts]\nmutates = ['f:{'9' * 5000}']\n",
             f"2: 'f:{'9' * 5000}' in mutates is not of the form \"f\", \"f:1\" or \"f:out\""),
            ("[tool.datalint]\nexclude = ['a', ' ']\n", "2: ' ' is no pattern for paths"),
            ("[tool.datalint]\nextend-exclude = ['!']\n", "2: '!' is no pattern for paths"),
            ("[tool.datalint.per-file-ignores]\n'a/*' = ['all']\n'b/*' = ['data']\n",
             "3: no rule in b/* is named 'data'; did you mean 'data-read'?"),
            ("[tool.datalint.per-file-ignores]\n'#a' = ['all']\n",
             "2: '#a' is no pattern for paths"),
            ("[tool.datalint]\nper-file-ignores = ['a']\n",
             "2: [tool.datalint.per-file-ignores] has to be a table"),
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


class TestSchema:
    def test_the_one_that_is_shipped_is_the_one_that_the_code_says(self) -> None:
        shipped = resources.files("datalint.config").joinpath("schema.json").read_text("utf-8")
        assert shipped == schema()
        jsonschema.Draft7Validator.check_schema(json.loads(shipped))

    def test_every_key_is_described_in_the_readme(self) -> None:
        readme = (ROOT / "README.md").read_text("utf-8")
        for name, key in (KEYS | FACTS).items():
            assert f"| `{name}` | {key.help} |" in readme

    @pytest.mark.slow
    @given(documents())
    @settings(max_examples=400, deadline=None)
    def test_it_takes_what_the_parser_takes(self, values: dict[str, Any]) -> None:
        tables = {"tool": {"datalint": values}}
        table = Table("x.toml", toml.Document("", tables), ("tool", "datalint"), values)
        try:
            read(table, KEYS)
        except BadConfig:
            taken = False
        else:
            taken = True
        event(f"taken: {taken}")
        assert VALIDATOR.is_valid(values) is taken
