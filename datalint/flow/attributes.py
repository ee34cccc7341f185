"""Attributes: what is reached by a name, and `.data` first of all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from datalint.flow import autograd, ir, sources
from datalint.flow.events import Evidence, Kind, Write
from datalint.flow.items import Items
from datalint.flow.known import Tensor
from datalint.flow.operators import Arguments
from datalint.flow.run import DIFFERENTIABLE_GRADS, PARAMETERS
from datalint.flow.values import (
    GRAD,
    NOTHING,
    PLAIN,
    Bound,
    ClassRef,
    Closure,
    Container,
    External,
    Instance,
    Key,
    Literal,
    Member,
    Method,
    Opaque,
    Plain,
    Super,
    TensorRef,
    Thing,
    Tri,
    Value,
    constant,
    just,
    tri,
)
from datalint.ops import facts
from datalint.ops.facts import Sharing

if TYPE_CHECKING:
    from datalint.flow.events import Seen

#: Names that hardly anything but tensors has: 144 of 146 labelled sites of real code.
_TENSOR_NAME = re.compile(
    r"weight|bias|grad|param|loss|output|hidden|logit|state|mask|input|embed|prob|target|score"
    r"|tensor|running_(mean|var)|^[pw]$",
    re.IGNORECASE,
)
BUFFERS = {"running_mean", "running_var", "num_batches_tracked"}
#: Fields of torch's named tuples, by position.
FIELDS = {"values": 0, "indices": 1, "solution": 0, "eigenvalues": 0, "eigenvectors": 1,
           "Q": 0, "R": 1, "U": 0, "S": 1, "Vh": 2, "sign": 0, "logabsdet": 1}  # fmt: skip


class Attributes(Items):
    """Loads and stores by name."""

    def attribute(self, node: ir.Node, thing: Thing, name: str) -> Value:
        """What `thing.name` may be."""
        match thing:
            case TensorRef() | Opaque():
                return self.tensor_attribute(node, thing, name)
            case Instance():
                return self.instance_attribute(node, thing, name)
            case External():
                return self.opened(just(self.named(f"{thing.name}.{name}")))
            case Member():
                return self.opened(just(Member(thing.path, (*thing.names, name))))
            case Container():
                if name in FIELDS and thing.kind == "tuple":
                    return self.item(node, thing, just(Literal(FIELDS[name])))
                return just(Bound(thing, name))
            case ClassRef():
                return self.class_attribute(thing, name) or just(Opaque(self.key(node)))
            case Super():
                found = self.inherited(thing, name)
                return found or just(Bound(thing, name))
            case Literal() | Plain():
                return PLAIN
        return just(Opaque(self.key(node)))

    def tensor_attribute(self, node: ir.Node, thing: TensorRef | Opaque, name: str) -> Value:
        key, tensor = thing.key, self.state.tensor(thing.key)
        if name == "data":
            return self.data(node, key, tensor)
        if (stored := self.state.attributes.get((key, name))) is not None:
            return stored
        if name == "requires_grad" and tensor.tracked != Tri.MAYBE:
            return just(Literal(tensor.tracked == Tri.YES))
        if name == "grad":
            return self.gradient(key, tensor)
        operator = facts.attribute(name)
        if operator and operator.sharing is not Sharing.NOT_A_TENSOR:
            return self.apply(operator, node, Arguments([just(thing)]))
        if operator:
            return PLAIN
        if isinstance(thing, TensorRef):
            return just(Bound(thing, name))
        return self.below(thing, name)

    def gradient(self, key: Key, tensor: Tensor) -> Value:
        """`x.grad`: memory of its own, in a graph only if a backward was asked for one."""
        storages = frozenset(s.at(GRAD) for s in tensor.storages)
        made = self.direct(self.state.variables.get((0, DIFFERENTIABLE_GRADS), NOTHING)).values()
        nodes = frozenset().union(*(t.nodes for t in made))
        tracked = Tri.YES if nodes else Tri.NO
        return self.new_tensor(key.at(GRAD), Tensor(storages, tracked, nodes, tensor.via))

    def data(self, node: ir.Node, key: Key, tensor: Tensor) -> Value:
        """`x.data`: the same memory, no graph, and a version counter of its own."""
        seen = self.events.of(node)
        seen.read = True
        seen.consumed = getattr(node, "consumed", False)
        base = getattr(node, "base", None)
        seen.temporary = all(base is not None and s.site == base.serial for s in tensor.storages)
        self.judge_tensor(seen, node, tensor)
        via = self.reads(tensor) or frozenset({node})
        alias = Tensor(tensor.storages, Tri.NO, frozenset(), via, tensor.known, tensor.blind)
        return self.new_tensor(self.key(node), alias)

    def judge_tensor(self, seen: Seen, node: ir.Node, tensor: Tensor) -> None:
        """How sure it is that this `.data` is a tensor's: by where it comes from, or by name."""
        if tensor.known:
            seen.evidence = Evidence.SURE
        elif seen.evidence is Evidence.NONE and _TENSOR_NAME.search(_spelled(node)):
            seen.evidence = Evidence.LIKELY

    def instance_attribute(self, node: ir.Node, thing: Instance, name: str) -> Value:
        if (stored := self.state.attributes.get((thing.key, name))) is not None:
            return stored
        if isinstance(thing.of, ClassRef):
            found = self.class_attribute(thing.of, name)
            if found:
                return NOTHING.union(*(self.bound(node, thing, f) for f in found))
            if self.program.is_tensor(thing.of):
                return self.tensor_attribute(node, TensorRef(thing.key), name)
            return just(Opaque(thing.key.at(name)))
        if thing.of.endswith(".PackedSequence") and name == "data":
            return self.tensor_of(thing.key.at(name), Tri.MAYBE)
        operator = facts.module(thing.of)
        if operator and facts.own(name) in operator.state:
            tracked = Tri.NO if name in BUFFERS else self.trainable(thing.key)
            return self.tensor_of(thing.key.at(name), tracked)
        if operator and not name.startswith(("weight", "bias", "_")):
            return PLAIN  # `kernel_size` and other settings
        return just(Opaque(thing.key.at(name)))

    def tensor_of(self, key: Key, tracked: Tri) -> Value:
        if key not in self.state.tensors:
            self.state.set_tensor(key, Tensor(frozenset({key}), tracked))
        return just(TensorRef(key))

    def trainable(self, module: Key) -> Tri:
        """Whether a module's parameters require grad, as they do unless they were frozen."""
        for length in range(len(module.path), -1, -1):
            region = module._replace(path=(*module.path[:length], PARAMETERS))
            if region in self.state.tensors:
                return self.state.tensors[region].tracked
        return Tri.YES

    def bound(self, node: ir.Node, thing: Thing, found: Thing) -> Value:
        """A class's attribute seen through an instance."""
        if not isinstance(found, Closure):
            return just(found)
        names = {getattr(d, "id", getattr(d, "name", "")) for d in found.node.decorators}
        if "staticmethod" in names:
            return just(found)
        if names & {"property", "cached_property"}:
            return self.invoke(found, node, Arguments([just(thing)]))
        return just(Method(thing, found))

    def class_attribute(self, cls: ClassRef, name: str) -> Value:
        """Looked up in the class and its bases, as far as they are in sight."""
        for ancestor in self.program.ancestors(cls):
            frame = self.program.class_frames.get(ancestor.node)
            found = frame is not None and self.state.variables.get((frame, name))
            if found:
                return found
        return NOTHING

    def inherited(self, thing: Super, name: str) -> Value:
        for ancestor in self.program.ancestors(thing.cls)[1:]:
            frame = self.program.class_frames.get(ancestor.node)
            found = frame is not None and self.state.variables.get((frame, name))
            if found:
                bound = (Method(thing.receiver, f) for f in found if isinstance(f, Closure))
                return frozenset(bound)
        return NOTHING

    def set_attribute(self, site: ir.Node, node: ir.Attribute, base: Value, value: Value) -> None:
        if node.name == "data":
            self.set_data(site, node, frozenset(map(self.as_tensor, base)), value)
        for thing in base:
            if isinstance(thing, TensorRef | Opaque) and node.name == "requires_grad":
                self.require_grad(thing.key, constant(value))
            elif (
                isinstance(thing, Opaque | Instance | TensorRef) and node.name != "data"
            ) or isinstance(thing, Instance):
                self.store(thing.key, node.name, value, strong=len(base) == 1)
            elif isinstance(thing, ClassRef) and thing.node in self.program.class_frames:
                frame = self.program.class_frames[thing.node]
                self.state.variables[frame, node.name] = value

    def as_tensor(self, thing: Thing) -> Thing:
        """An instance of a tensor class in sight as the tensor that it is."""
        if isinstance(thing, Instance) and isinstance(thing.of, ClassRef):
            return TensorRef(thing.key) if self.program.is_tensor(thing.of) else thing
        return thing

    def require_grad(self, key: Key, wanted: object) -> None:
        """`x.requires_grad = True`, and the same of every parameter of a region."""
        tracked = tri(wanted)
        tensor = self.state.tensor(key)
        # People ask this of leaves: what was merely assumed of its history was wrong.
        nodes = tensor.nodes if tensor.tracked == Tri.YES else frozenset()
        self.state.set_tensor(key, tensor._replace(tracked=tracked, nodes=nodes))
        if key.path and key.path[-1] == PARAMETERS:
            region = key._replace(path=key.path[:-1])
            for other, tensor in list(self.state.tensors.items()):
                if other[:3] == key[:3] and other.path[: len(region.path)] == region.path:
                    self.state.set_tensor(other, tensor._replace(tracked=tracked))

    def set_data(self, site: ir.Node, node: ir.Attribute, base: Value, value: Value) -> None:
        """`x.data = v`: x moves to the memory of v; its version stays."""
        given = self.direct(value)
        storages = frozenset().union(*(t.storages for t in given.values()))
        for key, tensor in self.direct(base).items():
            seen = self.events.of(node)
            self.judge_tensor(seen, node, tensor)
            if storages and storages <= tensor.storages:
                continue  # `x.data += v` has written by now, and sets what was there
            if seen.evidence is Evidence.NONE and any(map(self.is_evident, given.values())):
                seen.evidence = Evidence.LIKELY
            seen.assigned = site
            write = Write(node, site, "data =", Kind.COMPUTED, setter=True)
            of = sources.sources(self.state, given.values())
            by = _last_call(site) or write.operator
            varies = sources.varies(tensor, by, of, self.program.parameters)
            place = self.place(site, self.argument_of(tensor), varies=varies)
            seen.writes.setdefault(write, place)
            autograd.swap(self.state, write, key, tensor.storages)
            moved = storages or frozenset({self.key(site)})
            sources.mixed(self.state, moved, moved)
            stays = tensor.storages if len(base) > 1 else frozenset()
            self.state.set_tensor(key, tensor._replace(storages=moved | stays))
            self.share(node, given)

    def is_evident(self, tensor: Tensor) -> bool:
        """Whether something says that this is a tensor, or that it came out of one."""
        return tensor.known or any(self.events.of(read).evidence for read in self.reads(tensor))

    def share(self, node: ir.Attribute, given: dict[Key, Tensor]) -> None:
        """What was assigned is written on under a version counter of its own from now on."""
        for key, tensor in given.items():
            if not self.reads(tensor):
                self.state.set_tensor(key, tensor._replace(via=frozenset({node})))


def _spelled(node: ir.Node) -> str:
    """What the thing with the `.data` is called: `x`, `self.x`, `parts["x"][0]`."""
    base = getattr(node, "base", None)
    while isinstance(base, ir.Subscript):
        if isinstance(base.index, ir.Constant) and isinstance(base.index.value, str):
            return base.index.value
        base = base.base
    return str(getattr(base, "id", "") or getattr(base, "name", ""))


def _last_call(site: ir.Node) -> str:
    """`clamp` for `w.data = w.data.clamp(-1, 1)`: the method that made what is assigned."""
    name = ir.method_of(site.value) if isinstance(site, ir.Assign) else ""
    return name if sources.repeatable(name, Kind.COMPUTED) else ""
