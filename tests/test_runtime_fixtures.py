"""Every fixture under the witness: it tells of what PyTorch says is wrong, and of nothing else."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest
import torch
from click.testing import CliRunner

from datalint.cli.main import cli
from datalint.report import REPORTERS
from datalint.runtime.findings import Findings
from datalint.runtime.passes import first
from datalint.runtime.program import Program
from tests.fixture_case import ROOT, all_cases
from tests.oracle import execute, execute_with_snapshots, same
from tests.oracle.changes import changed_rows

if TYPE_CHECKING:
    from pathlib import Path

    from datalint.runtime import Corruption
    from tests.fixture_case import FixtureCase

#: What is used in backward and was not given to autograd to save: hooks cannot see it.
OUT_OF_SIGHT = {
    "backward/checkpoint_recomputes_with_a_new_parameter",
    "backward/custom_function_stashes_on_ctx",
    "backward/hook_reads_what_it_closed_over",
}
ENTRIES = [(case, entry) for case in all_cases() for entry in case.entries]

#: The topics that are judged each time: they hold every kind of write.
QUICK = {"seed", "backward", "blind", "inplace", "optimizer"}
each_entry = pytest.mark.parametrize(
    ("case", "entry"),
    [
        pytest.param(
            case,
            entry,
            id=f"{case.name}-{entry}",
            marks=[] if case.topic in QUICK else [pytest.mark.slow],
        )
        for case, entry in ENTRIES
    ],
)


@functools.cache
def corruptions(case: FixtureCase, entry: str) -> list[Corruption]:
    torch.manual_seed(0)  # as the oracle does
    program = Program(str(case.path.relative_to(ROOT)), calls=(entry,))
    return first(program, trace=True).corruptions


def is_corrupted(case: FixtureCase, entry: str) -> bool:
    """Whether the gradients are others than with copies of all that is saved."""
    if case.marked("truth"):
        return bool(case.rules) and case.name not in OUT_OF_SIGHT
    truth = execute_with_snapshots(case.source, str(case.path), entry)
    written = execute(case.source, str(case.path), entry)
    return truth.error is None and not written.modified and not same(truth, written)


@each_entry
def test_a_fixture_is_reported_where_and_only_where_it_corrupts(
    case: FixtureCase, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    found = corruptions(case, entry)
    assert bool(found) is is_corrupted(case, entry), [str(corruption) for corruption in found]
    rows = changed_rows(case.source, str(case.path), entry)
    # Hooks of a fixture hide from the oracle what is saved; `.data = ` leaves that as it is.
    rows |= {(str(case.path), row) for row in case.rows if case.marked("truth")}
    for corruption in found:
        assert corruption.written is not None
        at = corruption.written.path, corruption.written.row
        assert at in rows or corruption.kind == "swapped"


@pytest.mark.slow
def test_what_the_linter_misses_of_it_is_what_the_fixtures_admit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both reports on all fixtures, compared by the command that users have for it."""
    monkeypatch.chdir(ROOT)
    findings = Findings()
    report = findings.report([c for case, entry in ENTRIES for c in corruptions(case, entry)])
    assert findings.unplaced == []
    ran, checked = tmp_path / "run.json", tmp_path / "check.json"
    ran.write_text(REPORTERS["json"](report, findings.sources), "utf-8")
    words = ["check", "--select", "all", "--no-cache", "--output-format", "json"]
    CliRunner().invoke(cli, [*words, "-o", str(checked), "fixtures"])
    told = CliRunner().invoke(cli, ["compare", str(checked), str(ran)], standalone_mode=False)
    missed = set(re.findall(r"^(fixtures/\S+\.py):\d+: missed by the linter", told.output, re.M))
    admitted = {
        str(case.path.relative_to(ROOT))
        for case, _ in ENTRIES
        if case.marked("missing") or case.marked("out of reach")
    }
    assert missed <= admitted, told.output
    confirmed = re.search(r"(\d+) confirmed", told.output)
    assert confirmed is not None and int(confirmed[1]) > 150
