"""What a rule is: a name, a level, a page, and a judgement of one expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Confidence
from datalint.flow.events import DATA

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.finding import Level
    from datalint.flow import ir
    from datalint.flow.events import Seen
    from datalint.rules.rewrite import Rewrite


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story, still without a position."""

    node: ir.Node
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule has to say of an expression."""

    message: str
    help: str
    confidence: Confidence = Confidence.HIGH
    steps: tuple[Step, ...] = ()
    rewrite: Rewrite | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `page` is its module's docstring, what `datalint explain` prints."""

    name: str
    level: Level
    default: bool
    page: str
    #: What it has to say of an expression; None where it is about none.
    judge: Callable[[Seen], Verdict | None] | None
    #: The ways past a version counter that it is about, as `Seen.way` says them.
    ways: frozenset[str] = frozenset({DATA})
    #: It is about those, too, that nothing is written through.
    of_reads: bool = False

    @property
    def summary(self) -> str:
        """The page's first line."""
        return self.page.partition("\n")[0]
