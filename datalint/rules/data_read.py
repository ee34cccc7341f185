"""`.data` is read and, as far as can be seen, not written through.

## What it does
Reports a read of a tensor's `.data` through which no write was seen. Opt-in.

## Why it is bad
What is read shares the tensor's memory and not its version counter. If it enters an operator that
saves it, a later write to the tensor, even an ordinary one, goes unnoticed.

## Example
What happens: the gradient of `q` is that of a target that was zeroed after its use.
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
q = torch.tensor([3.0, 4.0], requires_grad=True)
target = w.data
loss = (q * target).sum()
with torch.no_grad():
    w.zero_()
loss.backward()
print(q.grad)  # prints: tensor([0., 0.])
# the right gradient is the target itself: tensor([1., 2.])
```

## Use instead
`.detach()`, which raises here, or `.detach().clone()`, which keeps the values.
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
q = torch.tensor([3.0, 4.0], requires_grad=True)
target = w.detach().clone()
loss = (q * target).sum()
with torch.no_grad():
    w.zero_()
loss.backward()
print(q.grad)  # prints: tensor([1., 2.])
```

## When to ignore
Leave the rule off unless you want to be rid of `.data` altogether.

## Fix safety
Safe where the value is used up at once, so that nothing can change: `.item()`, `.clone()`, a
shape, a comparison, `print`. Unsafe elsewhere: `.detach()` gives the same values, but they are
version-checked from then on, and backward may raise.

## Known gaps
A write that the analysis does not recognise makes a write look like a read. A `.data` without
evidence that it is a tensor's is not reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Applicability, Confidence, Level
from datalint.flow.events import Evidence
from datalint.rules import story
from datalint.rules.rewrite import rewrite
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
        rewrite(seen, [], kind, "Use `.detach()`"),
    )


RULE = Rule("data-read", Level.NOTE, False, __doc__, judge, of_reads=True)
