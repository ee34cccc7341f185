"""What the witness has to say: plain data, which one process can hand to another."""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(enum.StrEnum):
    """What became of a tensor that autograd had saved."""

    #: Other values are in its memory, and its version is the old one.
    OVERWRITTEN = "overwritten"
    #: `x.data = v` gave the saved tensor other memory.
    SWAPPED = "swapped"


@dataclass(frozen=True, slots=True)
class Place:
    """An expression that was running; rows and columns from 1, the end column exclusive."""

    path: str
    row: int
    column: int
    end_row: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Gradient:
    """What one tensor's gradient is, and what it is by the tensors as they were saved."""

    name: str
    shape: tuple[int, ...]
    #: Euclidean norms.
    meant: float
    got: float
    #: The norm of the difference.
    off: float
    #: A few entries of each, the same ones, that of the largest difference among them.
    meant_entries: tuple[float, ...]
    got_entries: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Corruption:
    """A backward computed with other values than those that autograd had saved."""

    kind: Kind
    #: The backward node that needed the tensor, such as `SigmoidBackward0`.
    node: str
    #: Whether it is the result of the node's operator, and not one of its operands.
    result: bool
    #: Where the operator that saved it was called.
    saved: Place | None = None
    #: Where backward was called.
    backward: Place | None = None
    #: Where it was written, and by what, in words; only tracing tells.
    written: Place | None = None
    through: str = ""
    #: Where the `.data` or its like that the write went through was read.
    alias: Place | None = None
    #: The gradients that are wrong for it, the worst one first; only tracing tells.
    gradients: tuple[Gradient, ...] = ()
    #: Why the gradient that was meant is not known although it was asked for.
    unknown: str = ""
    #: Whether it is known to have changed no gradient.
    harmless: bool = False
    #: How often the same was seen.
    times: int = field(default=1, compare=False)

    def __str__(self) -> str:
        """One line."""
        at = self.written or self.saved or self.backward
        where = f"{at.path}:{at.row}: " if at else ""
        what = "result" if self.result else "operand"
        return f"{where}the {what} that {self.node} saved was {self.kind} before backward"


def dump(corruptions: Iterable[Corruption]) -> str:
    """As JSON."""
    return json.dumps([asdict(corruption) for corruption in corruptions])


def load(text: str) -> list[Corruption]:
    """What `dump` made; raises `ValueError` for anything else."""
    try:
        return [_corruption(**entry) for entry in json.loads(text)]
    except (TypeError, KeyError) as error:
        raise ValueError(str(error)) from None


def _corruption(**entry: Any) -> Corruption:
    for name in ("saved", "backward", "written", "alias"):
        if entry[name] is not None:
            entry[name] = Place(**entry[name])
    entry["kind"] = Kind(entry["kind"])
    entry["gradients"] = tuple(_gradient(**gradient) for gradient in entry["gradients"])
    return Corruption(**entry)


def _gradient(**entry: Any) -> Gradient:
    for name in ("shape", "meant_entries", "got_entries"):
        entry[name] = tuple(entry[name])
    return Gradient(**entry)
