"""What each PyTorch operator saves for backward, writes, and returns, looked up by its spelling.

Two tables beside this file hold the facts: `observed.tsv` is what torch was seen to do,
`curated.tsv` what it cannot be asked.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A curated row stands in place of an observed one.
TABLES = {name: Path(__file__).with_name(f"{name}.tsv") for name in ("observed", "curated")}

#: What `Saved.what` says for the operator's own result.
RESULT = "result"


class Sharing(enum.StrEnum):
    """What an operator returns, with respect to the memory of its first tensor argument."""

    #: Memory of its own.
    FRESH = "fresh"
    #: The argument or a view of it, always.
    ALIAS = "alias"
    #: One or the other, depending on values the source does not show (`contiguous`, `reshape`).
    MAYBE = "maybe"
    #: A number, a shape, None.
    NOT_A_TENSOR = "not_a_tensor"
    #: The argument it has just written (`add_`), or `out=`.
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Saved:
    """One tensor that an operator may keep for the gradient of an argument, and reads for it.

    What is kept and never read for that gradient, as the input of `avg_pool2d`, is left out.
    """

    #: An argument's name, a module's own tensor (`.weight`), or `RESULT`.
    what: str
    #: Kept through a view of its own (`linear` keeps `weight.t()`): `x.data = v` never reaches it.
    through_view: bool = False
    #: Which element of a tuple result (`max(dim)` keeps its indices, 1), and only if it is a
    #: tuple (`max()` is none); None: the result itself, or every tensor in it.
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator, or the call of one `torch.nn` module.

    Arguments go by the torch function's keyword names; the tensor a method is called on is
    `input` (`argument` takes `self` for it, too). A module's own parameters and buffers are
    arguments nobody passes, named with a leading dot: `.weight`, `.layers.*.linear1.bias`
    (`own` makes the name). All of `saves` and `writes` is MAY: it was seen with some values.
    """

    name: str
    #: Positional arguments in order, a method's `self` first; a last `*tensors` takes the rest.
    parameters: tuple[str, ...]
    #: For each argument: what is kept for its gradient, if that is needed.
    saves: Mapping[str, frozenset[Saved]]
    #: Arguments written in place, if they are given: `input` for `x.add_()`, `out`.
    writes: frozenset[str]
    sharing: Sharing
    #: The result requires grad where a floating argument does (not so for `argmax`, `detach`).
    tracked: bool
    #: Changes shape, strides or flags of its argument and no values: `t_`, `unsqueeze_`.
    metadata_only: bool
    #: A module's own parameters and buffers, as `own` names them.
    state: frozenset[str] = frozenset()

    def argument(self, place: int | str) -> str:
        """The name of the argument given at a position or by a keyword."""
        if isinstance(place, str):
            return "input" if place == "self" else place
        if place < len(self.parameters) and not self.parameters[place].startswith("*"):
            return self.parameters[place]
        if self.parameters and self.parameters[-1].startswith("*"):
            return self.parameters[-1][1:]
        return f"#{place}"

    def saved(self, needing_grad: Iterable[str]) -> frozenset[Saved]:
        """What a call keeps when just these arguments need a gradient."""
        nothing: frozenset[Saved] = frozenset()
        return nothing.union(*(self.saves.get(name, nothing) for name in needing_grad))

    def along(self) -> Operator:
        """The facts where a dimension is given: `x.max(0)` is a tuple and keeps indices only."""
        if not any(s.item is not None for kept in self.saves.values() for s in kept):
            return self
        elements = {a: frozenset(s for s in k if s.item is not None) for a, k in self.saves.items()}
        return replace(self, saves=elements)

    def given(self, keyword: str) -> Operator | None:
        """The facts that hold instead when `keyword` is true: `inplace`, `max_norm`."""
        return _operator(f"with {keyword}", self.name)


def method(name: str) -> Operator | None:
    """The facts of a `torch.Tensor` method: `sigmoid`, `clamp_`, `__setitem__`, `__rsub__`."""
    return _operator("method", name)


def attribute(name: str) -> Operator | None:
    """The facts of reading a `torch.Tensor` attribute that is no method: `T`, `data`, `shape`."""
    return _operator("attribute", name)


def function(qualified: str) -> Operator | None:
    """The facts of a function by its full name: `torch.sigmoid`, `torch.Tensor.add_`."""
    name = qualified.removeprefix("torch.")
    if name == qualified:
        return None
    if name.startswith("Tensor."):
        return method(name.removeprefix("Tensor."))
    return _operator("function", name)


def module(qualified: str) -> Operator | None:
    """The facts of calling an instance of a class, given by its full name: `torch.nn.Linear`."""
    name = qualified.removeprefix("torch.")
    return None if name == qualified else _operator("module", name)


@cache
def in_place_names() -> frozenset[str]:
    """Method names only a tensor has: calling one is evidence that the receiver is a tensor."""
    return frozenset(
        name
        for kind, name in _rows()
        if kind == "method" and name.endswith("_") and not name.endswith("__")
    )


def own(path: str) -> str:
    """The name in `saves` of a module's own tensor, given the attribute path from the module.

    Layers are counted in two ways, `weight_ih_l0` and `layers.0.weight`; facts are about all.
    """
    return "." + re.sub(r"(?<=_l)\d+|(?<=\.)\d+(?=\.)|^\d+(?=\.)", "*", path)


@cache
def _rows() -> dict[tuple[str, str], str]:
    """Every row by kind and name, unparsed: most are never asked for."""
    rows = {}
    for table in TABLES.values():
        for line in table.read_text("utf-8").splitlines():
            if not line.startswith("#"):
                name, kinds, _ = line.split("\t", 2)
                rows.update(dict.fromkeys(((kind, name) for kind in kinds.split(",")), line))
    return rows


@cache
def _operator(kind: str, name: str) -> Operator | None:
    line = _rows().get((kind, name))
    return None if line is None else parse(line)


def parse(line: str) -> Operator:
    """One row of a table; `observe.table.Row` writes them."""
    name, _, parameters, saves, writes, sharing, flags, state, *_ = line.split("\t")
    return Operator(
        name,
        tuple(parameters.split()),
        {key: _saved(what) for key, _, what in (s.partition("=") for s in saves.split())},
        frozenset(writes.split()),
        Sharing(sharing),
        "untracked" not in flags.split(),
        "metadata" in flags.split(),
        frozenset(state.split()),
    )


def _saved(text: str) -> frozenset[Saved]:
    return frozenset(map(_kept, text.split(",")))


def _kept(text: str) -> Saved:
    """`~weight` is kept through a view, `result[1]` is an element of a tuple."""
    match = re.fullmatch(r"(~?)([^\[]+)(?:\[(\d+)\])?", text)
    assert match, text
    return Saved(match[2], bool(match[1]), int(match[3]) if match[3] else None)
