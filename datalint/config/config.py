"""What the user configured, as far as it was said, and what is said of what cannot be meant."""

from __future__ import annotations

from dataclasses import dataclass

from datalint.ops.stated import NOTHING_STATED, Stated
from datalint.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the user configured, and the file in which it stands, if there is one.

    None, or nothing, for what is not said. Patterns and paths count from the file's folder.
    """

    path: str = ""
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    min_confidence: str | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    baseline: str | None = None
    stated: Stated = NOTHING_STATED


class BadConfig(Refusal):
    """A configuration that cannot be what its user meant; the message is one clear line.

    `path` is the file it stands in, if there is one, `row` and `column` the place, from 1, and
    `reason` the message without these.
    """

    def __init__(self, reason: str, path: str = "", row: int = 0, column: int = 0) -> None:
        place = ":".join([path, *(str(number) for number in (row, column) if number)])
        super().__init__(f"{place}: {reason}" if path else reason)
        self.reason, self.path, self.row, self.column = reason, path, row or 1, column or 1
