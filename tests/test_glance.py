"""What is left out at a glance changes nothing: all writes are found as before."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalint.check import check_source
from datalint.flow.glance import may_be_written
from datalint.flow.project import Project
from datalint.rules import EVERYTHING
from datalint.source.text import DATA, may_hold
from tests.fixture_case import all_cases
from tests.random_programs import model
from tests.random_programs.generate import numbered

if TYPE_CHECKING:
    from datalint.finding import Finding
    from tests.fixture_case import FixtureCase

WRITTEN = EVERYTHING._replace(reads=False)


def findings(source: bytes, path: str, *, reads: bool, project: Project | None) -> list[Finding]:
    """What the rules find that are about writes."""
    sought = EVERYTHING if reads else WRITTEN
    found = check_source(source, path, project, sought)
    return sorted((f for f in found if f.rule != "data-read"), key=lambda f: f.order())


def agree(source: bytes, path: str, projects: tuple[Project, Project] | None = None) -> None:
    """Fail where a finding is missing or is another."""
    one, other = projects or (None, None)
    whole = findings(source, path, reads=True, project=one)
    assert findings(source, path, reads=False, project=other) == whole


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_fixtures(case: FixtureCase) -> None:
    agree(case.linted, str(case.path))


def live(source: str) -> int:
    """Through how many reads something may be written."""
    project = Project()
    module = project.parse(source.encode(), "a.py").ir
    return len(may_be_written(module, project, torch=True))


@pytest.mark.slow
def test_random_programs() -> None:
    for index in range(500):
        source = model.as_written(numbered(6, index)).encode()
        agree(source, "program.py")


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["nn", "ao", "distributed/optim", "utils"])
def test_torch(folder: str) -> None:
    """Modules of the largest part of which something is written."""
    found = importlib.util.find_spec("torch")
    assert found is not None and found.origin is not None
    projects = Project(), Project()
    paths = sorted(Path(found.origin).parent.joinpath(folder).rglob("*.py"))
    held = [path for path in paths if may_hold(path.read_bytes(), {DATA})]
    assert held
    for path in held:
        agree(path.read_bytes(), str(path), projects)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x.data.shape, len(x.data), x.data + 1, x.data == 2, f'{x.data}'\n",
        "def f(x):\n    a = [x.data]\n    a[0] = 1\n    a += [2]\n    a.append(x)\n",
        "def f(x):\n    y = x.data * 2\n    y.zero_()\n",
        "def f(x):\n    return x.data\n\n\ndef g(x):\n    y = f(x)\n    return y.mean()\n",
        "class C:\n    def f(self, x):\n        self.y = x.data\n\n    def g(self):\n"
        "        self.z.zero_()\n",
        "import torch\n\n\ndef f(x):\n    torch.save(x.data, 'a')\n    other(x.data)\n",
        "class C:\n    def f(self, x):\n        self.data = x\n        self.data[0] = 1\n",
        "from typing import Generic\n\n\nclass B(object):\n    pass\n\n\n"
        "class C(B, Generic[T]):\n    def f(self):\n        self.data.clear_()\n"
        "        return lambda: self.data.zero_()\n",
    ],
)
def test_reads_without_a_write(source: str) -> None:
    assert live(source) == 0


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    x.data.zero_()\n    return x.data.sum()\n",
        "def f(x):\n    x.data = 1\n",
        "def f(self):\n    self.data.zero_()\n",
        "import torch\n\n\nclass B(torch.Tensor):\n    pass\n\n\nclass C(B):\n    def f(self):\n"
        "        self.data.zero_()\n",
        "from torch import *\n\n\nclass C(Tensor):\n    def f(self):\n        self.data.zero_()\n",
        "import torch\n\n\nclass C:\n    def f(self, x):\n        self = x\n"
        "        self.data.zero_()\n",
        "import torch\n\n\nclass C:\n    def f(self, x):\n        def g(self):\n"
        "            self.data.zero_()\n        g(x)\n",
        "import torch\n\n\nclass C:\n    def f(self):\n        self.data.zero_()\n\n\n"
        "def g(x):\n    C.f(x)\n",
        "import torch\n\nB = torch.Tensor\n\n\nclass C(B):\n    def f(self):\n"
        "        self.data.zero_()\n",
        "class A(B):\n    pass\n\n\nclass B(A):\n    def f(self):\n        self.w.data.zero_()\n",
        "def f(x):\n    x.data += 1\n",
        "def f(x):\n    x.data[0] = 1\n",
        "def f(x):\n    a, (b, c) = 1, (x.data, 2)\n    for d in b:\n        d.t()[0].neg_()\n",
        "import torch\n\n\ndef f(x, y):\n    torch.add(x, 1, out=y.data)\n",
        "import numpy as np\n\n\ndef f(x, y):\n    np.copyto(y.data.numpy(), 1)\n",
        "def f(x):\n    return x.data\n\n\ndef g(x):\n    f(x).zero_()\n",
        "def f(x):\n    x.zero_()\n\n\ndef g(x):\n    f(x=x.data)\n",
        "def f(*xs):\n    xs[0].zero_()\n\n\ndef g(x):\n    f(x.data)\n",
        "def g(x):\n    f = lambda y: y.zero_()\n    f(x.data)\n",
        "def f(x):\n    x.zero_()\n\n\ndef g(x):\n    h = {1: f}[1]\n    h(x.data)\n",
        "class C:\n    def f(self, x):\n        self.y = x.data\n\n    def g(self):\n"
        "        self.y.zero_()\n",
        "class C:\n    @property\n    def y(self):\n        return self.x.data\n\n\ndef f(c):\n"
        "    c.y.zero_()\n",
        "def f(x):\n    yield x.data\n\n\ndef g(x):\n    for y in f(x):\n        y.zero_()\n",
        "def f(x):\n    a = b = []\n    a.append(x.data)\n    b[0].zero_()\n",
        "def f(x, name='data'):\n    y = x.data\n    getattr(x, name).zero_()\n",
        "def f(x):\n    z = x.data.zero_\n    z()\n",
        "def f(x):\n    y = x.data\n\n    def g():\n        nonlocal y\n        y.zero_()\n",
    ],
)
def test_writes_that_are_reached(source: str) -> None:
    assert live(source)
