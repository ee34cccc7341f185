"""A tracked value that is not a leaf is edited through `.data` and used afterwards.

## What it does
Reports an in-place edit through `.data` of a value that has a history in the graph, where the
edited value is used or handed on afterwards and nothing had saved it when it was edited.

## Why it is bad
The edit changes the values but is no node of the graph. What follows computes with the new values,
and the gradient flows back as if the edit had not happened: a factor is missing, or units that
were cut off still learn. `.detach()` in place of `.data` changes nothing about this and raises
nothing.

## Example
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
h = w * 3.0
h.data.mul_(0.5)
(h * h).sum().backward()
print(w.grad)  # prints: tensor([ 9., 18.])

w.grad = None
h = w * 3.0
h.detach().mul_(0.5)
(h * h).sum().backward()
print(w.grad)  # no better; prints: tensor([ 9., 18.])

print(2 * (3.0 * 0.5) ** 2 * w.detach())  # the right one; prints: tensor([4.5000, 9.0000])
```

## Use instead
An operation that autograd sees. Where the gradient is meant to pass by the edit, say so with the
straight-through form.
```python
import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
h = w * 3.0
h = h * 0.5
(h * h).sum().backward()
print(w.grad)  # prints: tensor([4.5000, 9.0000])

w.grad = None
h = w * 3.0
h = h + (h * 0.5 - h).detach()
(h * h).sum().backward()
print(w.grad)  # deliberately not the derivative; prints: tensor([ 9., 18.])
```

## When to ignore
Where the gradient is meant to pass by the edit and the code should stay as it is. Edits that are
usually meant so are not reported: `sign_`, `round_` and the like, filling scores with an infinity
or a magnitude of 1000 and more, a constant fill of what is only returned, `x.data = f(x.data)`.
Nor is adding something that needs no gradient: the derivative of that is the identity.

## Fix safety
No fix is offered: whether the gradient should see the edit is for you to say. The help shows the
out-of-place form where the edit is a statement on a local name.

## Known gaps
Where the tensor is an argument whose caller is not in sight, it is taken to be no more than an
argument: see `unchecked-write`. What those who call it from another file do
with the value is not seen.
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
        seen, lambda d: concerns(d) and not d.assumed and not d.again and _in_a_graph(seen, d)
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


def _in_a_graph(seen: Seen, damage: Damage) -> bool:
    """Whether more than an argument that might require grad speaks for a gradient here."""
    place = seen.writes.get(damage.write, Place())
    return damage.sure or damage.backward or place.forward


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
