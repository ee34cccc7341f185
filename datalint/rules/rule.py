"""What a rule is: a name, a level, a page, and a judgement of one `.data` read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datalint.finding import Level


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `page` is its module's docstring, what `datalint explain` prints."""

    name: str
    level: Level
    default: bool
    page: str

    @property
    def summary(self) -> str:
        """The page's first line."""
        return self.page.partition("\n")[0]
