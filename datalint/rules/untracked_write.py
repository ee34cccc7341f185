"""A tracked value that is not a leaf is edited through `.data` and used afterwards.

PLACEHOLDER
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level
from datalint.flow.events import Damage, Kind, Place
from datalint.rules import story
from datalint.rules.rewrite import differentiable
from datalint.rules.rule import Rule, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """The plainest use of an edited value, unless the edit is one people mean to be invisible."""
    damage = story.plainest(
        d for d in seen.damages if concerns(d) and not d.assumed and not d.again
    )
    if damage is None:
        return None
    name = story.subject(seen)
    used = f"`{damage.operator}` uses it" if damage.operator else "it is handed on"
    return Verdict(
        f"`{name}` is edited through `.data` and then {used}: the gradient ignores the edit",
        cure(seen, damage, name),
        story.confidence(damage),
        story.told(damage, "used here"),
    )


def concerns(damage: Damage) -> bool:
    """Edits of a tracked value, but not a mask's filling or a constant that is only returned."""
    if damage.saved or damage.write.setter:
        return False
    if damage.write.kind is Kind.CONSTANT:
        return bool(damage.operator)
    return damage.write.kind is Kind.COMPUTED


def cure(seen: Seen, damage: Damage, name: str) -> str:
    """A differentiable operation, or the explicit straight-through form; never `.detach()`."""
    out_of_place = differentiable(damage.write, seen.writes.get(damage.write, Place()))
    if not out_of_place:
        return (
            "let autograd see the edit: an out-of-place operation whose result is used instead;"
            " `.detach()` would change nothing here"
        )
    form = out_of_place.partition(" = ")[2]
    return (
        f"let autograd see it: `{out_of_place}`; or, if the gradient is meant to pass by:"
        f" `{name} = {name} + ({form} - {name}).detach()`; `.detach()` alone changes nothing here"
    )


RULE = Rule("untracked-write", Level.ERROR, True, __doc__, judge)
