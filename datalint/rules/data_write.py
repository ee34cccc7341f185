"""An in-place write through `.data` that was not shown to do harm.

## What it does
Reports every in-place write through the `.data` of a tensor that none of `write-after-save`,
`untracked-write` and `unchecked-write` reports. Opt-in: most of these are initialisation, loading,
optimizer steps and moving averages, which harm nobody.

## Why it is bad
It is right only by its place. Moved between a forward and its backward, the same line makes the
gradient wrong, and nothing says so. Under `torch.no_grad()` PyTorch checks it for you.

## Example
Harmless, since backward is done with `w`. Between the product and backward the same kind of write
is a `write-after-save`.
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
(w * w).sum().backward()
w.data.sub_(0.1 * w.grad)
print(w)  # prints: tensor([0.8000, 1.6000], requires_grad=True)
```

## Use instead
The same write under `torch.no_grad()`. For initialisation there is `torch.nn.init`.
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (w * w).sum()
loss.backward(retain_graph=True)
with torch.no_grad():
    w.sub_(0.1 * w.grad)
print(w)  # prints: tensor([0.8000, 1.6000], requires_grad=True)

try:
    loss.backward()  # needs the w of before
except RuntimeError as error:
    print("modified by an inplace operation" in str(error))  # prints: True
```

## When to ignore
Leave the rule off unless you want to be rid of `.data` altogether.

## Fix safety
Unsafe: the same values are written, but if something did save the tensor, backward raises from now
on; and PyTorch refuses the use of a view that `split`, `unbind` and the like returned after such a
write to it or its base. A statement on a row of its own goes under `torch.no_grad()`, or into the
block above it that is one; in a function that initialises it becomes a call of `torch.nn.init`
where one does the same; `p.grad.data.zero_()` and what stands under `torch.no_grad()` lose
`.data`. Elsewhere, and where the statement does something else as well that may need grad mode, it
is `.detach()`.

## Known gaps
A `.data` is taken for a tensor's only where something in the file says so: a value that comes from
torch, an annotation, a parameter of a module, or an in-place method that only tensors have. Where
a tensor is written without such evidence, as in `batch.data[0] = 1`, nothing is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.flow.events import Evidence
from datalint.rules import story
from datalint.rules.rewrite import rewrite
from datalint.rules.rule import Rule, Step, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Seen


def judge(seen: Seen) -> Verdict | None:
    """Any write to a tensor that somebody has, where there is evidence that it is one."""
    writes = sorted((w for w in seen.writes if not w.setter), key=lambda w: w.site.serial)
    if not writes or seen.evidence is Evidence.NONE or seen.temporary:
        return None
    name = story.subject(seen)
    return Verdict(
        f"`{name}` is written through `.data`, which autograd's version counter does not see",
        "if this is a leaf, write to it under `with torch.no_grad():`, without `.data`",
        Confidence.HIGH,
        (Step(writes[0].site, "written here"),),
        rewrite(seen, writes, harmless=True),
    )


RULE = Rule("data-write", Level.NOTE, False, __doc__, judge)
