"""What to write instead of a `.data` expression, as text for the place of a libcst node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from datalint.finding import Applicability

if TYPE_CHECKING:
    from datalint.flow.events import Seen, Write

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

    node: cst.CSTNode
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
    if inner is None or (
        isinstance(read, cst.Attribute) and code(read).startswith("torch.Tensor.data")
    ):
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
    if instead is None or seen.assigned is not None:
        return None
    for write in writes:
        statement = write.site.origin
        if isinstance(statement, cst.AugAssign) and statement.target is read:
            method = _AUGMENTED.get(type(statement.operator))
            if method is None:
                return None
            value = cst.Module([]).code_for_node(statement.value)
            return Rewrite(statement, f"{instead}.{method}({value})", applicability, message)
    return Rewrite(read, instead, applicability, message)


def differentiable(write: Write) -> str:
    """An out-of-place spelling of the write, for the help of a message; empty if none is known."""
    read, site = write.read.origin, write.site.origin
    target = receiver(read)
    if target is None:
        return ""
    name = short(target)
    match site:
        case cst.Call(func=cst.Attribute(value=value, attr=method)) if value is read:
            plain = method.value.rstrip("_")
            arguments = ", ".join(code(a).rstrip(", ") for a in site.args)
            if plain == "copy":
                return f"{name} = {arguments}"
            if plain == "zero":
                return f"{name} = torch.zeros_like({name})"
            return f"{name} = {name}.{plain}({arguments})"
        case cst.AugAssign() if site.target is read:
            operator = code(site.operator).removesuffix("=")
            return f"{name} = {name} {operator} {code(site.value)}"
    return ""
