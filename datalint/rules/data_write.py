"""An in-place write through `.data` that was not shown to do harm.

PLACEHOLDER
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.flow.events import Evidence
from datalint.rules import story
from datalint.rules.rewrite import detach
from datalint.rules.rule import Rule, Step, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """Any write, where there is evidence that the `.data` is a tensor's."""
    writes = sorted((w for w in seen.writes if not w.setter), key=lambda w: w.site.serial)
    if not writes or seen.evidence is Evidence.NONE:
        return None
    name = story.subject(seen)
    return Verdict(
        f"`{name}` is written through `.data`, which autograd's version counter does not see",
        "write under `with torch.no_grad():` without `.data`",
        Confidence.HIGH,
        (Step(writes[0].site.origin, "written here"),),
        detach(seen, writes),
    )


RULE = Rule("data-write", Level.NOTE, False, __doc__, judge)
