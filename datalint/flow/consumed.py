"""Which reads are used up where they stand: `x.data.item()`, a comparison, `print(x.data)`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from datalint.flow import ir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

#: Methods and attributes whose result holds nothing of the tensor.
_CONSUMING = {
    "item", "tolist", "size", "dim", "ndim", "ndimension", "numel", "nelement", "shape", "dtype",
    "device", "layout", "clone", "is_cuda", "stride", "storage_offset", "element_size",
    "is_contiguous", "is_floating_point", "get_device",
}  # fmt: skip
#: Builtins that do so with what they are given.
_BUILTINS = {"print", "len", "str", "repr", "float", "int"}
#: Methods that hand on the same values, in the same memory or in a copy.
_PASSING = {"cpu", "numpy", "float", "double", "view", "reshape", "flatten", "squeeze"}


class Consumption:
    """Marks the reads of a file that leave nothing behind, as they are lowered."""

    def __init__(self) -> None:
        self._spelled = False
        self._given: dict[str, list[ir.Expr]] = {}

    def use_up(self, *operands: ir.Expr) -> None:
        """These values leave nothing behind where they are used."""
        for operand in () if self._spelled else operands:
            _mark(operand)

    def attribute(self, base: ir.Expr, name: str) -> None:
        """`base.name` is read, or called."""
        if name in _CONSUMING or (name == "copy" and _is_array(base)):
            self.use_up(base)

    def call(self, callee: ir.Expr, operands: Iterable[ir.Expr]) -> None:
        """Something is called with these."""
        if isinstance(callee, ir.Name) and callee.id in _BUILTINS and not self._spelled:
            self._given.setdefault(callee.id, []).extend(operands)

    @contextmanager
    def shown(self, *, spelled: bool) -> Iterator[None]:
        """Within a part of an f-string; `{x.data=}` shows how it is written, too."""
        outer, self._spelled = self._spelled, self._spelled or spelled
        yield
        self._spelled = outer

    def settle(self, bound: Set[str]) -> None:
        """The file is read: what it binds nowhere is the builtin."""
        for name in self._given.keys() - bound:
            for operand in self._given[name]:
                _mark(operand)


def _mark(operand: ir.Expr) -> None:
    """The `x.data` of `x.data.cpu().numpy()` is used up."""
    while isinstance(operand, ir.Call) and isinstance(operand.callee, ir.Attribute):
        if operand.callee.name not in _PASSING:
            break
        operand = operand.callee.base
    if isinstance(operand, ir.Attribute):
        operand.consumed = True


def _is_array(node: ir.Expr) -> bool:
    """Whether it is `....numpy()`, whose `.copy()` is one of its memory."""
    match node:
        case ir.Call(callee=ir.Attribute(name="numpy")):
            return True
    return False
