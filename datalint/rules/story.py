"""How a story of damage is told: which one of several, its steps in order, its confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence
from datalint.flow.events import Evidence
from datalint.rules.rewrite import receiver, short
from datalint.rules.rule import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.flow.events import Damage, Seen, Write


def plainest(seen: Seen, which: Callable[[Damage], bool]) -> Damage | None:
    """Of such damage what assumes least and comes first; none where no tensor is in evidence.

    What a backward runs through is a tensor, whatever it is called.
    """
    evident = seen.evidence is not Evidence.NONE
    return min(
        (d for d in seen.damages if (evident or d.backward) and which(d)),
        key=lambda d: (
            bool(d.assumed) or d.again,
            not (d.sure and d.backward),
            not d.backward,
            d.operation.code is not seen.node.code,  # a story in one file is easier to follow
            d.operation.serial,
            d.write.site.serial,
            d.consumer.serial,
            d.saved,
        ),
        default=None,
    )


def confidence(damage: Damage) -> Confidence:
    """High where nothing was assumed: neither a gradient nor a backward."""
    return Confidence.HIGH if damage.sure and damage.backward else Confidence.MEDIUM


def told(damage: Damage, verb: str) -> tuple[Step, ...]:
    """Saved or used, written, needed: in the order in which they happen."""
    operation = Step(damage.operation, verb)
    written = Step(damage.write.site, f"{wording(damage.write)} here")
    steps = [operation, written] if damage.saved else [written, operation]
    if damage.backward:
        steps.append(Step(damage.consumer, "backward here"))
    return tuple(steps)


def wording(write: Write) -> str:
    return "replaced" if write.setter else "written"


def saved(damage: Damage) -> str:
    """What the operator kept, in words."""
    if damage.saved == "result":
        return "its result"
    if damage.saved == "input":
        return "its input"
    if damage.saved == "parameters":
        return "its parameters"
    return f"`{damage.saved.removeprefix('.')}`"


def subject(seen: Seen) -> str:
    """The tensor that the `.data` is of, as the user calls it."""
    inner = receiver(seen.node.origin)
    return short(seen.node.code, inner) if inner is not None else "the tensor"
