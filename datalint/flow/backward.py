"""Backward passes, and the one node that an autograd Function is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from datalint.flow import autograd, ir
from datalint.flow.functions import Functions
from datalint.flow.known import GraphNode, Save, Tensor
from datalint.flow.run import DIFFERENTIABLE_GRADS
from datalint.flow.unseen import storages_of
from datalint.flow.values import (
    ClassRef,
    Key,
    Opaque,
    Tri,
    Value,
    constant,
    just,
)

if TYPE_CHECKING:
    from datalint.flow.operators import Arguments

#: Where `save_for_backward` keeps what it is given.
SAVED = ".saved"


class Backward(Functions):
    """What settles a graph, and what makes a node by hand."""

    def backward(self, node: ir.Node, roots: Value, arguments: Arguments) -> Value:
        """Report what this backward needs and was spoiled; free its graph unless it is kept."""
        tensors = self.tensors(roots)
        nodes = frozenset().union(*(t.nodes for t in tensors.values()))
        consumer = autograd.Consumer(node, backward=True)
        self.need(tensors.values(), consumer)
        if self.asked(arguments, "create_graph"):
            return self.gradients(node, nodes)
        if not self.asked(arguments, "retain_graph"):
            autograd.settle(self.state, nodes)
        return self.untracked_result(node)

    def asked(self, arguments: Arguments, flag: str) -> bool:
        """Whether a flag is given as anything but a plain no."""
        given = arguments.keywords.get(flag)
        return given is not None and constant(given) not in (False, None)

    def gradients(self, node: ir.Node, roots: frozenset[Key]) -> Value:
        """With `create_graph` gradients hang from the graph they were made of."""
        key = self.key(node)
        self.state.add_node(key, GraphNode("backward", node, Tri.YES, roots))
        made = Tensor(frozenset({key}), Tri.YES, frozenset({key}))
        result = self.new_tensor(key, made)
        self.state.variables[0, DIFFERENTIABLE_GRADS] = result
        return result

    def apply_function(
        self, node: ir.Node, cls: ClassRef, forward: Value, arguments: Arguments
    ) -> Value:
        """An autograd Function: one node, which keeps what its forward puts on `ctx`."""
        given = self.tensors(arguments.all)
        tracked = self.recorded(given)
        context = Opaque(self.key(node, "ctx"))
        passed = replace(arguments, positional=[just(context), *arguments.positional])
        grad, self.state.grad = self.state.grad, Tri.NO
        result = self.call_all(node, forward, passed)
        self.state.grad = grad
        if not tracked:
            return result
        saves: set[Save] = set()
        for name_on_it, value in self.state.attributes_of(context.key):
            if kept := self.tensors(value):
                guarded = name_on_it == SAVED
                saves.add(Save(storages_of(kept), "input", frozenset(kept), guarded=guarded))
        parents = frozenset().union(*(t.nodes for t in given.values()))
        edits = autograd.edits_of(self.state, given.values())
        key = self.key(node)
        name = f"{cls.node.name}.apply"
        made = GraphNode(name, node, tracked, parents, frozenset(saves), edits)
        self.state.add_node(key, made)
        for place, tensor in self.tensors(result).items():
            grown = tensor._replace(tracked=tracked, nodes=frozenset({key}))
            self.state.set_tensor(place, grown)
        return result
