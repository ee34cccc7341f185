"""Writes `observed.tsv` anew, and says on standard error what could not be seen."""

from __future__ import annotations

import sys
import warnings
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from datalint.ops.observe import database, modules, probes, schemas
from datalint.ops.observe.names import public
from datalint.ops.observe.table import Row, render
from datalint.ops.observe.twins import twins
from datalint.ops.observe.witness import watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from datalint.ops.observe.calls import Call

TABLE = Path(__file__).parents[1] / "observed.tsv"
COMMAND = "python -m datalint.ops.observe"

#: What torch raises for a call it does not support: in place on a broadcast argument,
#: `+` with `alpha=`, an integer where it wants a float.
REFUSALS = RuntimeError, TypeError, IndexError, ValueError


def observe() -> str:
    """The table, as the installed torch makes it."""
    torch.set_num_threads(1)
    rows: dict[tuple[object, ...], Row] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call in _calls():
            _see(call, rows.setdefault(_key(call), Row(call.spelling[1], call.parameters)))
    found = [row for row in rows.values() if row.kinds]
    unseen = sorted(public().keys() - {(kind, row.name) for row in found for kind in row.kinds})
    found += [row for spelling in unseen if (row := schemas.row(spelling))]
    _tell_unseen(found, rows.values())
    return render(found, [f"torch {torch.__version__.partition('+')[0]}", f"written by {COMMAND}"])


def _key(call: Call) -> tuple[object, ...]:
    """A function and the method of its name are one operator, if they take the same arguments."""
    kind, name = call.spelling
    both = kind in ("function", "method")
    return "both" if both else kind, name, call.parameters


def _calls() -> Iterator[Call]:
    known = [*database.calls(), *probes.calls()]
    for call in chain(known, twins(known), modules.calls()):
        yield from call.flagged()


def _see(call: Call, row: Row) -> None:
    kind = call.spelling[0]
    if row.enough(kind):
        return
    row.sight.writes |= schemas.writes(call.spelling)
    try:
        watch(call, row.sight)
    except REFUSALS as refusal:
        row.refusals[kind] = f"{type(refusal).__name__}: {refusal}".partition("\n")[0]
    else:
        row.kinds[kind] += 1


def _tell_unseen(found: Iterable[Row], tried: Iterable[Row]) -> None:
    """Name what has no row, and where it was called in vain, why."""
    seen = {(kind, row.name) for row in found for kind in row.kinds}
    why = {(kind, row.name): text for row in tried for kind, text in row.refusals.items()}
    unseen = (public().keys() | why.keys()) - seen
    print(f"{len(seen)} spellings in the table, these are not:", file=sys.stderr)
    for kind, name in sorted(unseen):
        print(kind, name, why.get((kind, name), ""), file=sys.stderr)


if __name__ == "__main__":
    TABLE.write_text(observe(), "utf-8")
