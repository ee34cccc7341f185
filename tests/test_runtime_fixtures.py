"""Every fixture under the witness: it tells of what PyTorch says is wrong, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datalint.runtime.passes import first
from datalint.runtime.program import Program
from tests.fixture_case import ROOT, all_cases
from tests.oracle import execute, execute_with_snapshots, same
from tests.oracle.changes import changed_rows

if TYPE_CHECKING:
    from datalint.runtime import Corruption
    from tests.fixture_case import FixtureCase

#: What is used in backward and was not given to autograd to save: hooks cannot see it.
OUT_OF_SIGHT = {
    "backward/checkpoint_recomputes_with_a_new_parameter",
    "backward/custom_function_stashes_on_ctx",
    "backward/hook_reads_what_it_closed_over",
}
ENTRIES = [(case, entry) for case in all_cases() for entry in case.entries]

each_entry = pytest.mark.parametrize(
    ("case", "entry"), ENTRIES, ids=[f"{case.name}-{entry}" for case, entry in ENTRIES]
)


def corruptions(case: FixtureCase, entry: str) -> list[Corruption]:
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
