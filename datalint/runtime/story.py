"""A corruption in words: what happened, where, and how wrong the gradient was."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from datalint.report.summary import count
from datalint.runtime.corruption import Kind
from datalint.selection import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datalint.finding import Finding
    from datalint.runtime.corruption import Corruption, Gradient, Place


def what(corruption: Corruption, others: int) -> str:
    """What became of a saved tensor, and of how many others in the same way."""
    what = "the result" if corruption.result else "an operand"
    saved = f"{what} that `{corruption.node}` had saved"
    times = f" ({corruption.times} times)" if corruption.times > 1 else ""
    times += f", as {count(others, 'other saved tensor')} was" if others == 1 else ""
    times += f", as {count(others, 'other saved tensor')} were" if others > 1 else ""
    if corruption.kind is Kind.SWAPPED:
        return f"{saved} was given other memory by `.data = `: the gradient was wrong{times}"
    through = f" {corruption.through}" if corruption.through else ""
    return f"{saved} was overwritten{through} before backward: the gradient was wrong{times}"


def linter(said: Finding | None) -> str:
    """Whether the linter says it as well."""
    if said is None:
        return "`datalint check` misses it"
    option = "" if RULES[said.rule] else " --select all"
    return f"`datalint check{option}` reports it as {said.rule}"


def story(corruption: Corruption) -> list[tuple[str, Place | None]]:
    """What happened, in order, and where."""
    what = "its result" if corruption.result else "an operand"
    steps = [
        (f"`{corruption.node}` saves {what} here", corruption.saved),
        ("the alias is taken here", corruption.alias),
        ("written here", corruption.written),
    ]
    if corruption.unknown:
        steps.append((corruption.unknown, corruption.backward))
    steps += [(text, corruption.backward) for text in _computed(corruption.gradients)]
    return steps


def _computed(gradients: Sequence[Gradient]) -> list[str]:
    """What backward was to compute, and what it did compute."""
    if not gradients:
        return ["backward here"]
    worst, more = gradients[0], len(gradients) - 1
    few = len(worst.meant_entries) < math.prod(worst.shape)
    meant, got = (
        "[" + ", ".join(f"{entry:.4g}" for entry in entries) + (", ...]" if few else "]")
        for entries in (worst.meant_entries, worst.got_entries)
    )
    others = f"; {count(more, 'other gradient')} wrong as well" if more else ""
    return [
        f"it is meant to be {meant}, of norm {worst.meant:.4g}: off by {worst.off:.4g}{others}",
        f"backward here makes the gradient of {worst.name} {got}, of norm {worst.got:.4g}",
    ]
