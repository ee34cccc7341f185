"""Calls of what is not in sight: what is assumed of them."""

from __future__ import annotations

from datalint.flow import autograd, ir, sources
from datalint.flow.events import Kind
from datalint.flow.known import GraphNode, Save, Tensor
from datalint.flow.library import Library
from datalint.flow.operators import Arguments
from datalint.flow.order import ordered
from datalint.flow.values import (
    ANY,
    NOTHING,
    Closure,
    Key,
    Method,
    Opaque,
    Tri,
    Value,
    just,
)
from datalint.ops.stated import RECEIVER


class Unseen(Library):
    """An unseen function may keep and return what it is given; it writes what users state."""

    def unknown(
        self,
        node: ir.Node,
        name: str,
        arguments: Arguments,
        receiver: Value = NOTHING,
        region: Key | None = None,
        dotted: str = "",
    ) -> Value:
        """A call of something unseen: it may keep and return what it was given.

        `region` is the thing called, whose parameters it uses if it is a module. `dotted` is the
        name under which it was imported, where the user states anything of that.
        """
        tensors = self.tensors(arguments.all | receiver)
        nodes = frozenset().union(*(t.nodes for t in tensors.values()))
        self.need(tensors.values(), autograd.Consumer(node))
        self.call_back(node, arguments)
        tracked = self.recorded(tensors)
        if not arguments.all:
            region = None  # modules are called on something; this makes one
        if region and self.state.grad:
            tracked = max(tracked, Tri.MAYBE)
        names = dotted, name.rpartition(".")[2]
        key = self.key(node)
        if tracked:
            self.state.add_node(key, self.assumed_node(node, name, tensors, nodes, region))
        made = Tensor(
            frozenset({key}),
            min(tracked, Tri.MAYBE),
            frozenset({key}) if tracked else frozenset(),
            known=self.program.project.stated.is_tensor(*names),
        )
        self.state.set_tensor(key, made)
        made_of = sources.sources(self.state, tensors.values())
        sources.made(self.state, key, made_of)
        self.take_in(receiver, region, arguments)
        for place in self.program.project.stated.written(*names):
            target = receiver if place == RECEIVER else arguments.at(place)
            self.write_into(node, name, target, made_of)
        return just(Opaque(key))

    def write_into(self, node: ir.Node, name: str, target: Value, of: frozenset[Key]) -> None:
        """What the user states to be written is made of tensors."""
        tensors = {k: t._replace(known=True) for k, t in self.tensors(target).items()}
        self.write(node, name, Kind.COMPUTED, tensors, of)

    def take_in(self, receiver: Value, region: Key | None, arguments: Arguments) -> None:
        """What is called on something may keep it: an observer that is asked for ranges later."""
        given = sources.sources(self.state, self.tensors(arguments.all).values())
        called = frozenset().union(*(t.storages for t in self.direct(receiver).values()))
        if given:
            sources.mixed(self.state, called | ({region} if region else frozenset()), given)

    def assumed_node(
        self,
        node: ir.Node,
        name: str,
        tensors: dict[Key, Tensor],
        parents: frozenset[Key],
        region: Key | None,
    ) -> GraphNode:
        told = f"`{name}` saves it for backward"
        kept = {k: t for k, t in tensors.items() if self.recorded({k: t})}
        saves = {Save(storages_of(kept), "argument", frozenset(kept), told)} if kept else set()
        if region:
            below = frozenset({region.at(ANY)})
            saves.add(Save(below, "parameters", below))
        assumed = "" if region else f"the result of `{name}` is tracked"
        edits = autograd.edits_of(self.state, tensors.values())
        unseen = frozenset((w, a or f"`{name}` is differentiable") for w, a in edits)
        edits = edits if region else unseen
        return GraphNode(name, node, Tri.MAYBE, parents, frozenset(saves), edits, assumed)

    def call_back(self, node: ir.Node, arguments: Arguments) -> None:
        """Functions passed to an unseen one may be called by it, on anything."""
        for thing in ordered(arguments.all):
            if isinstance(thing, Closure | Method):
                before = self.state.fork()
                function = thing if isinstance(thing, Closure) else thing.function
                count = len(function.node.parameters) - isinstance(thing, Method)
                anything = just(Opaque(self.key(node, "callback", ANY)))
                self.call_thing(node, thing, Arguments([anything] * count))
                self.state = self.state.join(before)


def storages_of(tensors: dict[Key, Tensor]) -> frozenset[Key]:
    return frozenset().union(*(t.storages for t in tensors.values()))
