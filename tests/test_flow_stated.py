"""What users state of functions and classes: what is found with it that is not found without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datalint.check import check_source
from datalint.flow.project import Project
from datalint.ops.stated import NOTHING_STATED, Stated
from datalint.rules import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from datalint.finding import Finding

HARM = "write-after-save"
DEFAULT = {rule.name for rule in ALL if rule.default}
STATED = Stated(
    (
        ("mylib.ops.scale", 0),
        ("mylib.ops.step", 1),
        ("mylib.ops.step", "out"),
        ("mylib.ops.Round.apply", 0),
        ("mylib._C.fill", 0),
        ("numpy.fft.scale", 0),
        ("fused", 0),
        ("flush_", "self"),
        ("sigmoid", 0),
        ("print", 0),
    ),
    frozenset({"mylib.load", "safe_log"}),
    frozenset({"mylib.Base", "Lightning"}),
)


def found(code: str, stated: Stated = STATED, path: str = "<string>") -> list[Finding]:
    return check_source(code.encode(), path, Project(stated))


def shown(code: str, stated: Stated = STATED) -> list[str]:
    return [f.rule for f in found(code, stated) if f.rule in DEFAULT]


class TestMutates:
    """`y` is the result that `exp` saved; nobody has saved `z`."""

    PROGRAM = """\
import functools
import torch
import mylib
import mylib.ops as ops
from mylib.ops import scale, Round

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
z = y + 1
{}
y.sum().backward()
"""

    @pytest.mark.parametrize(
        ("harmful", "harmless"),
        [
            ("scale(y.data)", "scale(z.data)"),
            ("mylib.ops.scale(y.data, z)", "mylib.ops.scale(z, y.data)"),
            ("d = y.data\nops.scale(d)", "d = y.data.clone()\nops.scale(d)"),
            ("ops.step(z, y.data)", "ops.step(y.data, z)"),
            ("ops.step(z, out=y.data)", "ops.step(z, into=y.data)"),
            ("scale([z, y.data])", "scale(z, [y.data])"),
            ("scale((y.data[0], 3))", "scale(3, (y.data[0], 3))"),
            ("scale([t.data for t in (y, z)])", "scale([t.data for t in (z,)])"),
            ("scale(*[t.data for t in (y, z)])", "scale(z, *[t.data for t in (y, z)])"),
            ("functools.partial(ops.step, z)(y.data)", "functools.partial(ops.step, y.data)(z)"),
            ("Round.apply(y.data)", "Round.apply(z, y.data)"),
            ("mylib.anything.fused(y.data)", "mylib.anything.other(y.data)"),
            ("fused(y.data)", "fused(z, y.data)"),
            ("mylib.Kernels().fused(y.data)", "mylib.Kernels().fused(z, y.data)"),
            ("y.data.flush_()", "z.data.flush_(y.data)"),
            ("import numpy\nnumpy.fft.scale(y.data)", "import numpy\nnumpy.fft.other(y.data)"),
        ],
    )
    def test_it_is_a_write_like_any_other(self, harmful: str, harmless: str) -> None:
        assert shown(self.PROGRAM.format(harmful)) == [HARM]
        assert shown(self.PROGRAM.format(harmful), NOTHING_STATED) == []
        assert shown(self.PROGRAM.format(harmless)) == []

    def test_the_story_names_the_function(self) -> None:
        (finding,) = found(self.PROGRAM.format("scale(y.data)"))
        assert finding.notes[1].span.row == 10
        assert finding.fix is not None
        assert [edit.content for edit in finding.fix.edits] == ["detach()"]

    def test_harmless_writes_are_there_to_opt_into(self) -> None:
        (finding,) = found("from mylib.ops import scale\ndef f(a):\n    scale(a.b.data)\n")
        assert finding.rule == "data-write"

    def test_an_argument_is_judged_as_one(self) -> None:
        assert shown("def f(t):\n    mylib.fused(t.data)\n    return t\n") == ["unchecked-write"]

    @pytest.mark.parametrize(
        "known",
        [
            "torch.sigmoid(y.data)",
            "print(y.data)",
            "def fused(t):\n    return t\nfused(y.data)",
            "class K:\n    def fused(self, t):\n        return t\nK().fused(y.data)",
        ],
    )
    def test_a_bare_name_says_nothing_of_what_is_known(self, known: str) -> None:
        assert shown(self.PROGRAM.format(known)) == []


class TestReturnsTensor:
    @pytest.mark.parametrize("call", ["mylib.load(path)", "anything.safe_log(path)"])
    def test_its_data_is_a_tensors(self, call: str) -> None:
        code = f"import mylib\ndef f(path, k):\n    t = {call}\n    t.data[k] = 1\n    return t\n"
        assert [f.rule for f in found(code)] == ["data-write"]
        assert found(code, NOTHING_STATED) == []

    def test_it_is_tracked_where_an_argument_is(self) -> None:
        code = """
import mylib
def f(x):
    r = mylib.math.safe_log(x)
    s = r * r
    d = r.data
    d += 1
    return s
"""
        (finding,) = found(code)
        assert finding.rule == HARM
        assert found(code, NOTHING_STATED) == []


class TestModules:
    @pytest.mark.parametrize("base", ["mylib.Base", "mylib.any.Lightning"])
    def test_what_is_made_has_parameters(self, base: str) -> None:
        code = f"""
import mylib
layer = {base}(3)
y = layer.kernel.sigmoid()
y.data.zero_()
y.sum().backward()
"""
        assert shown(code) == [HARM]
        assert shown(code, NOTHING_STATED) == []

    @pytest.mark.parametrize("base", ["mylib.Base", "mylib.any.Lightning", "torch.nn.Module"])
    @pytest.mark.parametrize("between", ["", "class Between(Below):\n    pass\n"])
    def test_a_class_made_from_it_is_a_module(self, base: str, between: str) -> None:
        """A module's `__init__` runs for no backward; its forward does."""
        code = f"""
import mylib, torch
class Below({base}):
    pass
{between}
class Net({"Between" if between else "Below"}):
    def __init__(self):
        super().__init__()
        self.kernel = torch.nn.Parameter(torch.ones(3))
        self.start = self.kernel.exp()
        self.start.data.mul_(2)
    def forward(self, x):
        y = x.exp()
        y.data.mul_(2)
        return y
"""
        harm = [f.span.row for f in found(code) if f.rule == HARM]
        line = code[: code.index("y.data")].count("\n") + 1
        assert harm == [line]
        unknown = [f for f in found(code, NOTHING_STATED) if f.rule == HARM]
        assert len(unknown) == (1 if base.startswith("torch") else 2)


class TestNamesOfTheProject:
    """A name means the same however it is imported, and though its module is on disk."""

    ABSOLUTE = (
        ("import mylib.ops", "mylib.ops.scale"),
        ("from mylib import ops", "ops.scale"),
        ("from mylib.ops import scale as s", "s"),
        ("from mylib.ops import *", "scale"),
        ("import mylib", "mylib._C.fill"),
        ("from mylib import _C", "_C.fill"),
        ("from mylib._C import *", "fill"),
    )
    RELATIVE = (
        ("from . import ops", "ops.scale"),
        ("from .ops import scale", "scale"),
        ("from .ops import *", "scale"),
        ("from . import _C", "_C.fill"),
        ("from ._C import fill", "fill"),
    )

    @pytest.mark.parametrize(
        ("package", "imported", "call"),
        [
            *((True, *names) for names in (*ABSOLUTE, *RELATIVE)),
            *((False, *names) for names in ABSOLUTE),  # outside a package nothing is relative
        ],
    )
    def test_a_dotted_name(self, package: bool, imported: str, call: str, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").touch()
        folder = tmp_path / "mylib"
        folder.mkdir()
        if package:
            (folder / "__init__.py").write_text("from . import ops\n")
        (folder / "ops.py").write_text("def scale(t):\n    return t\n")
        here = folder / "here.py" if package else tmp_path / "here.py"
        code = f"""
import torch
{imported}
x = torch.ones(3, requires_grad=True)
y = x.exp()
{call}(y.data)
y.sum().backward()
"""
        here.write_text(code)
        assert [f.rule for f in found(code, path=str(here))] == [HARM]
        assert HARM not in [f.rule for f in found(code, NOTHING_STATED, str(here))]

    def test_the_bases_of_a_class_on_disk_are_followed(self, tmp_path: Path) -> None:
        (tmp_path / "mylib.py").write_text(
            "class Base:\n    def double(self, t):\n        t.mul_(2)\n"
        )
        code = """
import torch
from mylib import Base
class Net(Base):
    def forward(self, x):
        y = x.exp()
        self.double(y.data)
        return y
"""
        (tmp_path / "here.py").write_text(code)
        assert [f.rule for f in found(code, path=str(tmp_path / "here.py"))] == [HARM]
