"""A write that not even `.detach()` can check, without `.data`.

## What it does
Reports a write that moves no version counter, through the memory of a tensor that autograd tracks
or may track: through an array (`t.detach().numpy()`, `np.asarray`), a storage, DLPack, the pieces
of `unsafe_chunk` and `unsafe_split`, and by `apply_`, `map_` and `map2_`. Where autograd was seen
to have saved what is overwritten, the story is told. Writes through `.data` are reported by the
other rules. Opt-in.

## Why it is bad
`.detach()` is safe because it shares the version counter, so that backward raises after a write to
what was saved. None of these ways shares it: `t.detach().numpy()` is as unchecked as `t.data`, and
looks safe.

## Example
What happens: the second element of `y` was needed for the gradient.
```python
import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
array = y.detach().numpy()
array[1] = 0.0
y.sum().backward()
print(x.grad)  # prints: tensor([2.7183, 0.0000])
print(x.detach().exp())  # the right gradient; prints: tensor([2.7183, 7.3891])
```

## Use instead
A copy. Or tell autograd after the write, and backward raises where the value was saved.
```python
import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
array = y.detach().numpy().copy()
array[1] = 0.0
y.sum().backward()
print(x.grad)  # prints: tensor([2.7183, 7.3891])

y = x.exp()
array = y.detach().numpy()
array[1] = 0.0
torch.autograd.graph.increment_version(y)
try:
    y.sum().backward()
except RuntimeError as error:
    print("modified by an inplace operation" in str(error))  # prints: True
```

## When to ignore
Where no backward needs the tensor: results that are post-processed, weights that are loaded or
initialised. Leave the rule off unless you look for a gradient that is wrong.

## Fix safety
No fix is offered: whether a copy was meant is for you to say.

## Known gaps
Not reported, unless the value was seen to be saved: what may be a copy, such as
`t.detach().cpu().numpy()`, and tensors that cannot require grad, such as `t` in `t.numpy()`. Not
found: an array that was there before the tensor (`from_numpy`), methods in which only arrays write
(`sort`), functions of other libraries. Taken for a write although it is none: `v += 1` where `v`
is a number out of an array. A call of `increment_version` anywhere after a write counts as one
after it on every path, unless damage was shown.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from datalint.finding import Confidence, Level
from datalint.flow import counters
from datalint.flow.events import Evidence
from datalint.rules import story, write_after_save
from datalint.rules.rewrite import short
from datalint.rules.rule import Rule, Step, Verdict

if TYPE_CHECKING:
    from datalint.flow.events import Damage, Seen

_ARRAYS = {".numpy", ".__array__", "asarray", "ascontiguousarray"}
#: Methods that stand between a tensor and the way out.
_BETWEEN = {"detach", "cpu"}


def judge(seen: Seen) -> Verdict | None:
    """Damage to a saved value, or else a write to what somebody may watch."""
    damage = story.plainest(seen, write_after_save.concerns)
    return _told(seen, damage) if damage else _unchecked(seen)


def _told(seen: Seen, damage: Damage) -> Verdict:
    followed = "" if damage.backward else " and a backward may follow"
    saves = f"`{damage.operator}` saves {story.saved(damage)} here"
    return Verdict(
        f"{_written(seen)}, after `{damage.operator}` saved {story.saved(damage)} for backward"
        f"{followed}: the gradient is silently wrong",
        _help(seen, versioned=damage.guarded),
        story.confidence(damage),
        story.told(damage, saves),
    )


def _unchecked(seen: Seen) -> Verdict | None:
    writes = sorted(seen.writes.keys() - seen.counted, key=lambda w: w.site.serial)
    if not writes or seen.unwatched or seen.evidence is Evidence.NONE:
        return None
    return Verdict(
        f"{_written(seen)}: nothing checks this write",
        _help(seen, versioned=True),
        Confidence.HIGH,
        (Step(writes[0].site, "written here"),),
    )


def _written(seen: Seen) -> str:
    by = "by" if seen.way.removeprefix(".") in counters.WRITES else "through"
    return f"`{_subject(seen)}` is written {by} `{seen.way}()`, past its version counter"


def _help(seen: Seen, versioned: bool) -> str:
    copy = ".numpy().copy()" if seen.way in _ARRAYS else ".clone()"
    if not versioned:
        return f"work on a copy (`{copy}`), or write after backward"
    call = f"torch.autograd.graph.increment_version({_subject(seen)})"
    return (
        f"work on a copy (`{copy}`); or call `{call}` right after the write, and backward raises"
        " if the value was saved"
    )


def _subject(seen: Seen) -> str:
    """The tensor that is written, as the user calls it."""
    code, node = seen.node.code, seen.node.origin
    match node:
        case ast.Call(func=ast.Attribute(value=inner)) if seen.way.startswith(".") and (
            code.source(inner) != "torch"
        ):
            node = inner
        case ast.Call(args=[given, *_]):
            node = given
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr not in _BETWEEN:
            break
        node = node.func.value
    return short(code, node)


RULE = Rule("blind-write", Level.NOTE, False, __doc__, judge, frozenset(counters.WAYS.values()))
