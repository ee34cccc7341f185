"""A value that autograd saved for backward is overwritten through `.data`.

## What it does
Reports a write through `.data`, or through an alias of it, to memory that an operator saved for
backward, where a backward that needs it follows or can follow. Assigning `x.data = v` counts as
well, where the saved tensor takes the new values.

## Why it is bad
Some operators keep a tensor for backward: `sigmoid`, `tanh` and `exp` their result, `mul` and
`matmul` their inputs. Autograd guards what was saved by a version counter, which every in-place
write moves on; but `x.data` has a counter of its own. So backward computes with the overwritten
values and returns a wrong gradient, without an error.

## Example
```python
import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x.sigmoid()
z = y.data
z.zero_()
y.sum().backward()
print(x.grad)  # prints: tensor([0., 0., 0.])

s = x.detach().sigmoid()
print(s * (1 - s))  # the right gradient; prints: tensor([0.1966, 0.1050, 0.0452])
```

## Use instead
Write to a copy, or write after backward, or use an operation that is not in place. Where the write
was a mistake, `.detach()` shows it: it shares the version counter, and backward raises.
```python
import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x.sigmoid()
z = y.detach().clone()
z.zero_()
y.sum().backward()
print(x.grad)  # prints: tensor([0.1966, 0.1050, 0.0452])

y = x.sigmoid()
y.detach().zero_()
try:
    y.sum().backward()
except RuntimeError as error:
    print("modified by an inplace operation" in str(error))  # prints: True
```

## When to ignore
Where the gradient is meant to be that of the new values, as in some invertible or memory-saving
layers. Where only the property that backward needs is kept: `relu` needs only the sign of its
result, and halving keeps it.

## Fix safety
Unsafe. `.detach()` in place of `.data` computes the same values, but backward raises if the
overwritten value is needed. There is no fix where the version counter does not guard what was
saved (kept on `ctx`, under saved-tensor hooks, written through numpy) or where `.data` is
assigned.

## Known gaps
Not found: `.data` reached through `operator.attrgetter`, a tensor that only a gradient hook uses,
what a caller in another file saved, what an installed package writes, and an ordinary write where
`.data` is what was saved. Reported although harmless: a write to one slice of a tensor where
another slice was saved, values that are put back, as they were, before backward, and a write in
a function that is meant to perturb its input, as a numerical gradient does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Level
from datalint.flow.events import Place
from datalint.rules import story
from datalint.rules.rewrite import differentiable, rewrite
from datalint.rules.rule import Rule, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Damage, Seen


def judge(seen: Seen) -> Verdict | None:
    """The story of the plainest damage to a saved tensor, nothing assumed but a backward."""
    damage = story.plainest(seen, concerns)
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
        rewrite(seen, [damage.write]) if damage.guarded else None,
    )


def concerns(damage: Damage) -> bool:
    """Nothing is assumed; what a module in no sight saves is reported where a backward needs it."""
    if not damage.saved or damage.assumed or damage.again:
        return False
    return damage.saved != "parameters" or damage.backward


def _help(seen: Seen, damage: Damage, name: str) -> str:
    """What makes it loud, where anything does, and what makes it right."""
    if damage.write.setter or seen.assigned is not None:
        return f"assign after backward, or copy the values into a clone of `{name}`"
    out_of_place = differentiable(damage.write, seen.writes.get(damage.write, Place()))
    new = f" (`{out_of_place}`)" if out_of_place else ""
    cure = f"make the change out of place{new}, on a clone, or after backward"
    if damage.write.blind or not damage.guarded:
        return f"nothing checks this write, not even with `.detach()`: {cure}"
    if out_of_place and any(not d.saved and not d.assumed for d in seen.damages):
        return f"if the gradient is to see the change: `{out_of_place}`; else a clone is enough"
    return f"with `.detach()` for `.data` backward raises at this write; to cure it, {cure}"


RULE = Rule("write-after-save", Level.ERROR, True, __doc__, judge)
