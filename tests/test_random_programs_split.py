"""Where a helper or a class is defined makes no difference to what is found where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datalint.check import check_source
from datalint.flow.project import Project
from tests.oracle import execute
from tests.random_programs.campaign import one_thread
from tests.random_programs.generate import numbered
from tests.random_programs.model import as_written, in_two_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.random_programs.model import Program

SEED = 20261125
CHUNK = 50


def test_two_files_run_like_one(tmp_path: Path) -> None:
    with one_thread():
        for index in range(20):
            program = numbered(SEED, index)
            main, helpers = in_two_files(program)
            (tmp_path / "helpers.py").write_text(helpers)
            one = execute(as_written(program), str(tmp_path / "main.py"))
            two = execute(main, str(tmp_path / "main.py"))
            assert one.gradients.keys() == two.gradients.keys(), main + helpers
            assert (one.error is None) is (two.error is None), main + helpers


@pytest.mark.parametrize("chunk", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_what_is_found_does_not_depend_on_the_file(tmp_path: Path, chunk: int) -> None:
    split = 0
    for index in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        program = numbered(SEED, index)
        if program.helpers:
            split += 1
            (tmp_path / f"{index}").mkdir()
            _compare(program, tmp_path / f"{index}")
    assert split >= CHUNK // 6


def _compare(program: Program, folder: Path) -> None:
    main, helpers = in_two_files(program)
    (folder / "helpers.py").write_text(helpers)
    (folder / "main.py").write_text(main)
    whole = as_written(program)
    shift = whole.count("\n") - main.count("\n")
    first = 5 + shift  # the head has four lines, then come the helpers
    one = {
        (f.span.row - shift, f.rule) for f in check_source(whole.encode()) if f.span.row >= first
    }
    two = {
        (f.span.row, f.rule)
        for f in check_source(main.encode(), str(folder / "main.py"), Project())
    }
    assert one == two, f"{whole}\n--- in two files ---\n{main}\n{helpers}"
