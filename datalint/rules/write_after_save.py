"""A value that autograd saved for backward is overwritten through `.data`.

PLACEHOLDER
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level
from datalint.flow.events import Place
from datalint.rules import story
from datalint.rules.rewrite import detach, differentiable
from datalint.rules.rule import Rule, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Damage, Seen


def judge(seen: Seen) -> Verdict | None:
    """The story of the plainest damage to a saved tensor, nothing assumed but a backward."""
    damage = story.plainest(d for d in seen.damages if d.saved and not d.assumed and not d.again)
    if damage is None:
        return None
    name = story.subject(seen)
    followed = "" if damage.backward else " and a backward may follow"
    return Verdict(
        f"`{name}` is {story.wording(damage.write)} through `.data` after `{damage.operator}` saved"
        f" {story.saved(damage)} for backward{followed}: the gradient is silently wrong",
        _help(seen, damage, name),
        story.confidence(damage),
        story.told(damage, f"`{damage.operator}` saves {story.saved(damage)} here"),
        detach(seen, [damage.write]) if damage.guarded else None,
    )


def _help(seen: Seen, damage: Damage, name: str) -> str:
    """What makes it loud, where anything does, and what makes it right."""
    if damage.write.setter or seen.assigned is not None:
        return f"assign after backward, or copy the values into a clone of `{name}`"
    out_of_place = differentiable(damage.write, seen.writes.get(damage.write, Place()))
    cure = f"`{out_of_place}`, " if out_of_place else ""
    cure += "write to a clone, or write after backward"
    if damage.write.blind or not damage.guarded:
        return f"nothing checks this write, not even with `.detach()`: {cure}"
    if out_of_place and any(not d.saved and not d.assumed for d in seen.damages):
        return f"to make the change part of the graph: {cure}"
    return f"with `.detach()` for `.data` backward raises at this write; to cure it: {cure}"


RULE = Rule("write-after-save", Level.ERROR, True, __doc__, judge)
