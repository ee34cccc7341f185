"""What memory was computed from: whether a forward writes the same again when it is run again.

A source is memory that nothing in sight has made (an argument, a parameter, a buffer), or chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow.events import Kind
from datalint.flow.values import Key, overlap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.flow.known import Tensor
    from datalint.flow.state import State

CHANCE = Key(0, 0, 0, (".chance",))
_RANDOM = {
    "normal", "uniform", "bernoulli", "random", "exponential", "cauchy", "geometric", "log_normal",
    "rand", "randn", "randint", "rand_like", "randn_like", "randint_like", "randperm", "poisson",
    "multinomial", "dropout", "alpha_dropout", "dropout1d", "dropout2d", "dropout3d",
    "trunc_normal", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal",
    "orthogonal", "sparse", "rrelu", "gumbel_softmax",
}  # fmt: skip
#: In-place operators whose result does not depend on what was there.
_OVERWRITING = _RANDOM | {
    "zero", "fill", "copy", "__setitem__", "masked_fill", "index_fill", "index_copy",
    "fill_diagonal", "masked_scatter", "scatter", "index_put", "set", "zeros", "ones", "constant",
    "eye", "data =",
}  # fmt: skip
#: In-place operators that change nothing when they are applied to their own result.
_IDEMPOTENT = {
    "clamp", "clamp_min", "clamp_max", "clip", "relu", "abs", "absolute", "hardtanh", "nan_to_num",
    "renorm", "sign", "round", "normalize", "threshold", "relu6", "tril", "triu", "floor", "ceil",
}  # fmt: skip


def sources(state: State, tensors: Iterable[Tensor]) -> frozenset[Key]:
    """What the contents of these tensors go back to."""
    found: set[Key] = set()
    for tensor in tensors:
        for storage in tensor.storages:
            found |= _of(state, storage)
    return frozenset(found)


def _of(state: State, storage: Key) -> frozenset[Key]:
    """The sources of memory, or of what it is an item or a part of."""
    for length in range(len(storage.path), -1, -1):
        found = state.made_of.get(storage._replace(path=storage.path[:length]))
        if found is not None:
            return found
    return frozenset({storage})


def made(state: State, storage: Key, of: frozenset[Key]) -> None:
    """Fresh memory: only its sources count."""
    state.made_of[storage] = of


def mixed(state: State, storages: Iterable[Key], of: frozenset[Key]) -> None:
    """Memory that was there took in more."""
    for storage in storages:
        state.made_of[storage] = _of(state, storage) | of


def by_chance(operator: str) -> bool:
    """Whether an operator draws at random."""
    return _plain(operator) in _RANDOM


def overwrites(operator: str) -> bool:
    """Whether an in-place operator leaves nothing of what was there."""
    return _plain(operator) in _OVERWRITING


def repeatable(operator: str, kind: Kind) -> bool:
    """Whether the same write changes nothing the second time, its operands being the same."""
    return kind in (Kind.CONSTANT, Kind.MASKING) or _plain(operator) in _IDEMPOTENT


def varies(written: Tensor, operator: str, of: frozenset[Key], arguments: Iterable[Key]) -> bool:
    """Whether a second forward writes something else than the first did.

    So it is with what depends on the forward's arguments, on chance, or on what was there.
    """
    given = {a.root for a in arguments}
    if by_chance(operator) or CHANCE in of or any(s.root in given for s in of):
        return True
    if _plain(operator) in _IDEMPOTENT:
        return False
    itself = not overwrites(operator)
    return itself or any(overlap(s, w) for s in of for w in written.storages)


def _plain(operator: str) -> str:
    return operator.rpartition(".")[2].removesuffix("_") if operator != "__setitem__" else operator
