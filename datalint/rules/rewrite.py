"""What may be written instead of a `.data` expression, and how it reads in a message.

libcst is imported where it is used: runs that parse nothing ask for the rules' names, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Applicability
from datalint.flow.events import Evidence
from datalint.ops import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from datalint.flow.events import Place, Seen, Write

#: The method of each operator that works in place, by how the operator is written.
AUGMENTED = {
    "+=": "add_",
    "-=": "sub_",
    "*=": "mul_",
    "/=": "div_",
    "//=": "floor_divide_",
    "%=": "remainder_",
    "**=": "pow_",
    "&=": "bitwise_and_",
    "|=": "bitwise_or_",
    "^=": "bitwise_xor_",
    "<<=": "bitwise_left_shift_",
    ">>=": "bitwise_right_shift_",
}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a rule lets be changed about the `.data` that it reports."""

    applicability: Applicability
    message: str
    #: No harm was shown: another form than `.detach()` may be nicer.
    harmless: bool = False
    #: What is written is in no graph.
    leaf: bool = False


def code(node: cst.CSTNode) -> str:
    """The node as the user wrote it, on one line."""
    import libcst as cst

    text = cst.Module([]).code_for_node(node).strip()
    return " ".join(text.split())


def short(node: cst.CSTNode, limit: int = 40) -> str:
    """The same for a message: long expressions lose their middle."""
    text = code(node)
    return text if len(text) <= limit else f"{text[: limit // 2]}...{text[-limit // 3 :]}"


def receiver(read: cst.CSTNode) -> cst.BaseExpression | None:
    """The `x` of `x.data`, `getattr(x, "data")` or `torch.Tensor.data.__get__(x)`."""
    import libcst as cst

    match read:
        case cst.Call():
            return read.args[0].value if read.args else None
        case cst.Attribute():
            return read.value
    return None


def detached(read: cst.CSTNode) -> str | None:
    """`x.detach()` for `x.data`."""
    import libcst as cst

    inner = receiver(read)
    if inner is None:
        return None
    text = cst.Module([]).code_for_node(inner)
    simple = inner.lpar or isinstance(inner, cst.Name | cst.Attribute | cst.Call | cst.Subscript)
    return f"{text}.detach()" if simple else f"({text}).detach()"


def rewrite(
    seen: Seen,
    writes: list[Write],
    applicability: Applicability = Applicability.UNSAFE,
    message: str = "Use `.detach()`, whose writes the version counter sees",
    harmless: bool = False,
) -> Rewrite | None:
    """Let the read be rewritten; not where it has no other form, or is only guessed a tensor's."""
    guessed = seen.evidence is not Evidence.SURE and not any(d.backward for d in seen.damages)
    if guessed or seen.assigned is not None or any(w.blind for w in writes):
        return None
    if receiver(seen.node.origin) is None:
        return None
    leaf = not any(seen.writes[write].in_graph for write in writes)
    return Rewrite(applicability, message, harmless, leaf)


def differentiable(write: Write, place: Place) -> str:
    """The write as an assignment that autograd sees; empty where that would not be the same.

    Only for a statement that writes a local tensor with a history: rebinding a leaf loses its
    `.grad`, rebinding an attribute, a loop's target or an item of a container loses the edit.
    """
    import libcst as cst

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
    import libcst as cst

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
