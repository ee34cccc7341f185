"""Every rule, in the order in which the first that applies to an expression is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.rules import (
    blind_write,
    data_assignment,
    data_read,
    data_write,
    unchecked_write,
    untracked_write,
    unused_suppression,
    write_after_save,
    write_without_effect,
)
from datalint.source.text import Sought

if TYPE_CHECKING:
    from datalint.rules.rule import Rule

ALL: tuple[Rule, ...] = (
    write_after_save.RULE,
    untracked_write.RULE,
    unchecked_write.RULE,
    data_write.RULE,
    data_assignment.RULE,
    write_without_effect.RULE,
    data_read.RULE,
    blind_write.RULE,
    unused_suppression.RULE,
)
#: All that any of them is about.
EVERYTHING = Sought(frozenset().union(*(rule.ways for rule in ALL)), reads=True)
