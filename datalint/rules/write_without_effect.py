"""A statement changes the shape or flags of a temporary and nothing else.

## What it does
Reports a statement that is nothing but an in-place change of the shape of `x.data`, such as
`x.data.unsqueeze_(0)`, `t_`, `transpose_` or `squeeze_`. Opt-in.

## Why it is bad
Every `x.data` is a new tensor: it shares the memory of `x` and has a shape and flags of its own.
The statement changes those of the temporary, which is gone the next moment. What was meant did not
happen.

## Example
What happens: nothing.
```python
import torch

x = torch.zeros(3)
x.data.unsqueeze_(0)
print(x.shape)  # prints: torch.Size([3])
```

## Use instead
```python
import torch

x = torch.zeros(3)
x = x.unsqueeze(0)
print(x.shape)  # prints: torch.Size([1, 3])
```

## When to ignore
Never: the statement can go.

## Fix safety
No fix is offered: whether to drop the statement or to make it work is for you to say.

## Known gaps
Only a statement of its own is looked at. In `d = x.data; d.unsqueeze_(0)` the change shows in `d`
and may be meant; it is not reported although `x` keeps its shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.rules import story
from datalint.rules.rule import Rule, Step, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """`x.data.unsqueeze_(0)` as a statement of its own."""
    if seen.without_effect is None:
        return None
    name = story.subject(seen)
    return Verdict(
        f"this changes a temporary made by `.data`; `{name}` stays as it was",
        f"assign the result, or call the method on `{name}` itself",
        Confidence.HIGH,
        (Step(seen.without_effect, "without effect"),),
    )


RULE = Rule("write-without-effect", Level.NOTE, False, __doc__, judge)
