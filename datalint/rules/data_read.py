"""`.data` is read and, as far as can be seen, not written through.

PLACEHOLDER
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Applicability, Confidence, Level
from datalint.flow.events import Evidence
from datalint.rules import story
from datalint.rules.rewrite import detach
from datalint.rules.rule import Rule, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """A read of a tensor's `.data`; safe to rewrite where the value is consumed at once."""
    if not seen.read or seen.evidence is Evidence.NONE:
        return None
    name = story.subject(seen)
    kind = Applicability.SAFE if seen.consumed else Applicability.UNSAFE
    return Verdict(
        f"`{name}.data` is read: what is done with it later goes unchecked",
        f"`{name}.detach()` gives the same values and keeps the version counter",
        Confidence.HIGH,
        (),
        detach(seen, [], kind, "Use `.detach()`"),
    )


RULE = Rule("data-read", Level.NOTE, False, __doc__, judge)
