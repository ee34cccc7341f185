"""The checked-in table is what the installed torch does, byte for byte."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from datalint.ops import facts

OBSERVED = Path(facts.__file__).with_name("observed.tsv")


@pytest.mark.slow
def test_torch_still_does_what_the_table_says() -> None:
    # Imported here: torch's operator database takes seconds to load.
    from datalint.ops.observe.__main__ import COMMAND, observe

    written, seen = OBSERVED.read_text("utf-8"), observe()
    diff = difflib.unified_diff(
        written.splitlines(), seen.splitlines(), str(OBSERVED), "what torch does", n=0, lineterm=""
    )
    assert written == seen, "\n".join([f"run `{COMMAND}` and look at what changes:", *diff])
