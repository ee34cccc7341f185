"""What bad input gets: its name and place in the report, exit code 2, and never a crash."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.test_cli import HARMFUL
from tests.test_text import SHAPES

if TYPE_CHECKING:
    from tests.conftest import Datalint

DATA = "x.data.zero_()\n"

#: What is in the file; how its reason begins; the place.
BAD: dict[str, tuple[bytes, str, tuple[int, int]]] = {
    "brackets": (
        f"{DATA}y = {'[' * 3_000}{']' * 3_000}\n".encode(),
        "syntax error: too many nested parentheses",
        (2, 205),
    ),
    "chained_calls": (
        f"{DATA}if x:\n    y = x{'.f()' * 5_000}\n".encode(),
        "nested too deeply",
        (3, 5),
    ),
    "sum": (f"{DATA}y = {' + '.join(['x'] * 20_000)}\n".encode(), "nested too deeply", (2, 1)),
    "nul": (f"{DATA}y = '\0'\n".encode(), "a NUL byte", (2, 6)),
    "utf16": (DATA.encode("utf-16"), "not UTF-8: byte 0xff", (1, 1)),
    "latin1": (f"{DATA}# größe\n".encode("latin-1"), "not UTF-8: byte 0xf6", (2, 5)),
    "codec": (f"# coding: klingon\n{DATA}".encode(), "unknown encoding: klingon", (1, 1)),
    "python2": (f"{DATA}print 'x'\n".encode(), "syntax error: Missing parentheses", (2, 1)),
    "syntax": (f"{DATA}x = = 1\n".encode(), "syntax error: invalid syntax", (2, 5)),
    "unclosed": (f"{DATA}x = (\n".encode(), "syntax error: '(' was never closed", (2, 5)),
    "minus": (f"{DATA}y = {'-' * 2_900}x\n".encode(), "nested too deeply", (2, 1)),
}


@pytest.fixture(autouse=True)
def folder(process: Datalint) -> None:
    """A folder of bad files, with one among them in which there is something to find."""
    Path("src").mkdir()
    for name, (source, _, _) in BAD.items():
        Path("src", f"{name}.py").write_bytes(source)
    Path("src", "harmful.py").write_text(HARMFUL)
    Path("src", "gone.py").symlink_to("nowhere.py")


def test_each_is_named_with_its_place_and_the_rest_is_checked(process: Datalint) -> None:
    done = process("src", "--output-format", "json")
    assert (done.returncode, done.stderr) == (2, "")
    entries = {Path(entry["filename"]).stem: entry for entry in json.loads(done.stdout)}
    assert entries.pop("harmful")["rule"] == "write-after-save"
    assert entries.pop("gone")["message"] == "cannot be read: No such file or directory"
    assert entries.keys() == BAD.keys()
    for name, (_, reason, (row, column)) in BAD.items():
        entry: dict[str, Any] = entries[name]
        assert entry["rule"] == "not-analysed"
        assert entry["message"].startswith(reason), name
        assert entry["location"] == {"row": row, "column": column}, name


@pytest.mark.parametrize("form", ["text", "concise"])
def test_a_person_sees_them_too(form: str, process: Datalint) -> None:
    done = process("src", "--output-format", form, "--exit-zero", "--color", "never")
    assert (done.returncode, done.stderr) == (2, "")
    for name, (_, reason, (row, column)) in BAD.items():
        assert f"src/{name}.py:{row}:{column}" in done.stdout
        assert reason in done.stdout
    assert "src/gone.py:1:1" in done.stdout
    assert "src/harmful.py:5:5" in done.stdout
    assert done.stdout.endswith(f"\n1 file checked, {len(BAD) + 1} not analysed: 1 finding\n")


@pytest.mark.parametrize("name", BAD)
def test_one_by_one_they_are_no_better(name: str, datalint: Datalint) -> None:
    done = datalint(f"src/{name}.py", "-q")
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (2, 2, "")
    assert datalint("-", stdin=BAD[name][0]).returncode == 2


def test_what_holds_no_data_is_not_judged(datalint: Datalint) -> None:
    Path("odd").mkdir()
    for name, (source, _, _) in BAD.items():
        if name != "utf16":
            Path("odd", f"{name}.py").write_bytes(source.replace(b".data", b".grad"))
    done = datalint("odd")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{len(BAD) - 1} files checked: 0 findings\n"


def test_warnings_about_a_file_stay_out_of_the_report(process: Datalint) -> None:
    source = "y = '\\d'\nz = y is 1\n" + HARMFUL
    Path("warned.py").write_text(source)
    for environment in ({}, {"PYTHONWARNINGS": "error"}):
        done = process("warned.py", **environment)
        assert (done.returncode, done.stderr) == (1, "")


def test_an_empty_file_is_clean(datalint: Datalint) -> None:
    Path("empty.py").touch()
    assert datalint("empty.py").stdout == "1 file checked: 0 findings\n"


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r", "\f\n", "\n\n\n", "#"])
def test_a_file_may_end_in_any_way(end: str, datalint: Datalint) -> None:
    source = (HARMFUL.rstrip("\n") + end).encode()
    done = datalint("-", "-q", stdin=source)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_change_nothing(end: str, datalint: Datalint) -> None:
    plain = datalint("-", stdin=HARMFUL.encode())
    assert datalint("-", stdin=HARMFUL.replace("\n", end).encode()) == plain
    assert datalint("-", stdin=b"\xef\xbb\xbf" + HARMFUL.encode()) == plain


def test_a_folder_named_like_a_file_is_walked(datalint: Datalint) -> None:
    Path("x.py").mkdir()
    Path("x.py", "a.py").write_text(HARMFUL)
    assert "--> x.py/a.py:5:5\n" in datalint("x.py").stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_among_files_does_not_hang(process: Datalint) -> None:
    Path("pipes").mkdir()
    os.mkfifo("pipes/a.py")
    Path("pipes", "b.py").write_text(HARMFUL)
    done = process("pipes")
    assert done.returncode == 1
    assert done.stdout.endswith("\n1 file checked: 1 finding\n")


@pytest.mark.slow
def test_deep_nesting_is_survived(process: Datalint) -> None:
    Path("deep").mkdir()
    for name, shape in SHAPES.items():
        nested = shape(190)
        Path("deep", f"{name}.py").write_text(f"a = b.data\n{nested}\na.zero_()\n")
    blocks = "".join(f"{' ' * depth}if a:\n" for depth in range(90))
    Path("deep", "blocks.py").write_text(f"{blocks}{' ' * 90}a = {'(' * 100}b.data{')' * 100}\n")
    strings = "a = b.data\nc = (" + "'s' " * 300 + ")\n"
    Path("deep", "strings.py").write_text(strings)
    done = process("deep", "--exit-zero")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith(f"{len(SHAPES) + 2} files checked: ")


@pytest.mark.slow
def test_a_file_of_five_megabytes_is_analysed(process: Datalint) -> None:
    table = "".join(f"    '{n:0100x}',\n" for n in range(43_000))
    text = f"import torch\n\nTABLE = [\n{table}]\n\n\n"
    text += "".join(
        f"def f_{n}(x):\n    y = x.exp()\n    return y * TABLE[{n}]\n\n\n" for n in range(5_000)
    )
    text += HARMFUL
    assert len(text) > 4_900_000
    Path("large.py").write_text(text)
    done = process("large.py", "-q")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"--> large.py:{text[: text.index('y.data')].count(chr(10)) + 1}:5\n" in done.stdout
