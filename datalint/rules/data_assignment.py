"""`x.data = v` swaps a tensor's memory behind autograd's back.

PLACEHOLDER
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.flow.events import Evidence
from datalint.rules import story
from datalint.rules.rule import Rule, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """An assignment, where there is evidence that the target is a tensor's."""
    if seen.assigned is None or seen.evidence is Evidence.NONE:
        return None
    name = story.subject(seen)
    return Verdict(
        f"`{name}.data` is assigned: `{name}` now shares the other tensor's memory, unversioned",
        f"`with torch.no_grad(): {name}.copy_(...)` copies the values instead",
        Confidence.HIGH,
    )


RULE = Rule("data-assignment", Level.NOTE, False, __doc__, judge)
