"""What the user configured, as far as it was said."""

from __future__ import annotations

from dataclasses import dataclass

from datalint.ops.stated import NOTHING_STATED, Stated


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
