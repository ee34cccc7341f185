"""Sums up what was seen of each spelling to one row, and writes the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.ops.facts import Saved, Sharing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datalint.ops.observe.names import Spelling
    from datalint.ops.observe.witness import Sight

COLUMNS = ("name", "as", "parameters", "saves", "writes", "returns", "flags", "state")


@dataclass(frozen=True, slots=True)
class Row:
    """The facts of one name under one or more kinds; `facts.parse` reads it."""

    name: str
    parameters: tuple[str, ...]
    sight: Sight
    metadata_only: bool = False
    state: tuple[str, ...] = ()

    def facts(self) -> tuple[str, ...]:
        """The columns that hold facts, as text."""
        flags = ["untracked"] * (not self.sight.tracked) + ["metadata"] * self.metadata_only
        saves = sorted(
            f"{needing}={','.join(sorted(map(_text, saved)))}"
            for needing, saved in self.sight.saves.items()
            if saved
        )
        writes = () if self.metadata_only else sorted(self.sight.writes)
        returns = _sharing(self.sight.sharing, self.metadata_only)
        columns = self.parameters, saves, writes, (returns,), flags, sorted(self.state)
        return tuple(" ".join(column) for column in columns)


def _text(saved: Saved) -> str:
    item = "" if saved.item is None else f"[{saved.item}]"
    return f"{'~' if saved.through_view else ''}{saved.what}{item}"


def _sharing(seen: set[Sharing], metadata_only: bool) -> Sharing:
    seen = seen - {Sharing.NOT_A_TENSOR} or {Sharing.NOT_A_TENSOR}
    if metadata_only:
        return Sharing.ALIAS
    if Sharing.WRITTEN in seen:
        return Sharing.WRITTEN
    return next(iter(seen)) if len(seen) == 1 else Sharing.MAYBE


def render(rows: Iterable[tuple[Spelling, Row]], header: Sequence[str]) -> str:
    """The whole table; a function and a method of one name and the same facts share a line."""
    kinds: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for (kind, name), row in rows:
        kinds.setdefault((name, row.facts()), set()).add(kind)
    lines = sorted(
        "\t".join((name, ",".join(sorted(found)), *facts)) for (name, facts), found in kinds.items()
    )
    titles = "# " + "\t".join(COLUMNS)
    return "\n".join([*(f"# {line}" for line in header), titles, *lines]) + "\n"
