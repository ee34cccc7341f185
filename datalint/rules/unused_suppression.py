"""A suppression comment, or a rule that it names, suppresses nothing.

## What it does
Reports a comment `# datalint: ignore[rule]` that covers no finding of that rule, and one that
cannot suppress anything: it names no rule, or one that does not exist, or an `ignore-file` that
shares its line with code. Of the rules only those that were checked are judged: while `data-read`
is not selected, nothing is said of `ignore[data-read]`.

## Why it is bad
The comment says that something is here which is not, or no longer. And it lies in wait: the next
mistake on this line will be silenced as well.

## Example
What happens: the write was moved into `torch.no_grad()`, the comment stayed.
```python
import torch

w = torch.ones(3, requires_grad=True)
with torch.no_grad():
    w.mul_(0.5)  # datalint: ignore[data-write] the weights are halved once
print(w)  # prints: tensor([0.5000, 0.5000, 0.5000], requires_grad=True)
```

## Use instead
```python
import torch

w = torch.ones(3, requires_grad=True)
with torch.no_grad():
    w.mul_(0.5)
print(w)  # prints: tensor([0.5000, 0.5000, 0.5000], requires_grad=True)
```

## When to ignore
Where another version of datalint, or of what the file imports, still has the finding: name
`unused-suppression` in the same comment.

## Fix safety
Safe: the fix takes out the comment, or the names that suppress nothing, and no code. Other
comments on the line stay. A comment that is written wrong has no fix: what was meant is for you to
say.

## Known gaps
Where two comments cover the same finding, both count as used. A file without `.data` that is no
Python is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Applicability, Confidence, Edit, Finding, Fix, Level
from datalint.rules.rule import Rule
from datalint.source.near import did_you_mean
from datalint.source.suppress import FILE, LINE, VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

    from datalint.finding import Span
    from datalint.source.suppress import Comment

RULE = Rule("unused-suppression", Level.WARNING, True, __doc__, None, frozenset())

_NOTHING = "this comment suppresses nothing"
_ADVICE = f"write `# datalint: {LINE}[rule] reason` at the end of the line that is reported"


def fault(comment: Comment) -> str:
    """Why a comment cannot suppress anything, whatever it names; empty where it can."""
    if comment.verb not in VERBS:
        return f"no suppression is called {comment.verb!r}{did_you_mean(comment.verb, VERBS)}"
    if not comment.named:
        return f"it names no rule in brackets, as `{comment.verb}[data-write]` does"
    if comment.verb == FILE and not comment.alone:
        return f"`{FILE}` has to stand on a line of its own"
    return ""


def mistakes(comment: Comment, path: str, known: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with a comment, or with each name in it; `known` are the rules."""
    if reason := fault(comment):
        yield _finding(comment.span, path, f"{_NOTHING}: {reason}", _ADVICE)
        return
    for name in comment.named:
        if name.rule not in known:
            told = f"no rule is named {name.rule!r}{did_you_mean(name.rule, known)}"
            yield _finding(name.span, path, told, "name a rule, or take this out")


def unused(comment: Comment, path: str, rules: Set[str]) -> Finding:
    """Of a comment without fault, that some of the rules that it names suppress nothing."""
    named = dict.fromkeys(name.rule for name in comment.named)
    kept = [rule for rule in named if rule not in rules]
    gone = " and ".join(f"`{rule}`" for rule in named if rule in rules)
    verb, them = ("is", "it") if len(rules) == 1 else ("are", "them")
    where = "in this file" if comment.verb == FILE else "here"
    if kept and comment.inside:
        what, nothing = gone, f"naming {them} suppresses nothing"
        edit = Edit(comment.inside, ", ".join(kept))
    else:
        what, nothing, edit = "the comment", _NOTHING, comment.removal
    advice = f"take {them if kept else 'it'} out"
    if comment.alone and comment.verb == LINE:
        advice = f"put it at the end of the line that is reported, or {advice}"
    fix = Fix(Applicability.SAFE, f"Take out {what}: nothing is suppressed", (edit,))
    return _finding(
        comment.span, path, f"{gone} {verb} not reported {where}: {nothing}", advice, fix
    )


def _finding(span: Span, path: str, message: str, advice: str, fix: Fix | None = None) -> Finding:
    return Finding(RULE.name, RULE.level, path, span, message, advice, Confidence.HIGH, fix=fix)
