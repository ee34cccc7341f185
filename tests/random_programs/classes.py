"""Classes programs are split into: objects that keep a tensor, modules, custom functions."""

from __future__ import annotations

from tests.random_programs.model import Block, Line
from tests.random_programs.operators import operation
from tests.random_programs.scope import Kind, Ref, Scope
from tests.random_programs.writes import target, write


def method(scope: Scope) -> None:
    """A class that keeps a tensor, and a method that writes to it or saves it."""
    ref = scope.find(Kind.TRACKED) or scope.find(Kind.LEAF)
    if ref is None:
        return
    name, unit = scope.book.fresh("Unit"), scope.book.fresh("unit")
    kept = Ref("self.kept", ref.shape, ref.kind)
    edits = scope.function(kept)
    write(edits, kept)
    acts = scope.function(kept)
    operation(acts)
    out = acts.refs[-1]
    acts.say(f"return {out.text}")
    body = (
        Block("def __init__(self, kept):", (Line("self.kept = kept"),)),
        Block("def edit(self):", tuple(edits.statements)),
        Block("def act(self):", tuple(acts.statements)),
    )
    scope.book.helpers.append(Block(f"class {name}:", body))
    scope.say(f"{unit} = {name}({ref.text})", "method")
    for call in scope.draw.choice([("act", "edit"), ("edit", "act"), ("act", "edit", "act")]):
        if call == "act":
            kind = Kind.TRACKED if scope.grad else Kind.PLAIN
            scope.bind(f"{unit}.act()", out.shape, kind, "y")
        else:
            scope.say(f"{unit}.edit()")


def module_class(scope: Scope) -> None:
    """An `nn.Module` whose `forward` may write to what it computed, or to its weight."""
    x = scope.operand()
    name, net = scope.book.fresh("Net"), scope.book.fresh("net")
    weight = Ref("self.weight", x.shape, Kind.LEAF)
    forward = scope.function(weight, Ref("x", x.shape, x.kind))
    for _ in range(scope.draw.integer(1, 3)):
        operation(forward)
    if scope.draw.chance(50):
        write(forward, weight if scope.draw.chance(30) else target(forward) or weight)
        scope.book.features["module that writes in forward"] += 1
        operation(forward)
    out = scope.draw.choice(forward.refs[2:])
    forward.say(f"return {out.text}")
    init = (
        Line("super().__init__()"),
        Line(f"self.weight = nn.Parameter(torch.randn({x.shape}))"),
    )
    body = (
        Block("def __init__(self):", init),
        Block("def forward(self, x):", tuple(forward.statements)),
    )
    scope.book.helpers.append(Block(f"class {name}(nn.Module):", body))
    scope.say(f"{net} = {name}()", "module class")
    scope.book.leaves.append(f"{net}.weight")
    scope.refs.append(Ref(f"{net}.weight", x.shape, Kind.LEAF))
    for _ in range(scope.draw.integer(1, 2)):
        kind = out.kind if out.kind is not Kind.LEAF else Kind.TRACKED
        scope.bind(f"{net}({x.text})", out.shape, kind, "y")


def custom_function(scope: Scope) -> None:
    """An `autograd.Function` that saves its input or its result."""
    x = scope.operand()
    name = scope.book.fresh("Function")
    forward, slope = scope.draw.choice(
        [
            (["ctx.save_for_backward(t)", "return t * t"], "2 * saved"),
            (["out = t.exp()", "ctx.save_for_backward(out)", "return out"], "saved"),
            (["ctx.save_for_backward(t)", "return t.sin()"], "saved.cos()"),
        ]
    )
    body = (
        Line("@staticmethod"),
        Block("def forward(ctx, t):", tuple(Line(text) for text in forward)),
        Line("@staticmethod"),
        Block(
            "def backward(ctx, grad):",
            (Line("(saved,) = ctx.saved_tensors"), Line(f"return grad * {slope}")),
        ),
    )
    scope.book.helpers.append(Block(f"class {name}(torch.autograd.Function):", body))
    scope.bind(f"{name}.apply({x.text})", x.shape, scope.result(x), "y")
    scope.book.features["custom function"] += 1
