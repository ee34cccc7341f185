"""Random programs under the witness: silent corruptions are told, and nothing else is."""

from __future__ import annotations

import linecache
import re
import sys
from collections import Counter

import pytest
import torch

from datalint.runtime import Corruption, watch
from tests.oracle import Outcome, execute, execute_with_snapshots
from tests.random_programs import model
from tests.random_programs.campaign import one_thread
from tests.random_programs.generate import numbered
from tests.random_programs.judge import Verdict, judge
from tests.random_programs.truth import NAME

SEED = 20260202


def watched(source: str, *, trace: bool) -> tuple[Outcome, list[Corruption], list[Corruption]]:
    """How a program ends under the witness; the corruptions, and with them what did no harm."""
    linecache.cache[NAME] = (len(source), None, source.splitlines(keepends=True), NAME)
    with watch(trace=trace) as witness:
        outcome = execute(source, NAME)
    return outcome, witness.corruptions, witness.observed


def identical(a: Outcome, b: Outcome) -> bool:
    """To the last bit, and to the text of an exception.

    But for the name of an operator: torch names the one that made a view anew after a write to its
    base, and the witness has no view that nobody else holds.
    """
    return _unnamed(a.error) == _unnamed(b.error) and all(
        torch.equal(gradient.nan_to_num(), b.gradients[name].nan_to_num())
        for name, gradient in a.gradients.items()
    )


def _unnamed(error: str | None) -> str:
    return re.sub(r"of \w+, is at", "of it, is at", error or "")


def complaints(index: int) -> list[str]:
    """What is wrong with what the witness makes of one program."""
    program = numbered(SEED, index)
    source = model.as_written(program)
    judgement = judge(program)
    alone = execute(source, NAME)
    outcome, corruptions, _ = watched(source, trace=True)
    plainly, _, seen = watched(source, trace=False)
    found = []
    if not (identical(alone, outcome) and identical(alone, plainly)):
        found.append(f"watching changes {alone} to {outcome} or {plainly}")
    if judgement.verdict is Verdict.AFTER_SAVE:
        rows = {at.row for c in corruptions if (at := c.alias or c.written) is not None}
        if not seen or not corruptions:
            found.append(f"missed: {judgement.why}")
        elif not rows & frozenset().union(*judgement.after_save.values()):
            found.append(f"found at {rows}, not at {judgement.after_save}")
    elif judgement.verdict is Verdict.FAILS:
        pass  # it ends before all is told, and there is no gradient to compare
    elif corruptions and identical(alone, execute_with_snapshots(source, NAME)):
        # The judge's tolerance is wider than the witness's: what differs at all may be told.
        found.append(f"{judgement.verdict} is reported: {[str(c) for c in corruptions]}")
    return [f"{index} ({judgement.verdict}): {what}" for what in found]


def campaign(first: int, last: int) -> None:
    with one_thread():
        found = [what for index in range(first, last) for what in complaints(index)]
    kinds = Counter(judge(numbered(SEED, index)).verdict for index in range(first, first + 20))
    assert not found, "\n".join(found[:20])
    assert kinds[Verdict.AFTER_SAVE] >= 2 and kinds[Verdict.UNTRACKED] >= 2


def test_a_few_programs() -> None:
    campaign(0, 20)


@pytest.mark.slow
def test_many_programs() -> None:
    # `python -m tests.test_runtime_random_programs 4000` takes two minutes.
    campaign(20, 620)


if __name__ == "__main__":
    campaign(20, 20 + int(sys.argv[1]))
