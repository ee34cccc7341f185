"""Sums up what was seen of each spelling to one row, and writes the rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datalint.ops.facts import Saved, Sharing
from datalint.ops.observe.witness import Sight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COLUMNS = ("name", "as", "parameters", "saves", "writes", "returns", "flags", "state")


#: In-place methods that change how a tensor lies on its memory, or its flags, and no value.
#: `torch.Tag.inplace_view` has them, and `set_` and `resize_`, which are another story.
METADATA_ONLY = frozenset({
    "as_strided_", "detach_", "requires_grad_", "squeeze_", "swapaxes_", "swapdims_", "t_",
    "transpose_", "unsqueeze_",
})  # fmt: skip


@dataclass(slots=True)
class Row:
    """The facts of one name under one or more kinds; `facts.parse` reads it."""

    name: str
    parameters: tuple[str, ...]
    sight: Sight = field(default_factory=Sight)
    #: How often each kind of spelling was seen.
    kinds: Counter[str] = field(default_factory=Counter)
    #: Why torch would not make a call under a kind of spelling.
    refusals: dict[str, str] = field(default_factory=dict)

    def enough(self, kind: str) -> bool:
        """Whether this is a second spelling of what is seen under a first, and known to be one."""
        return self.kinds[kind] >= 2 and kind != next(iter(self.kinds))

    def facts(self) -> tuple[str, ...]:
        """The columns that hold facts, as text."""
        metadata_only = self.name in METADATA_ONLY
        flags = ["untracked"] * (not self.sight.tracked) + ["metadata"] * metadata_only
        saves = sorted(
            f"{needing}={','.join(sorted(map(_text, saved)))}"
            for needing, saved in self.sight.saves.items()
            if saved
        )
        writes = () if metadata_only else sorted(self.sight.writes)
        returns = _sharing(self.sight.sharing, metadata_only)
        columns = self.parameters, saves, writes, (returns,), flags, sorted(self.sight.state)
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


def render(rows: Iterable[Row], header: Sequence[str]) -> str:
    """The whole table, in an order of its own."""
    lines = sorted("\t".join((row.name, ",".join(sorted(row.kinds)), *row.facts())) for row in rows)
    titles = "# " + "\t".join(COLUMNS)
    return "\n".join([*(f"# {line}" for line in header), titles, *lines]) + "\n"
