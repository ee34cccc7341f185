"""A write through `.data` that is harmful if one thing holds that cannot be seen from here.

## What it does
Reports a write through `.data` that would be a `write-after-save` or an `untracked-write` but for
one link, which the message names:
- in code that a module's `forward` reaches: a function or object that is not in sight may have
  saved the value, may be differentiable, or may hand back the same memory;
- there, too: the module may be called again before backward, and forward overwrites a parameter or
  buffer with something else each time;
- the written tensor is an argument of the function, and no caller in the file says what has saved
  it. Not reported under `torch.no_grad()`, nor in functions whose name says that writing is their
  purpose, such as `init_weights`, `load`, `update` or `step`.

## Why it is bad
If the link holds, the gradient is wrong and nothing says so. If it does not, nothing checks that
this stays so: `.data` has a version counter of its own.

## Example
```python
import torch


def halve(hidden):
    hidden.data.mul_(0.5)
    return hidden


# --- in another file ---
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
loss = (y * y).sum()
halve(y)
loss.backward()
print(x.grad)  # prints: tensor([ 3.6945, 27.2991])
print(2 * (2 * x.detach()).exp())  # the right gradient; prints: tensor([ 14.7781, 109.1963])
```

## Use instead
Return a new value; or, where writing is the purpose, write so that PyTorch checks it.
```python
import torch


def halve(hidden):
    return hidden * 0.5


def halve_in_place(hidden):
    hidden.detach().mul_(0.5)


# --- in another file ---
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
loss = (y * y).sum()
half = halve(y)
loss.backward()
print(x.grad)  # prints: tensor([ 14.7781, 109.1963])

y = x.exp()
loss = (y * y).sum()
halve_in_place(y)
try:
    loss.backward()
except RuntimeError as error:
    print("modified by an inplace operation" in str(error))  # prints: True
```

## When to ignore
Where you know the link and it does not hold: the unseen function saves nothing, the module is
called once for each backward, every caller passes a tensor that no graph needs.

## Fix safety
Unsafe. `.detach()` in place of `.data` computes the same values, but backward raises if the
overwritten value was saved. No fix is offered where the link would make it an `untracked-write`,
which `.detach()` does not cure, nor where `.data` is assigned.

## Known gaps
The caller that would decide the matter is not looked for in another file. What a function's name
says of its purpose is believed. Stories that need two links are left to `data-write`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.flow.events import Evidence, Place, Write
from datalint.flow.sources import by_chance
from datalint.rules import story, untracked_write
from datalint.rules.rewrite import rewrite
from datalint.rules.rule import Rule, Step, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Damage, Seen

AGAIN = "the module is called again before backward"
#: Functions in which a write to an argument is their very purpose: the caller has no graph yet.
_PREPARING = re.compile(
    r"init|reset|load|restore|copy|sync|update|step|ema|optim|prune|mask_weight|convert|merge|swap"
    r"|average|broadcast|reduce|clip|register|set_|zero_|fill|swap|fuse|quantize_weight|state_dict"
    r"|uniform|normal|orthogonal|xavier|glorot|kaiming|zeros|ones|constant|eye|dirac",
    re.IGNORECASE,
)


def judge(seen: Seen) -> Verdict | None:
    """One assumed link in a story, or an argument whose caller is not in sight."""
    return _assumed(seen) or _argument(seen)


def _assumed(seen: Seen) -> Verdict | None:
    damage = story.plainest(seen, lambda d: bool(d.assumed) != d.again and _reached(seen, d))
    if damage is None:
        return None
    name = story.subject(seen)
    verb = f"`{damage.operator}` uses it here"
    return Verdict(
        f"`{name}` is {story.wording(damage.write)} through `.data`: if {damage.assumed or AGAIN},"
        " the gradient is silently wrong",
        _help(seen, damage, name),
        Confidence.MEDIUM,
        story.told(damage, verb),
        rewrite(seen, [damage.write]) if damage.saved else None,
    )


def _reached(seen: Seen, damage: Damage) -> bool:
    place = seen.writes.get(damage.write, Place())
    if not place.forward or (not damage.saved and not untracked_write.concerns(damage)):
        return False
    return not damage.again or (place.varies and not place.argument)


def _help(seen: Seen, damage: Damage, name: str) -> str:
    if not damage.saved:
        return untracked_write.cure(seen, damage, name)
    if damage.write.setter or seen.assigned is not None:
        return "assign after backward, or use a new tensor in place of the old one"
    return (
        f"with `{name}.detach()` PyTorch checks it: backward then raises if the value was saved;"
        " if it does, write after backward or work on a copy"
    )


def _argument(seen: Seen) -> Verdict | None:
    if seen.evidence is Evidence.NONE:
        return None
    for write, place in seen.writes.items():
        if (
            place.argument
            and not place.no_grad
            and not write.setter
            and not _prepares(write, place)
        ):
            return _told(seen, write, place)
    return None


def _prepares(write: Write, place: Place) -> bool:
    """Initialisers draw at random; others say by their names that writing is what they are for.

    Nor does a graph save a gradient, unless it is one of gradients.
    """
    if by_chance(write.operator) or "grad" in place.argument:
        return True
    return any(_PREPARING.search(name) for name in place.stack)


def _told(seen: Seen, write: Write, place: Place) -> Verdict:
    name = story.subject(seen)
    return Verdict(
        f"the argument `{place.argument}` is written through `.data`: if the caller's graph has"
        " saved it, the gradient is silently wrong",
        f"write through `{name}.detach()`: the same values, and backward raises if it was saved",
        Confidence.MEDIUM,
        (Step(write.site, "written here"),),
        rewrite(seen, [write]),
    )


RULE = Rule("unchecked-write", Level.WARNING, True, __doc__, judge)
