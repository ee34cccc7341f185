"""The benchmarks measure what they say: on a tiny tree, with tools that need no network."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from tests.benchmarks.compare import main, measure
from tests.benchmarks.contenders import Contender, program
from tests.benchmarks.measure import Command, Costs, Failed

if TYPE_CHECKING:
    from tests.conftest import Datalint

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no `wait4` there")

HOLDS = "held = bytearray(b'x') * 60_000_000; import time; time.sleep(0.3)"
STARTS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}], check=True)"


def costs(**programs: str) -> dict[str, Costs]:
    each = [
        Contender(name, "python", Command([sys.executable, "-c", text]))
        for name, text in programs.items()
    ]
    return measure(each, 2)


def numbers(table: str, name: str) -> list[float]:
    (row,) = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", table, re.MULTILINE)
    return [float(number) for number in row.split(" | ")]


def test_a_tree_is_measured_and_compared(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x.data = 1\n")
    tools = ["datalint", "ruff", *["grep"] * bool(shutil.which("grep"))]
    words = [word for tool in tools for word in ("--tool", tool)]
    done = CliRunner().invoke(main, ["--corpus", str(tmp_path), "--repeat", "1", *words])
    assert done.exception is None, done.output
    assert f"## {tmp_path}: 1 files" in done.output
    warm, ruff = (numbers(done.output, n) for n in ("datalint, warm", "Ruff, with its cache"))
    ratio = numbers(done.output, "datalint, warm / Ruff, with its cache")
    expected = [one / other for one, other in zip(warm, ruff, strict=True)]
    assert ratio == pytest.approx(expected, rel=0.3, nan_ok=True)
    assert min(warm) > 0
    assert "TorchFix" not in done.output


@pytest.mark.slow
def test_memory_is_that_of_all_processes_together() -> None:
    found = costs(alone=HOLDS, within=STARTS)
    assert 60e6 < found["alone"].peak < 80e6
    assert 60e6 < found["within"].peak < 90e6


def test_times_are_those_of_all_processes_together() -> None:
    works = "sum(range(5_000_000))"
    within = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {works!r}])"
    found = costs(nothing="pass", within=within)
    wall, cpu, _ = found["within"].over(found["nothing"])
    assert wall > 2 and cpu > 2
    assert len(found["within"].cpu) == 2


def test_a_tool_that_fails_is_no_figure() -> None:
    with pytest.raises(Failed, match=r"ended with 3: out of order"):
        costs(broken="import sys; print('out of order'); sys.exit(3)")


def test_the_file_has_findings_only_where_it_is_to_have_some(datalint: Datalint) -> None:
    for harmful in (0, 6):
        Path("a.py").write_text(text := program(harmful))
        assert 490 < text.count("\n") <= 500
        done = datalint("a.py", "--no-cache", "--output-format", "concise")
        assert done.stdout.count("write-after-save") == harmful
