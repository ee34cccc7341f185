"""`x.data = v` swaps a tensor's memory behind autograd's back.

## What it does
Reports an assignment to the `.data` of a tensor that the default rules do not report. Opt-in.

## Why it is bad
Nothing is copied: from then on `x` and `v` are the same memory, and a write to either changes the
other. The version counter of `x` does not move, so a graph that saved `x` may compute with the new
values or fail over their shape, depending on how the operator saved it.

## Example
What happens: `w` holds the new values, shares their memory, and counts no change.
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
new = torch.tensor([3.0, 4.0])
w.data = new
print(w)  # prints: tensor([3., 4.], requires_grad=True)
print(w.data_ptr() == new.data_ptr())  # prints: True
print(w._version)  # prints: 0
```

## Use instead
Copy the values.
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
new = torch.tensor([3.0, 4.0])
with torch.no_grad():
    w.copy_(new)
print(w)  # prints: tensor([3., 4.], requires_grad=True)
print(w.data_ptr() == new.data_ptr())  # prints: False
print(w._version)  # prints: 1
```

## When to ignore
Where the swap is the purpose: another shape, dtype or device, memory that is sharded or put back
later, a parameter that has to stay the same object in its optimizer.

## Fix safety
No fix is offered: `copy_` needs the same shape and keeps the memory apart, which can be just what
was not meant. `.detach()` cannot be assigned to.

## Known gaps
`x.data = v` followed by a write to `v` is a write to `x`: it is reported at the assignment, under
the rule for the write. What those who call it from another file do
with either tensor is not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.flow.events import Evidence
from datalint.rules import story
from datalint.rules.rule import Rule, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """An assignment, where there is evidence that the target is a tensor's."""
    if seen.assigned is None or seen.evidence is Evidence.NONE:
        return None
    name = story.subject(seen)
    return Verdict(
        f"`{name}.data` is assigned: `{name}` now shares the other tensor's memory, unversioned",
        f"`with torch.no_grad(): {name}.copy_(...)` copies the values instead",
        Confidence.HIGH,
    )


RULE = Rule("data-assignment", Level.NOTE, False, __doc__, judge)
