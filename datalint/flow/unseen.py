"""Calls of what is not in sight: what is assumed of them."""

from __future__ import annotations

from datalint.flow import autograd, ir, sources
from datalint.flow.library import Library
from datalint.flow.operators import Arguments
from datalint.flow.order import ordered
from datalint.flow.state import GraphNode, Save, Tensor
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


class Unseen(Library):
    """An unseen function may keep and return what it is given; it writes nothing."""

    def unknown(
        self,
        node: ir.Node,
        name: str,
        arguments: Arguments,
        receiver: Value = NOTHING,
        region: Key | None = None,
    ) -> Value:
        """A call of something unseen: it may keep and return what it was given; it writes nothing.

        `region` is the thing called, whose parameters it uses if it is a module.
        """
        tensors = self.tensors(arguments.all | receiver)
        nodes = frozenset().union(*(t.nodes for t in tensors.values()))
        autograd.need(self.state, self.events, tensors.values(), autograd.Consumer(node))
        self.call_back(node, arguments)
        tracked = self.recorded(tensors)
        if not arguments.all:
            region = None  # modules are called on something; this makes one
        if region and self.state.grad:
            tracked = max(tracked, Tri.MAYBE)
        key = self.key(node)
        if tracked:
            self.state.add_node(key, self.assumed_node(node, name, tensors, nodes, region))
        made = Tensor(
            frozenset({key}),
            min(tracked, Tri.MAYBE),
            frozenset({key}) if tracked else frozenset(),
            known=False,
        )
        self.state.set_tensor(key, made)
        sources.made(self.state, key, sources.sources(self.state, tensors.values()))
        return just(Opaque(key))

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
