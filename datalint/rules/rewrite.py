"""What may be written instead of a `.data` expression, and how it reads in a message."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Applicability
from datalint.flow.events import Evidence
from datalint.ops import facts

if TYPE_CHECKING:
    from datalint.flow import ir
    from datalint.flow.events import Place, Seen, Write
    from datalint.source.code import Code

_OPERATORS: dict[type[ast.operator], tuple[str, str | None]] = {
    ast.Add: ("+", "add_"),
    ast.Sub: ("-", "sub_"),
    ast.Mult: ("*", "mul_"),
    ast.Div: ("/", "div_"),
    ast.FloorDiv: ("//", "floor_divide_"),
    ast.Mod: ("%", "remainder_"),
    ast.Pow: ("**", "pow_"),
    ast.MatMult: ("@", None),
    ast.BitAnd: ("&", "bitwise_and_"),
    ast.BitOr: ("|", "bitwise_or_"),
    ast.BitXor: ("^", "bitwise_xor_"),
    ast.LShift: ("<<", "bitwise_left_shift_"),
    ast.RShift: (">>", "bitwise_right_shift_"),
}
_SYMBOLS = {node: symbol for node, (symbol, _) in _OPERATORS.items()}
#: The method of each operator that works in place, by how the operator is written.
AUGMENTED = {f"{symbol}=": method for symbol, method in _OPERATORS.values() if method}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a rule lets be changed about the `.data` that it reports."""

    applicability: Applicability
    message: str
    #: No harm was shown: another form than `.detach()` may be nicer.
    harmless: bool = False
    #: What is written is in no graph.
    leaf: bool = False


def short(code: Code, node: ast.AST, limit: int = 40) -> str:
    """The node as the user wrote it, for a message: long expressions lose their middle."""
    text = code.source(node)
    return text if len(text) <= limit else f"{text[: limit // 2]}...{text[-limit // 3 :]}"


def receiver(read: ast.AST) -> ast.expr | None:
    """The `x` of `x.data`, `getattr(x, "data")` or `torch.Tensor.data.__get__(x)`."""
    match read:
        case ast.Call(args=[first, *_]) | ast.Attribute(value=first):
            return first
    return None


def detached(read: ir.Node) -> str | None:
    """`x.detach()` for `x.data`."""
    inner = receiver(read.origin)
    if inner is None:
        return None
    text = read.code.at(read.code.span(inner))
    simple = isinstance(inner, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
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
    target = receiver(write.read.origin)
    if not isinstance(target, ast.Name) or target.id not in place.locals:
        return ""
    if not place.in_graph or place.no_grad or write.blind:
        return ""
    text = _out_of_place(target.id, write, place)
    left = text.partition(" = ")[2]
    return "" if ".data" in left or "detach(" in left else text


def _out_of_place(name: str, write: Write, place: Place) -> str:
    read, code = write.read.origin, write.site.code
    match write.site.origin:
        case ast.Call(func=ast.Attribute(value=value, attr=method), args=args, keywords=keywords):
            if value is not read or not place.statement:
                return ""
            given = [_undo(name, code.source(a)) for a in (*args, *keywords)]
            return _method(name, method, ", ".join(given))
        case ast.AugAssign(target=target, value=value, op=op) if target is read:
            return f"{name} = {name} {_SYMBOLS[type(op)]} {_undo(name, code.source(value))}"
    return ""


def _method(name: str, method: str, arguments: str) -> str:
    plain = method.removesuffix("_")
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
