"""Every rule, in the order in which the first that applies to a `.data` read is reported."""

from __future__ import annotations

from datalint.finding import Level
from datalint.rules.rule import Rule

ALL: tuple[Rule, ...] = (
    Rule("write-after-save", Level.ERROR, True, "A value autograd saved is overwritten."),
    Rule("untracked-write", Level.ERROR, True, "A tracked value is edited untracked."),
    Rule("unchecked-write", Level.WARNING, True, "One link of a story is assumed."),
    Rule("data-write", Level.NOTE, False, "Any other in-place write through `.data`."),
    Rule("data-assignment", Level.NOTE, False, "`x.data = v`."),
    Rule("write-without-effect", Level.NOTE, False, "Changes the metadata of a temporary."),
    Rule("data-read", Level.NOTE, False, "`.data` only read."),
)
