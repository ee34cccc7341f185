"""Other ways to reach a memory: names, unpacking, containers, attributes, views, `.data`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.random_programs.scope import GRADED, Kind, Ref, Scope, Shape

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class View:
    """`text` of `{x}`; `shape` gives None where it does not apply."""

    text: str
    shape: Callable[[Shape], Shape | None]


def _first(shape: Shape) -> Shape | None:
    return shape[1:] if shape else None


def _second(shape: Shape) -> Shape | None:
    return shape[1:] if shape and shape[0] > 1 else None


def _two(shape: Shape) -> Shape | None:
    return (2, *shape[1:]) if shape and shape[0] > 1 else None


def _one_of_three(shape: Shape) -> Shape | None:
    return (1, *shape[1:]) if shape and shape[0] == 3 else None


def _column(shape: Shape) -> Shape | None:
    return shape[:-1] if shape else None


def _turned(shape: Shape) -> Shape | None:
    return shape[::-1] if len(shape) == 2 else None


def _flat(shape: Shape) -> Shape:
    return (shape[0] * shape[1],) if len(shape) == 2 else shape or (1,)


def _higher(shape: Shape) -> Shape | None:
    return (1, *shape) if len(shape) < 2 else None


def _same(shape: Shape) -> Shape:
    return shape


def _square_diagonal(shape: Shape) -> Shape | None:
    return (3,) if shape == (3, 3) else None


VIEWS: tuple[View, ...] = (
    *(View(text, _first) for text in ("{x}[0]", "{x}.select(0, 0)", "{x}.unbind()[0]")),
    *(View(text, _second) for text in ("{x}[1]", "{x}[-1]")),
    *(View(text, _two) for text in ("{x}[0:2]", "{x}.narrow(0, 0, 2)", "{x}.chunk(2)[0]")),
    *(View(text, _one_of_three) for text in ("{x}.chunk(3)[1]", "{x}.split(1)[2]", "{x}[1:2]")),
    *(View(text, _column) for text in ("{x}[..., 0]", "{x}.select(-1, 0)")),
    *(View(text, _turned) for text in ("{x}.t()", "{x}.T", "{x}.transpose(0, 1)")),
    *(View(text, _turned) for text in ("{x}.permute(1, 0)", "torch.swapaxes({x}, 0, 1)")),
    *(View(text, _flat) for text in ("{x}.reshape(-1)", "{x}.flatten()", "torch.ravel({x})")),
    *(View(text, _higher) for text in ("{x}.unsqueeze(0)", "{x}[None]")),
    *(View(text, _same) for text in ("{x}[...]", "{x}.view_as({x})", "{x}.contiguous()")),
    *(View(text, _same) for text in ("{x}.float()", "{x}.to(torch.float32)", "{x}.expand_as({x})")),
    View("{x}.diagonal()", _square_diagonal),
)
#: Reads of `.data` and of what shares its memory.
READS = {
    "{x}.data": 60,
    "getattr({x}, 'data')": 6,
    "{x}.detach().data": 6,
    "{x}.data.detach()": 4,
    "torch.Tensor.data.__get__({x})": 2,
}


def viewed(scope: Scope, text: str, shape: Shape) -> tuple[str, Shape]:
    """A view of `text`, and its shape."""
    view = scope.draw.choice([view for view in VIEWS if view.shape(shape) is not None])
    result = view.shape(shape)
    assert result is not None
    return view.text.format(x=text), result


def read(scope: Scope, ref: Ref) -> tuple[str, Shape]:
    """`.data` of `ref`, of a view of it, or a view of its `.data`."""
    book, how = scope.book, scope.draw.weighted(READS)
    route = scope.draw.weighted({"whole": 65, "view then data": 15, "data then view": 20})
    text, shape = ref.text, ref.shape
    if route == "view then data":
        text, shape = viewed(scope, text, shape)
    text = how.format(x=text)
    if route == "data then view":
        text, shape = viewed(scope, text, shape)
    book.features[route] += 1
    book.features[how] += 1
    return text, shape


def alias_data(scope: Scope, ref: Ref) -> Ref:
    """`c = ref.data`, or by another route."""
    text, shape = read(scope, ref)
    alias = scope.bind(text, shape, Kind.DATA, "c")
    if scope.draw.chance(25):
        return another_name(scope, alias) or alias
    return alias


def view(scope: Scope) -> None:
    """`v = ref[0]`, and so on."""
    ref = scope.find(Kind.TRACKED, Kind.TRACKED, Kind.LEAF, Kind.PLAIN, Kind.DATA)
    if ref is not None:
        text, shape = viewed(scope, ref.text, ref.shape)
        kind = ref.kind if ref.kind in (Kind.DATA, Kind.PLAIN) else scope.result(ref)
        scope.bind(text, shape, kind, "v")
        scope.book.features["view"] += 1


def several_views(scope: Scope) -> None:
    """`a, b = x.split(...)` and its kin."""
    ref = scope.find(*GRADED, Kind.DATA, shape=(3, 3)) or scope.find(*GRADED, shape=(3,))
    if ref is None:
        return
    row, kind = ref.shape[1:], ref.kind if ref.kind is Kind.DATA else scope.result(ref)
    a, b, c = (scope.book.fresh("p") for _ in range(3))
    text, parts = scope.draw.choice(
        [
            (f"{a}, {b}, {c} = {ref.text}.unbind()", ((a, row), (b, row), (c, row))),
            (f"{a}, {b}, {c} = {ref.text}", ((a, row), (b, row), (c, row))),
            (f"{a}, *{b} = {ref.text}.unbind()", ((a, row), (f"{b}[0]", row), (f"{b}[1]", row))),
            (f"{a}, {b} = {ref.text}.chunk(2)", ((a, (2, *row)), (b, (1, *row)))),
            (f"{a}, {b} = torch.split({ref.text}, [1, 2])", ((a, (1, *row)), (b, (2, *row)))),
        ]
    )
    scope.say(text, "several views")
    scope.refs += [Ref(name, shape, kind) for name, shape in parts]


def another_name(scope: Scope, ref: Ref | None = None) -> Ref | None:
    """The same tensor by another name, in a container, or on an object."""
    ref = ref or scope.find(Kind.TRACKED, Kind.TRACKED, Kind.DATA, Kind.LEAF)
    other = scope.find(Kind.TRACKED, Kind.PLAIN) or ref
    if ref is None or other is None:
        return None
    name, rest = scope.book.fresh("a"), scope.book.fresh("rest")
    box, cell = scope.book.fresh("box"), scope.book.fresh("cell")
    routes: dict[str, tuple[list[str], str]] = {
        "name": ([f"{name} = {ref.text}"], name),
        "walrus": ([f"({name} := {ref.text})"], name),
        "tuple unpacking": ([f"{name}, {rest} = {ref.text}, {other.text}"], name),
        "star unpacking": ([f"{rest}, *{name} = {other.text}, {ref.text}"], f"{name}[0]"),
        "nested unpacking": ([f"{rest}, ({name}, _) = 0, ({ref.text}, 1)"], name),
        "comprehension": ([f"{box} = [t for t in ({ref.text},)]"], f"{box}[0]"),
        "setattr": (
            [f"{cell} = Cell(None)", f"setattr({cell}, 'slot', {ref.text})"],
            f"{cell}.slot",
        ),
        "list": ([f"{box} = [{other.text}, {ref.text}]"], f"{box}[1]"),
        "append": ([f"{box} = []", f"{box}.append({ref.text})"], f"{box}[0]"),
        "dict": ([f"{box} = {{'a': {ref.text}, 'b': {other.text}}}"], f"{box}['a']"),
        "dict item": ([f"{box} = {{}}", f"{box}['a'] = {ref.text}"], f"{box}['a']"),
        "attribute": ([f"{cell} = Cell({ref.text})"], f"{cell}.slot"),
        "attribute set": ([f"{cell} = Cell(None)", f"{cell}.slot = {ref.text}"], f"{cell}.slot"),
        "conditional": ([f"{name} = {ref.text} if len('ab') == 2 else {other.text}"], name),
        "list out": ([f"{box} = [{ref.text}]", f"{name} = {box}.pop()"], name),
        "loop": ([f"for {name} in ({other.text}, {ref.text}): pass"], name),
    }
    route = scope.draw.choice(tuple(routes))
    lines, text = routes[route]
    for line in lines:
        scope.say(line)
    scope.book.features[f"alias by {route}"] += 1
    alias = Ref(text, ref.shape, ref.kind)
    scope.refs.append(alias)
    return alias
