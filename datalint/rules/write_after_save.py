"""A value that autograd saved for backward is overwritten through `.data`.

PLACEHOLDER
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level
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
        detach(seen, [damage.write]),
    )


def _help(seen: Seen, damage: Damage, name: str) -> str:
    if damage.write.setter:
        return f"assign a new value after backward, or work on `{name}.clone()`"
    edited = story.plainest(
        d for d in seen.damages if not d.saved and not d.assumed and not d.again
    )
    out_of_place = differentiable(damage.write)
    if edited and out_of_place:
        return f"make the change part of the graph: `{out_of_place}`; `.detach()` would raise here"
    cure = f"`{out_of_place}`" if out_of_place else "an out-of-place operation"
    return (
        f"`{name}.detach()` makes this write raise in backward instead; to cure it use {cure},"
        f" write to `{name}.detach().clone()`, or write after backward"
    )


RULE = Rule("write-after-save", Level.ERROR, True, __doc__, judge)
