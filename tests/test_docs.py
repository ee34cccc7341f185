"""Every page and the README say what PyTorch and the linter do: their code is run, and checked."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import pytest

from datalint.baseline import Baseline
from datalint.cli.main import COMMANDS, command
from datalint.config import find_config
from datalint.config.keys import FACTS, KEYS
from datalint.finding import Applicability, Level
from datalint.lint import Linter
from datalint.ops.stated import Stated
from datalint.report import REPORTERS
from datalint.rules import ALL
from datalint.selection import Selection
from tests.conftest import ROOT, clean_environment
from tests.oracle.rewrite import with_edits

if TYPE_CHECKING:
    from pathlib import Path

    from datalint.finding import Finding
    from datalint.rules.rule import Rule

HEADINGS = (
    "What it does",
    "Why it is bad",
    "Example",
    "Use instead",
    "When to ignore",
    "Fix safety",
    "Known gaps",
)
#: What follows is run but not linted: the linter reads one file at a time.
ELSEWHERE = "# --- in another file ---"
MODIFIED = "modified by an inplace operation"
README = (ROOT / "README.md").read_text("utf-8")

each_rule = pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)


def sections(page: str) -> dict[str, str]:
    """What stands under each heading of a page."""
    _, *parts = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def block(rule: Rule, heading: str) -> str:
    """The one block of code in a section."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", sections(rule.page)[heading], re.S | re.M)
    return str(code)


def linted(code: str) -> list[Finding]:
    linter = Linter(Selection(select=("all",)))
    return list(linter.lint(code.partition(ELSEWHERE)[0].encode(), "page.py").findings)


def printed(code: str) -> list[str]:
    """The lines that PyTorch prints for a block."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<page>", "exec"), {"__name__": "page"})
    return out.getvalue().splitlines()


def promised(code: str) -> list[str]:
    return re.findall(r"\bprints: (.*)", code)


@each_rule
def test_a_page_has_a_summary_and_all_headings_in_order(rule: Rule) -> None:
    summary, empty, *_ = rule.page.splitlines()
    assert summary == rule.summary and summary.endswith(".") and not empty
    assert tuple(sections(rule.page)) == HEADINGS
    assert all(text.strip() for text in sections(rule.page).values())
    assert max(map(len, rule.page.splitlines())) <= 100


@each_rule
@pytest.mark.parametrize("heading", ["Example", "Use instead"])
def test_code_on_a_page_prints_what_the_page_says(rule: Rule, heading: str) -> None:
    code = block(rule, heading)
    assert promised(code), "a block that promises nothing shows nothing"
    assert printed(code) == promised(code)


#: What an example reports at, where it is no `.data`.
REPORTED_AT = {"blind-write": ".numpy()", "unused-suppression": "# datalint:"}


@each_rule
def test_the_example_is_reported_by_its_rule_where_the_data_is(rule: Rule) -> None:
    code, way = block(rule, "Example"), REPORTED_AT.get(rule.name, ".data")
    rows = [row for row, line in enumerate(code.splitlines(), 1) if way in _linted(line)]
    assert [(f.rule, f.span.row) for f in linted(code)] == [(rule.name, row) for row in rows]
    assert rows


def _linted(line: str) -> str:
    """A line without comments but the linter's, and without `data_ptr`, which is no `.data`."""
    return re.sub(r"#(?! datalint:).*", "", line).replace(".data_ptr", "")


@each_rule
def test_what_to_use_instead_is_reported_by_no_rule(rule: Rule) -> None:
    assert linted(block(rule, "Use instead")) == []


#: What a fix of the example does: it makes the bug loud, or changes nothing that is printed.
LOUD = {"write-after-save", "unchecked-write", "data-read"}
SAFE = {"unused-suppression"}


@each_rule
def test_fix_safety_is_as_the_page_says(rule: Rule) -> None:
    code = block(rule, "Example")
    (finding,) = linted(code)
    said = sections(rule.page)["Fix safety"]
    if finding.fix is None:
        assert said.startswith("No fix is offered")
        return
    if rule.name in SAFE:
        assert finding.fix.applicability is Applicability.SAFE and said.startswith("Safe: ")
    else:
        assert finding.fix.applicability is Applicability.UNSAFE
        assert "nsafe" in said and "No fix is offered:" not in said
    fixed = with_edits(code, finding.fix.edits)
    if rule.name in LOUD:
        with pytest.raises(RuntimeError, match=MODIFIED):
            printed(fixed)
    else:
        assert printed(fixed) == promised(code)


@dataclass(frozen=True)
class Shell:
    """A block of the README that shows a command after `$`, and what it prints."""

    command: str
    output: str


def shells(text: str) -> list[Shell]:
    blocks = re.findall(r"^```console\n\$ (.*?)\n(.*?)^```$", text, re.S | re.M)
    return [Shell(command, output) for command, output in blocks]


@pytest.mark.slow
@pytest.mark.parametrize("shell", shells(README), ids=lambda shell: shell.command)
def test_commands_in_the_readme_print_what_it_shows(shell: Shell) -> None:
    words = shlex.split(shell.command)
    if words[0] == "datalint":
        words = ["python", "-m", *words]
    assert words[:2] == ["python", "-m"] and words[2] in ("datalint", "tests.show")
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    # Standard output is the program's that is run.
    wanted = ("", shell.output) if words[3] == "run" else (shell.output, "")
    assert (done.stdout, done.stderr) == wanted


def test_the_readme_shows_the_seed_to_the_linter_and_to_pytorch() -> None:
    assert len(shells(README)) == README.count("```console"), "a block that no test would read"
    seed = "fixtures/seed/sigmoid_output_is_zeroed.py"
    assert {f"datalint {seed}", f"python -m tests.show {seed}"} <= {
        shell.command for shell in shells(README)
    }


def test_code_in_the_readme_prints_what_it_says() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", README, re.S | re.M)
    assert blocks
    for code in blocks:
        assert promised(code) and printed(code) == promised(code)


def test_the_configuration_in_the_readme_is_read(tmp_path: Path) -> None:
    section = README.partition("\n## Configuration\n")[2].partition("\n## ")[0]
    first, last = re.findall(r"^```toml\n(.*?)^```$", section, re.S | re.M)
    file = tmp_path / "pyproject.toml"
    file.write_text(first)
    assert find_config(str(file)).per_file_ignores == (("tests/*", ("all",)),)
    file.write_text(last)
    config = find_config(str(file))
    assert config.stated == Stated(
        (("mylib.ops.orthogonalize", 0), ("kernels.scale", 1), ("kernels.step", "out")),
        frozenset({"mylib.ops.load_image"}),
        frozenset({"mylib.layers.Base"}),
    )
    keys = re.findall(r"^\| `([a-z-]+)` \|", section, re.M)
    assert keys == [*KEYS, *FACTS]


def test_the_baseline_in_the_readme_is_read_and_is_as_it_is_written(tmp_path: Path) -> None:
    section = README.partition("\n## An old code base\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```json\n(.*?)^```$", section, re.S | re.M)
    file = tmp_path / "baseline.json"
    file.write_text(block)
    baseline = Baseline.read(str(file))
    assert [key.function for key in baseline.recorded] == ["Net.forward"]
    baseline.write(Counter(), [], {})
    assert file.read_text() == block


def test_each_editor_in_the_readme_starts_the_language_server() -> None:
    section = README.partition("\n## In an editor\n")[2].partition("\n## ")[0]
    (lua,), (settings,), (languages,) = (
        re.findall(rf"^```{language}\n(.*?)^```$", section, re.S | re.M)
        for language in ("lua", "json", "toml")
    )
    assert 'cmd = { "datalint", "lsp" }' in lua
    vs_code, helix = json.loads(settings), tomllib.loads(languages)
    assert vs_code["glspc.server.command"] == "datalint"
    assert vs_code["glspc.server.commandArguments"] == ["lsp"]
    assert helix["language-server"]["datalint"] == {"command": "datalint", "args": ["lsp"]}
    assert "datalint" in helix["language"][0]["language-servers"]
    assert "lsp" in COMMANDS


def test_every_rule_is_in_the_readme_as_it_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| ([\w-]+) \| (.*) \|$", README, re.M)
    assert rows == [
        (rule.name, str(rule.level), "default" if rule.default else "opt-in", rule.summary)
        for rule in ALL
    ]
    assert {Level(level) for _, level, *_ in rows} == set(Level)


def test_every_option_in_the_readme_exists_and_every_one_that_exists_is_there() -> None:
    check = command("check")
    options = {name for p in check.params if isinstance(p, click.Option) for name in p.opts}
    section = README.partition("\n## Options\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `(?:-\w`, `)?(--[a-z-]+)", section, re.M))
    assert named == {o for o in options if o.startswith("--")}


def test_every_option_of_run_is_in_the_readme() -> None:
    run = command("run")
    shown = [p for p in run.params if isinstance(p, click.Option) and not p.hidden]
    section = README.partition("\n## Watching a program\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| ", section, re.M)
    named = set(re.findall(r"--[a-z-]+|-\w\b", " ".join(rows)))
    assert named == {name for option in shown for name in option.opts}


def test_every_format_is_in_the_readme() -> None:
    section = README.partition("\n## In CI\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*`) \| ", section, re.M)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(REPORTERS)


def test_every_module_of_the_layers_is_drawn() -> None:
    section = README.partition("\n## How it works\n")[2].partition("\n## ")[0]
    flow = {p.stem for p in (ROOT / "datalint/flow").glob("*.py")} - {"__init__"}
    parts = {p.stem for p in (ROOT / "datalint").iterdir() if not p.name.startswith("_")}
    drawn = set(re.findall(r"^ *([a-z]+)  ", section, re.M))
    assert drawn == flow | (parts - {"py"})


def test_nobody_is_told_to_install_the_other_datalint() -> None:
    """The name `datalint` on the package index belongs to an unrelated tool."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == "torch-datalint"
    assert "torch-datalint" in README
    for text in (README, *(rule.page for rule in ALL)):
        assert not re.search(r"install\s+(-\S+\s+)*['\"]?datalint\b", text)


def test_the_gaps_in_the_readme_are_those_the_fixtures_admit() -> None:
    section = README.partition("\n## Known gaps\n")[2]
    named = re.findall(r"fixtures/[\w/]+\.py", section)
    admitted = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "fixtures").rglob("*.py"))
        if re.search(r"# (missing|spurious): ", path.read_text("utf-8"))
    ]
    assert sorted(named) == admitted, "list in the README what carries such a marker, and only that"
