"""A statement changes the shape or flags of a temporary and nothing else.

PLACEHOLDER
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.rules import story
from datalint.rules.rule import Rule, Step, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """`x.data.unsqueeze_(0)` as a statement of its own."""
    if seen.without_effect is None:
        return None
    name = story.subject(seen)
    return Verdict(
        f"this changes a temporary made by `.data`; `{name}` stays as it was",
        f"assign the result, or call the method on `{name}` itself",
        Confidence.HIGH,
        (Step(seen.without_effect.origin, "without effect"),),
    )


RULE = Rule("write-without-effect", Level.NOTE, False, __doc__, judge)
