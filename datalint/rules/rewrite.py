"""What to write instead of a `.data` expression, as text for the place of a libcst node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from datalint.finding import Applicability
from datalint.ops import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datalint.flow import ir
    from datalint.flow.events import Place, Seen, Write

_AUGMENTED = {
    cst.AddAssign: "add_",
    cst.SubtractAssign: "sub_",
    cst.MultiplyAssign: "mul_",
    cst.DivideAssign: "div_",
    cst.FloorDivideAssign: "floor_divide_",
    cst.ModuloAssign: "remainder_",
    cst.PowerAssign: "pow_",
    cst.BitAndAssign: "bitwise_and_",
    cst.BitOrAssign: "bitwise_or_",
    cst.BitXorAssign: "bitwise_xor_",
    cst.LeftShiftAssign: "bitwise_left_shift_",
    cst.RightShiftAssign: "bitwise_right_shift_",
}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Put `content` in the place of `node`."""

    node: ir.Node
    content: str
    applicability: Applicability
    message: str


def code(node: cst.CSTNode) -> str:
    """The node as the user wrote it, on one line."""
    text = cst.Module([]).code_for_node(node).strip()
    return " ".join(text.split())


def short(node: cst.CSTNode, limit: int = 40) -> str:
    """The same for a message: long expressions lose their middle."""
    text = code(node)
    return text if len(text) <= limit else f"{text[: limit // 2]}...{text[-limit // 3 :]}"


def receiver(read: cst.CSTNode) -> cst.BaseExpression | None:
    """The `x` of `x.data`, `getattr(x, "data")` or `torch.Tensor.data.__get__(x)`."""
    match read:
        case cst.Call():
            return read.args[0].value if read.args else None
        case cst.Attribute():
            return read.value
    return None


def detached(read: cst.CSTNode) -> str | None:
    """`x.detach()` for `x.data`."""
    inner = receiver(read)
    if inner is None:
        return None
    text = cst.Module([]).code_for_node(inner)
    simple = inner.lpar or isinstance(inner, cst.Name | cst.Attribute | cst.Call | cst.Subscript)
    return f"{text}.detach()" if simple else f"({text}).detach()"


def detach(
    seen: Seen,
    writes: list[Write],
    applicability: Applicability = Applicability.UNSAFE,
    message: str = "Use `.detach()`, whose writes the version counter sees",
) -> Rewrite | None:
    """Replace the read by `.detach()`; None where that cannot be written."""
    read = seen.node.origin
    instead = detached(read)
    if instead is None or seen.assigned is not None or any(w.blind for w in writes):
        return None
    for write in writes:
        statement = write.site.origin
        if isinstance(statement, cst.AugAssign) and statement.target is read:
            method = _AUGMENTED.get(type(statement.operator))
            if method is None:
                return None
            value = cst.Module([]).code_for_node(statement.value)
            return Rewrite(write.site, f"{instead}.{method}({value})", applicability, message)
    return Rewrite(seen.node, instead, applicability, message)


def differentiable(write: Write, place: Place) -> str:
    """The write as an assignment that autograd sees; empty where that would not be the same.

    Only for a statement that writes a local tensor with a history: rebinding a leaf loses its
    `.grad`, rebinding an attribute, a loop's target or an item of a container loses the edit.
    """
    read, site = write.read.origin, write.site.origin
    target = receiver(read)
    if not isinstance(target, cst.Name) or target.value not in place.locals:
        return ""
    if not place.in_graph or place.no_grad or write.blind:
        return ""
    text = _out_of_place(target.value, read, site, place)
    left = text.partition(" = ")[2]
    return "" if ".data" in left or "detach(" in left else text


def _out_of_place(name: str, read: cst.CSTNode, site: cst.CSTNode, place: Place) -> str:
    match site:
        case cst.Call(func=cst.Attribute(value=value, attr=method)) if value is read:
            return _method(name, method.value, site.args) if place.statement else ""
        case cst.AugAssign() if site.target is read:
            operator = code(site.operator).removesuffix("=")
            return f"{name} = {name} {operator} {_undo(name, code(site.value))}"
    return ""


def _method(name: str, method: str, args: Sequence[cst.Arg]) -> str:
    plain = method.removesuffix("_")
    arguments = ", ".join(_undo(name, code(a).rstrip(", ")) for a in args)
    if plain == "copy":
        return f"{name} = {arguments}"
    if plain == "zero":
        return f"{name} = torch.zeros_like({name})"
    if plain == "fill":
        return f"{name} = torch.full_like({name}, {arguments})"
    operator = facts.method(plain)
    if operator is None or operator.sharing is not facts.Sharing.FRESH or not operator.tracked:
        return ""
    return f"{name} = {name}.{plain}({arguments})"


def _undo(name: str, text: str) -> str:
    """The arguments of an edit speak of the tensor itself again."""
    return re.sub(rf"\b{re.escape(name)}\.(data\b|detach\(\))", name, text)
