"""`--fix` and `--diff` as a user meets them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalint import write
from datalint.check import check_source
from datalint.finding import Applicability, Edit, Finding, Fix, Span
from datalint.fix import Fixer
from datalint.lint import Linted, Linter
from datalint.report.screen import visible
from datalint.selection import Selection
from tests.findings import finding
from tests.notebooks import notebook

if TYPE_CHECKING:
    from tests.conftest import Datalint

READS = """\
import torch

w = torch.ones(3, requires_grad=True)
print(w.data)
t = w.data
"""
SAFE = READS.replace("print(w.data)", "print(w.detach())")
ALL = SAFE.replace("t = w.data", "t = w.detach()")
SELECTED = ("--select", "data-read")
EVERY = ("--select", "all", "--fix", "--unsafe-fixes")


@pytest.fixture(autouse=True)
def file(datalint: Datalint) -> Path:
    path = Path("a.py")
    path.write_text(READS)
    return path


def test_safe_fixes_are_made_and_what_is_left_is_reported(datalint: Datalint, file: Path) -> None:
    done = datalint("a.py", *SELECTED, "--fix", "--output-format", "concise")
    assert done.returncode == 1
    assert done.stdout == (
        "a.py:5:5: note[data-read] `w.data` is read: what is done with it later goes unchecked\n"
        "1 file checked: 1 finding; 1 fixed; 1 can be changed by --unsafe-fixes\n"
    )
    assert file.read_text() == SAFE


def test_all_fixed_is_exit_code_0(datalint: Datalint, file: Path) -> None:
    done = datalint("a.py", *SELECTED, "--fix", "--unsafe-fixes")
    assert (done.returncode, done.stdout) == (0, "1 file checked: 0 findings; 2 fixed\n")
    assert file.read_text() == ALL
    done = datalint("a.py", *SELECTED, "--fix", "--unsafe-fixes")
    assert (done.returncode, done.stdout) == (0, "1 file checked: 0 findings; 0 fixed\n")


def test_without_fix_it_is_said_what_could_be(datalint: Datalint, file: Path) -> None:
    done = datalint("a.py", *SELECTED)
    assert done.stdout.endswith("1 file checked: 2 findings; 1 can be fixed: --fix\n")
    assert file.read_text() == READS


def test_what_is_not_shown_is_not_fixed(datalint: Datalint, file: Path) -> None:
    assert datalint("a.py", "--fix", "--unsafe-fixes").returncode == 0
    assert file.read_text() == READS


def test_a_diff_writes_nothing_and_can_be_applied(datalint: Datalint, file: Path) -> None:
    file.write_bytes(READS.replace("\n", "\r\n").encode()[:-2])
    before = file.read_bytes()
    done = datalint("a.py", *SELECTED, "--diff", "--unsafe-fixes")
    assert (done.returncode, done.stderr) == (1, "1 file would change: 2 findings fixed\n")
    assert file.read_bytes() == before
    Path("b.diff").write_bytes(done.stdout.encode())
    subprocess.run(["git", "apply", "-p0", "b.diff"], check=True)
    assert file.read_bytes() == ALL.replace("\n", "\r\n").encode()[:-2]
    done = datalint("a.py", *SELECTED, "--diff")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "0 files would change: 0 findings fixed\n"


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
@pytest.mark.parametrize("name", ["a\nb.py", "\x1b[2Jx\ty.py", 'é "a" \\.py', "\udcff \u2028.py"])
def test_a_diff_names_files_so_that_they_are_found(datalint: Datalint, name: str) -> None:
    Path(name).write_text(READS)
    done = datalint(name, *SELECTED, "--diff")
    assert visible(done.stdout.replace("\n", "")) == done.stdout.replace("\n", "")
    subprocess.run(["git", "apply", "-p0"], input=os.fsencode(done.stdout), check=True)
    assert Path(name).read_text() == SAFE


def test_standard_input_is_fixed_to_standard_output(datalint: Datalint) -> None:
    done = datalint("-", *SELECTED, "--fix", "--unsafe-fixes", stdin=READS.encode())
    assert (done.returncode, done.stdout) == (0, ALL)
    assert done.stderr == "1 file checked: 0 findings; 2 fixed\n"
    done = datalint("-", *SELECTED, "--fix", stdin=b"x.data = (\n")
    assert (done.returncode, done.stdout) == (2, "x.data = (\n")
    assert "not-analysed" in done.stderr


def test_a_diff_is_no_report(datalint: Datalint) -> None:
    done = datalint("a.py", "--diff", "--output-format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "datalint: error: --diff prints no report: leave out --output-format\n"


def test_unsafe_fixes_are_for_fixing(datalint: Datalint) -> None:
    done = datalint("a.py", "--unsafe-fixes")
    assert done.returncode == 2
    assert done.stderr == "datalint: error: --unsafe-fixes is for --fix or --diff\n"


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_fixed(
    datalint: Datalint, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("b.py").write_text(READS)
    real = os.access
    monkeypatch.setattr(
        write.os, "access", lambda path, mode: Path(path).name != "b.py" and real(path, mode)
    )
    done = datalint(".", *SELECTED, "--fix", "--output-format", "concise")
    assert done.returncode == 2
    assert "b.py:1:1: error[not-fixed] it is read-only\n" in done.stdout
    assert "b.py:4:7: note[data-read]" in done.stdout
    assert "2 files checked, 1 not fixed: 3 findings; 1 fixed" in done.stdout
    assert file.read_text() == SAFE
    assert Path("b.py").read_text() == READS


def test_a_file_that_is_saved_meanwhile_keeps_what_was_saved(
    datalint: Datalint, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = Fixer.lint

    def slow(self: Fixer, source: bytes, path: str) -> object:
        file.write_text("mine = 1\n")
        return fix(self, source, path)

    monkeypatch.setattr(Fixer, "lint", slow)
    done = datalint("a.py", *SELECTED, "--fix")
    assert done.returncode == 2
    assert "error[not-fixed]: it changed meanwhile" in done.stdout
    assert file.read_text() == "mine = 1\n"


def test_the_mode_stays(datalint: Datalint, file: Path) -> None:
    file.chmod(0o755)
    datalint("a.py", *SELECTED, "--fix")
    assert stat.S_IMODE(file.stat().st_mode) == 0o755


def test_places_in_other_files_are_those_after_the_fix(datalint: Datalint) -> None:
    Path("pyproject.toml").touch()
    Path("lib.py").write_text(
        "import torch\n\np = torch.ones(3)\np.data.mul_(2)\n\ndef zero(t):\n    t.fill(0)\n"
    )
    Path("main.py").write_text(
        "import torch\nfrom lib import zero\n\nx = torch.ones(3, requires_grad=True)\n"
        "y = x.exp()\nzero(y.data.numpy())\ny.sum().backward()\n"
    )
    done = datalint("main.py", "lib.py", "--extend-select", "data-write", "--fix", "--unsafe-fixes")
    assert "with torch.no_grad():\n    p.mul_(2)\n" in Path("lib.py").read_text()
    assert done.returncode == 1
    assert "lib.py:8:5\n  |\n8 |     t.fill(0)\n" in done.stdout


def test_a_notebook_is_fixed_in_its_cells(datalint: Datalint) -> None:
    source = notebook("import torch\nw = torch.ones(3, requires_grad=True)", "%time print(w.data)")
    Path("a.ipynb").write_bytes(source)
    done = datalint("a.ipynb", *SELECTED, "--fix")
    assert (done.returncode, done.stdout) == (0, "1 file checked: 0 findings; 1 fixed\n")
    assert Path("a.ipynb").read_bytes() == source.replace(b"w.data", b"w.detach()")


def test_no_grad_goes_around_what_follows_in_the_same_cell(datalint: Datalint) -> None:
    made = "import torch\nw = torch.nn.Parameter(torch.ones(3))"
    write = "w.data.mul_(2)"
    Path("a.ipynb").write_bytes(notebook(made, f"{write}\n{write}", write))
    done = datalint("a.ipynb", "--select", "data-write", "--fix", "--unsafe-fixes")
    assert (done.returncode, done.stdout) == (0, "1 file checked: 0 findings; 3 fixed\n")
    one = "with torch.no_grad():\n    w.mul_(2)"
    assert Path("a.ipynb").read_bytes() == notebook(made, f"{one}\n    w.mul_(2)", one)


def fixed(code: str) -> str:
    """What all fixes of all rules make of a program."""
    put: list[bytes] = []
    linter = Linter(Selection(("all",)))
    Fixer(linter, lambda path, old, new: put.append(new), unsafe=True).lint(code.encode(), "a.py")
    return put[-1].decode() if put else code


HEAD = "import torch\nfrom torch import nn\n\n\n"


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("w.data += c", "with torch.no_grad():\n    w.add_(c)"),
        ("w.data **= 2", "with torch.no_grad():\n    w.pow_(2)"),
        ("w.data[0] += c  # why", "with torch.no_grad():\n    w[0] += c  # why"),
        ("w.data[0] = c", "with torch.no_grad():\n    w[0] = c"),
        ("w.data.mul_(2).add_(1)", "with torch.no_grad():\n    w.mul_(2).add_(1)"),
        (
            "w.data.mul_(2)\nw.data.add_(1)\nw.data.sub_(1)",
            "with torch.no_grad():\n    w.mul_(2)\n    w.add_(1)\n    w.sub_(1)",
        ),
        (
            "w.data.mul_(2)\n\nw.data.add_(1)",
            "with torch.no_grad():\n    w.mul_(2)\n\nwith torch.no_grad():\n    w.add_(1)",
        ),
        ("w.data.mul_(c); w.data.add_(1)", "w.detach().mul_(c); w.detach().add_(1)"),
        ("if c: w.data.mul_(2)", "if c: w.detach().mul_(2)"),
        ("w.data.mul_(f())", "w.detach().mul_(f())"),  # what it does may need grad mode
        ("w.data.mul_(z := c * c)", "w.detach().mul_(z := c * c)"),  # `z` would have no graph
        ("w.data.mul_((yield))", "w.detach().mul_((yield))"),  # who runs then has a mode of his own
        ("w.data[0] = yield", "w.detach()[0] = yield"),
        ("w.data.mul_(\n    2,\n)", "w.detach().mul_(\n    2,\n)"),
        ("w.data += (\n    c)", "w.detach().add_((\n    c))"),
        ("w.data.t_().mul_(2)", "w.detach().t_().mul_(2)"),  # `w.t_()` would turn `w` itself
        ("w.data.resize_(3).fill_(1)", "w.detach().resize_(3).fill_(1)"),
        ("nn.init.uniform_(w.data)", "nn.init.uniform_(w)"),
        ("w.grad.data.zero_()", "w.grad.zero_()"),
        ("with torch.no_grad():\n    w.data.mul_(2)", "with torch.no_grad():\n    w.mul_(2)"),
        ("with torch.no_grad():\n    w.data -= 2", "with torch.no_grad():\n    w.sub_(2)"),
        (
            "with torch.enable_grad():\n    w.data.mul_(2)",
            "with torch.enable_grad():\n    w.detach().mul_(2)",
        ),
        ("z = w . data  # a read", "z = w . detach()  # a read"),
        ("z = getattr(w, 'data').sum()", "z = w.detach().sum()"),
        ("print(f'{w.data} {w.data=}')", "print(f'{w.detach()} {w.detach()=}')"),
        ("z = (w\n     .data\n     .sum())", "z = (w\n     .detach()\n     .sum())"),
        ("w.data = c", "w.data = c"),
        ("w.data @= c", "w.data @= c"),
    ],
)
def test_a_write_takes_the_form_that_suits(written: str, instead: str) -> None:
    def program(code: str) -> str:
        body = "".join(f"    {line}\n" if line else "\n" for line in code.split("\n"))
        return f"{HEAD}def step(c: float, f):\n    w = nn.Parameter(torch.ones(3, 3))\n{body}"

    assert fixed(program(written)) == program(instead)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("w.data.normal_(0, 0.02)", "nn.init.normal_(w, 0, 0.02)"),
        ("w.data.normal_(mean=0, std=f())", "nn.init.normal_(w, mean=0, std=f())"),
        ("w.data.normal_()", "nn.init.normal_(w)"),
        ("w.data.uniform_(-1, 1)", "nn.init.uniform_(w, -1, 1)"),
        ("w.data.zero_()", "nn.init.zeros_(w)"),
        ("w.data.fill_(1)", "nn.init.constant_(w, 1)"),
        ("w.data.uniform_(-1, 1, generator=f)", "    w.uniform_(-1, 1, generator=f)"),
        ("w.data.mul_(2)", "    w.mul_(2)"),
    ],
)
def test_initialisation_has_functions_of_its_own(written: str, instead: str) -> None:
    if instead.startswith(" "):
        instead = f"with torch.no_grad():\n    {instead}"
    head = f"{HEAD}def init_weights(f):\n    w = nn.Parameter(torch.ones(3))\n    "
    assert fixed(f"{head}{written}\n") == f"{head}{instead}\n"


@pytest.mark.parametrize(
    ("code", "instead"),
    [
        # The name that the fix would use means something else, or nothing.
        ("import torch as t\ndef f():\n    w = t.nn.Parameter(t.ones(3))\n    w.data.mul_(2)\n",
         "with t.no_grad():"),
        ("from torch.nn import Parameter\ndef f():\n    w = Parameter(1)\n    w.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\ndef f(p):\n    torch = p\n    w = p.Parameter()\n    w.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\ndef f():\n    from own import torch\n    w = torch.ones(3)\n"
         "    w.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\ndef f():\n    import torch\n    w = torch.ones(3)\n    w.data.mul_(2)\n",
         "with torch.no_grad():"),
        ("import torch\ndef f(c):\n    w = torch.ones(3)\n    match c:\n        case [torch, *_]:\n"
         "            w.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\nw = torch.ones(3)\ntry:\n    c\nexcept c as torch:\n    w.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\nw = torch.ones(3)\ndef torch(): pass\nw.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\nw = torch.ones(3)\ndef f():\n    global torch\n    torch = w\n"
         "w.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\nfrom torch import nn\ndef f(nn):\n    w = torch.ones(3)\n"
         "    nn.init.normal_(w.data)\n",
         "nn.init.normal_(w.detach())"),
        ("try:\n    import torch\nexcept ImportError:\n    raise\nw = torch.ones(3)\n"
         "w.data.mul_(2)\n",
         "with torch.no_grad():"),
        # Where `no_grad` is not that of torch, grad mode is on.
        ("import torch\nfrom .own import no_grad\nw = torch.ones(3)\nwith no_grad():\n"
         "    w.data.mul_(2)\n",
         "with no_grad():\n    with torch.no_grad():\n        w.mul_(2)\n"),
        ("import torch\nno_grad = open\nw = torch.ones(3)\nwith no_grad():\n    w.data.mul_(2)\n",
         "with no_grad():\n    with torch.no_grad():\n        w.mul_(2)\n"),
        ("import torch\ndef f(torch):\n    w = torch.ones(3)\n    with torch.no_grad():\n"
         "        w.data.mul_(2)\n",
         "w.detach().mul_(2)"),
        ("import torch\nw = torch.ones(3)\nwith torch.autograd.grad_mode.no_grad():\n"
         "    w.data.mul_(2)\n",
         "    w.mul_(2)"),
        # Steps of a `match`, tabs, and a step of two.
        ("import torch\nw = torch.ones(3)\nmatch w:\n  case _:\n    w.data.mul_(2)\n",
         "    with torch.no_grad():\n      w.mul_(2)"),
        ("import torch\nw = torch.ones(3)\ntry:\n  pass\nexcept OSError:\n     w.data.mul_(2)\n",
         "     with torch.no_grad():\n          w.mul_(2)"),
        ("import torch\nif 1:\n\tw = torch.ones(3)\n\tw.data.mul_(2)\n",
         "\twith torch.no_grad():\n\t\tw.mul_(2)"),
        ("import torch\nif 1:\n  w = torch.ones(3)\n  w.data.mul_(2)\n",
         "  with torch.no_grad():\n    w.mul_(2)"),
        ("import torch\nw = torch.ones(3)\ng = w.grad.data.zero_()\ncreate_graph = 1\n",
         "w.grad.detach().zero_()"),
    ],
)  # fmt: skip
def test_names_and_indentation_are_those_of_the_place(code: str, instead: str) -> None:
    assert instead in fixed(code)


@pytest.mark.parametrize(
    "code",
    [
        "\fz = w.data\n",
        "if z:\n\f    z = w.data\n    z = w.data\n",
        "if z:\n    z = 1\n\f    z = (w\f.data)\n  \f    z = w.data\n",
        "\f\nz = [\n\f w.data]\n",
    ],
)
def test_form_feeds_stay_where_they_are(code: str) -> None:
    head = "import torch\nw = torch.ones(3)\nz = 0\n"
    assert fixed(head + code) == head + code.replace("data", "detach()")


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("\f    w.data.mul_(2)\n    w.data.mul_(3)\n",
         "\f    with torch.no_grad():\n        w.mul_(2)\n        w.mul_(3)\n"),
        ("    w.data.mul_(2)\n  \f    w.data.mul_(3)\n",
         "    with torch.no_grad():\n        w.mul_(2)\n  \f        w.mul_(3)\n"),
    ],
)  # fmt: skip
def test_form_feeds_are_no_indentation(written: str, instead: str) -> None:
    head = "import torch\nw = torch.ones(3)\nif w:\n    pass\n"
    assert fixed(head + written) == head + instead


SCRIPTED = """\
import torch
from torch import jit, nn


@torch.jit.script
def a(x: torch.Tensor):
    return x.data


class B(jit.ScriptModule):
    @jit.script_method
    def forward(self, x: torch.Tensor):
        return x.data


class C(nn.Module):
    def forward(self, x: torch.Tensor):
        return helper(x.data)


def helper(x: torch.Tensor):
    return x.data


jit.script(C())
"""


def test_what_torch_jit_compiles_is_left_alone() -> None:
    assert len(check_source(SCRIPTED.encode())) == 4
    assert fixed(SCRIPTED) == SCRIPTED
    by_name = SCRIPTED.replace("jit.script(C())", "model: nn.Module = C()\njit.script(model)")
    assert fixed(by_name) == by_name
    ignored = SCRIPTED.replace("@torch.jit.script\n", "@torch.jit.ignore\n")
    assert fixed(ignored) == ignored.replace("x.data", "x.detach()", 1)


def test_what_is_only_guessed_a_tensor_is_left_alone() -> None:
    guessed = "import torch\n\ndef f(batch):\n    weight = batch.weight\n    return weight.data\n"
    assert [f.fix for f in check_source(guessed.encode())] == [None]


@pytest.mark.parametrize(
    ("code", "safe"),
    [
        ("print(w.data)", True),
        ("from rich import print\nprint(w.data)", False),
        ("def print(x): kept.append(x)\nprint(w.data)", False),
        ("def f(len): len(w.data)", False),
        ("f'{w.data.item()} {w.data.shape}'", True),
        ("f'{w.data.item()=}'", False),
        ("f'{(w.data > 0)=}'", False),
        ("w.data.cpu().numpy().copy()", True),
        ("w.data.cpu().numpy()", False),
    ],
)
def test_what_is_safe(code: str, safe: bool) -> None:
    found = check_source(f"import torch\nw = torch.ones(3)\n{code}\n".encode())
    kinds = {f.fix.applicability for f in found if f.fix and f.rule == "data-read"}
    assert kinds == {Applicability.SAFE if safe else Applicability.UNSAFE}


def test_a_recurrent_module_may_give_back_no_tensor() -> None:
    code = "def f(lstm: nn.LSTM, packed):\n    out, _ = {}(packed)\n    print(out.data)\n"
    made = "import torch\nfrom torch import nn\n" + code
    assert check_source(made.format("nn.LSTM(2, 2)").encode()) == []
    tensor = made.replace("packed)", "packed: torch.Tensor)", 1)
    assert len(check_source(tensor.format("nn.LSTM(2, 2)").encode())) == 1


def edits(*changes: tuple[int, int, str], group: int = 0) -> Fix:
    made = tuple(Edit(Span(1, first, 1, last), content) for first, last, content in changes)
    return Fix(Applicability.UNSAFE, "", made, group)


class Sources(Linter):
    """Finds one thing to fix at each place that a table names for what a file holds."""

    table: dict[bytes, list[Fix]]

    def lint(self, source: bytes, path: str) -> Linted:
        found: list[Finding] = []
        for fix in self.table.get(source, []):
            found.append(finding(fix.edits[0].span)._replace(fix=fix))
        return Linted(tuple(found))


def rounds(source: bytes, table: dict[bytes, list[Fix]]) -> tuple[bytes, int]:
    """What a file holds in the end, and how many fixes were counted."""
    put = [source]
    linter = Sources(Selection())
    linter.table = table
    fixer = Fixer(linter, lambda path, old, new: put.append(new), unsafe=True)
    left = fixer.lint(source, "a.py")
    return put[-1], left.fixed


def test_fixes_that_overlap_wait_for_the_next_round() -> None:
    table = {
        b"abc": [edits((1, 3, "x")), edits((2, 4, "y"))],
        b"xc": [edits((2, 3, "z"))],
    }
    assert rounds(b"abc", table) == (b"xz", 2)


def test_of_a_group_one_is_made_at_a_time() -> None:
    table = {
        b"ab": [edits((1, 2, "x"), group=1), edits((2, 3, "y"), group=1)],
        b"xb": [edits((2, 3, "z"), group=1)],
    }
    assert rounds(b"ab", table) == (b"xz", 2)


def test_a_fix_after_which_it_is_no_python_is_not_made_and_the_others_are() -> None:
    table = {
        b"a;b": [edits((1, 2, "(")), edits((3, 4, "c"))],
        b"a;c": [edits((1, 2, "("))],
    }
    assert rounds(b"a;b", table) == (b"a;c", 1)


def test_fixes_that_undo_each_other_come_to_an_end() -> None:
    table = {b"a": [edits((1, 2, "b"))], b"b": [edits((1, 2, "a"))]}
    assert rounds(b"a", table) == (b"b", 1)
