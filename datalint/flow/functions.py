"""Functions in sight are interpreted again at each call, on the arguments of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.known import Contents
from datalint.flow.run import YIELDED, Frame
from datalint.flow.state import join_all
from datalint.flow.unseen import Unseen
from datalint.flow.values import (
    NOTHING,
    PLAIN,
    ClassRef,
    Closure,
    External,
    Literal,
    Tri,
    Value,
    just,
)

if TYPE_CHECKING:
    from datalint.flow.operators import Arguments

#: How deep calls are followed, and how often one function may be on the way.
DEPTH, RECURSION = 8, 3
#: An expression in another file counts so many times: findings are seldom decided there.
FOREIGN = 4


def _is_abstract(function: ir.Function) -> bool:
    """Whether subclasses are to say what it does: `raise NotImplementedError`, or nothing."""
    body = [s for s in function.body if not _is_docstring(s)]
    return not body or (isinstance(body[0], ir.Jump) and body[0].kind == "raise")


def _is_docstring(statement: ir.Statement) -> bool:
    return isinstance(statement, ir.Evaluate) and isinstance(statement.value, ir.Constant)


class Functions(Unseen):
    """Frames, parameters and the ways out of a body."""

    def invoke(self, closure: Closure, site: ir.Node, arguments: Arguments) -> Value:
        """Interpret the body on these arguments, in a frame of its own."""
        function = closure.node
        running = sum(f.function is function for f in self.stack)
        if len(self.stack) > DEPTH or running >= RECURSION or self.budget <= 0:
            return self.unknown(site, function.name, arguments)
        self.events.entered[function] += 1
        context = self.intern("call", self.frame.context, site.serial)
        frame = Frame(self.intern("frame", function.serial, context), context, function)
        frame.cost = 1 if function.code is self.program.module.code else FOREIGN
        self.parents[frame.id] = closure.frame
        grad = self.state.grad
        self.stack.append(frame)
        frame.at_yield, self.at_yield = self.at_yield, None
        self.bind(closure, site, arguments)
        if self.untracked(function):
            self.state.grad = Tri.NO
        self.block(function.body)
        value = self.leave(frame, site, grad)
        if _is_abstract(function):
            return self.unknown(site, function.name, arguments)
        return value

    def leave(self, frame: Frame, site: ir.Node, grad: Tri) -> Value:
        """Join the ways out; code after a call that never returns is read all the same."""
        self.stack.pop()
        ends = frame.returned + ([(self.state, just(Literal(None)))] if self.alive else [])
        self.alive = True
        value = NOTHING
        if ends:
            self.state = join_all([s for s, _ in ends])
            value = NOTHING.union(*(v for _, v in ends))
        self.state.grad = grad
        every = self.state.variables.get((frame.id, YIELDED), NOTHING)
        self.forget(frame)
        if frame.function and frame.function.generator:
            return self.container(site, "list", Contents(rest=every, exact=False))
        return value

    def forget(self, frame: Frame) -> None:
        """Drop the variables of a call that is over, unless a function made in it may read them."""
        function = frame.function
        if function and not function.encloses:
            variables = self.state.variables
            for name in (*function.locals, YIELDED):
                variables.discard((frame.id, name))

    def bind(self, closure: Closure, site: ir.Node, arguments: Arguments) -> None:
        """Give the parameters their values, in the new frame."""
        positional, keywords = list(arguments.positional), dict(arguments.keywords)
        for parameter in closure.node.parameters:
            place = self.frame.id, parameter.name
            if parameter.star == "*":
                known = tuple(enumerate(positional))
                contents = Contents(known, arguments.rest, not arguments.rest)
                self.state.variables[place] = self.container(site, "tuple", contents, "*")
                positional = []
            elif parameter.star == "**":
                known_pairs: tuple[tuple[object, Value], ...] = tuple(keywords.items())
                contents = Contents(known_pairs, arguments.rest, not arguments.rest)
                self.state.variables[place] = self.container(site, "dict", contents, "**")
            elif parameter.name in keywords:
                self.state.variables[place] = keywords.pop(parameter.name)
            elif positional:
                self.state.variables[place] = positional.pop(0)
            else:
                default = parameter.default and self.default(closure, parameter.default)
                self.state.variables[place] = arguments.rest | (default or NOTHING) or PLAIN

    def default(self, closure: Closure, node: ir.Expr) -> Value:
        """A default is one value for all calls: it is made where the function is."""
        here = self.frame.id, self.frame.context
        self.frame.id, self.frame.context = closure.frame, 0
        value = self.value(node)
        self.frame.id, self.frame.context = here
        return value

    def untracked(self, function: ir.Function) -> bool:
        """Whether a decorator switches tracking off, or what is made in it is for no backward.

        A module's `__init__` makes its parts and runs none; an optimizer steps after backward.
        """
        cls = self.program.owner.get(function)
        if cls is not None:
            ref = ClassRef(cls, 0)
            bases = self.program.external_bases(ref)
            if any(b.rpartition(".")[2] == "Optimizer" for b in bases):
                return True
            if function.name == "__init__" and self.program.is_module(ref):
                return True
        return any(
            isinstance(thing, External)
            and thing.name.removesuffix("()") in ("torch.no_grad", "torch.inference_mode",
                                                  "torch.autograd.no_grad")
            for decorator in function.decorators
            for thing in self.value(decorator)
        )  # fmt: skip
