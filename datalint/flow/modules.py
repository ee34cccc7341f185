"""`torch.nn` modules and classes in sight: made, called, asked for their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow.attributes import BUFFERS, Attributes
from datalint.flow.known import Contents, Tensor
from datalint.flow.operators import Arguments
from datalint.flow.order import ordered
from datalint.flow.run import PARAMETERS
from datalint.flow.values import (
    ANY,
    NOTHING,
    PLAIN,
    ClassRef,
    Closure,
    Container,
    Instance,
    Key,
    Literal,
    Method,
    Opaque,
    Plain,
    TensorRef,
    Thing,
    Tri,
    Value,
    constant,
    just,
)
from datalint.ops import facts

if TYPE_CHECKING:
    from datalint.flow import ir

HOOKS = ".hooks"
#: So many parts that may be anything, and mostly are no modules, are looked for in a module.
UNKNOWN_PARTS = 8
_CHAINS = {"torch.nn.Sequential"}
_HOLDERS = _CHAINS | {"torch.nn.ModuleList", "torch.nn.ParameterList"}
_NAMED_HOLDERS = {"torch.nn.ModuleDict", "torch.nn.ParameterDict"}
_PARAMETERS = {"parameters", "buffers", "trainable_parameters"}
_NAMED = {"named_parameters", "named_buffers"}
_MODULES = {"modules", "children"}
_NAMED_MODULES = {"named_modules", "named_children"}
_SAME = {"cuda", "cpu", "to", "half", "float", "double", "to_empty",
         "share_memory", "bfloat16", "type", "zero_grad", "__enter__"}  # fmt: skip


#: These give back a `PackedSequence` for one, and its `.data` is no way past anything.
PACKED = {"torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"}


class Modules(Attributes):
    """Instances and the parameters under them."""

    def instantiate(self, node: ir.Node, cls: ClassRef, arguments: Arguments) -> Value:
        instance = Instance(self.key(node), cls)
        for name in "__new__", "__init__":
            for found in self.class_attribute(cls, name) if name == "__init__" else NOTHING:
                if isinstance(found, Closure):
                    given = [just(instance), *arguments.positional]
                    made = Arguments(given, arguments.keywords, arguments.rest)
                    self.invoke(found, node, made)
        if not self.class_attribute(cls, "__init__"):
            self.fields(instance, cls, arguments)
        return just(instance)

    def fields(self, instance: Instance, cls: ClassRef, arguments: Arguments) -> None:
        """A dataclass or named tuple: annotated names in the order of the source."""
        names = self.program.fields(cls)
        for name, value in zip(names, arguments.positional, strict=False):
            self.state.set_attribute(instance.key, name, value)
        for name, value in arguments.keywords.items():
            self.state.set_attribute(instance.key, name, value)

    def torch_instance(self, node: ir.Node, name: str, arguments: Arguments) -> Value:
        """An instance of one of torch's own classes."""
        key = self.key(node)
        for keyword in ("inplace",):
            if keyword in arguments.keywords:
                self.state.set_attribute(key, keyword, arguments.keywords[keyword])
        if name in _HOLDERS:
            self.state.contents[key] = self.held(node, arguments)
        elif name in _NAMED_HOLDERS:
            for thing in arguments.get(0, "modules"):
                if isinstance(thing, Container):
                    self.state.contents[key] = self.contents(thing.key)
        elif name.startswith("torch.optim."):
            groups = self.groups(node, arguments.get(0, "params"))
            self.state.set_attribute(key, "param_groups", groups)
        return just(Instance(key, name))

    def groups(self, node: ir.Node, parameters: Value) -> Value:
        """An optimizer's `param_groups`: dicts with the parameters under "params"."""
        elements = self.elements(node, parameters)
        dicts: Value = frozenset(
            t for t in elements if isinstance(t, Container) and t.kind == "dict"
        )
        if not dicts:
            group = Contents((("params", parameters),), PLAIN, False)
            dicts = self.container(node, "dict", group, ".group")
        return self.container(node, "list", Contents(rest=dicts, exact=False), ".groups")

    def held(self, node: ir.Node, arguments: Arguments) -> Contents:
        values = arguments.positional
        if len(values) == 1 and any(isinstance(t, Container) for t in values[0]):
            (thing, *_) = values[0]
            if isinstance(thing, Container) and thing.kind != "dict":
                return self.contents(thing.key)
            return Contents(rest=self.tensors_or_things(values[0]), exact=False)
        return Contents(tuple(enumerate(values)), arguments.rest, not arguments.rest)

    def tensors_or_things(self, value: Value) -> Value:
        found = NOTHING
        for thing in value:
            found |= self.contents(thing.key).all if isinstance(thing, Container) else just(thing)
        return found

    # Calls

    def call_instance(self, node: ir.Node, thing: Instance, arguments: Arguments) -> Value:
        """Calling a module runs its forward, then its forward hooks."""
        result = self.forward_of(node, thing, arguments)
        hooks = self.state.attributes.get((thing.key, HOOKS), NOTHING)
        if hooks:
            passed = Contents(tuple(enumerate(arguments.positional)))
            inputs = self.container(node, "tuple", passed, ".inputs")
            changed = self.call_all(node, hooks, Arguments([just(thing), inputs, result]))
            result |= frozenset(t for t in changed if not isinstance(t, Literal | Plain))
        return result

    def forward_of(self, node: ir.Node, thing: Instance, arguments: Arguments) -> Value:
        if isinstance(thing.of, ClassRef):
            for name in "__call__", "forward":
                found = self.class_attribute(thing.of, name)
                if found:
                    bound = frozenset(Method(thing, f) for f in found if isinstance(f, Closure))
                    return self.call_all(node, bound, arguments)
            return self.unknown(node, thing.of.node.name, arguments, region=thing.key)
        if thing.of in _CHAINS and (contents := self.state.contents.get(thing.key)):
            return self.chain(node, contents, arguments)
        if facts.module(thing.of):
            return self.call_module(node, thing, arguments)
        return self.unknown(node, thing.of.rpartition(".")[2], arguments, region=thing.key)

    def chain(self, node: ir.Node, contents: Contents, arguments: Arguments) -> Value:
        """`Sequential`: each layer on the result of the one before."""
        value = arguments.get(0, "input")
        layers = [v for _, v in contents.known] + ([contents.rest] if contents.rest else [])
        context, outer = self.frame.context, self.one_of_several
        for place, layer in enumerate(layers):
            self.frame.context = self.intern("layer", context, node.serial, place)
            self.one_of_several = len(layer) > 1
            value = self.call_all(node, layer, Arguments([value]))
        self.frame.context, self.one_of_several = context, outer
        return value

    def call_module(self, node: ir.Node, thing: Instance, arguments: Arguments) -> Value:
        """A module of torch: an operator whose further arguments are its own parameters."""
        assert isinstance(thing.of, str)
        operator = facts.module(thing.of)
        assert operator
        if constant(self.state.attributes.get((thing.key, "inplace"), NOTHING)) is True:
            operator = operator.given("inplace") or operator
        named = arguments.by_name(operator)
        tensors = {name: self.tensors(value) for name, value in named.items()}
        evaluating = constant(self.state.attributes.get((thing.key, "training"), NOTHING)) is False
        for name in operator.state:
            if evaluating or name.removeprefix(".") not in BUFFERS:
                tensors[name] = self.own_tensor(node, thing, name)
        result = self.operate(operator, node, named, tensors)
        given = tensors.get("input", {})
        if thing.of in PACKED and not all(tensor.known for tensor in given.values()):
            for key, tensor in self.tensors(result).items():
                self.state.set_tensor(key, tensor._replace(known=False))
        return result

    def own_tensor(self, node: ir.Node, thing: Instance, name: str) -> dict[Key, Tensor]:
        """A module's tensor by the name it has in the facts: `.weight`, `.layers.*.bias`."""
        path = name.removeprefix(".").split(".")
        if len(path) > 1 or "*" in name:
            prefix = path[0].partition("*")[0].rstrip("_l")
            key = thing.key.at(ANY if "*" in path[0] else prefix)
            return {key: Tensor(frozenset({key}), self.trainable(thing.key))}
        stored = self.state.attributes.get((thing.key, path[0]))
        if stored is not None:
            return self.tensors(stored)
        value = self.instance_attribute(node, thing, path[0])
        return self.tensors(value)

    # Methods

    def instance_method(
        self, node: ir.Node, thing: Instance, name: str, arguments: Arguments
    ) -> Value:
        stored = self.state.attributes.get((thing.key, name))
        if stored is None and isinstance(thing.of, ClassRef):
            found = self.class_attribute(thing.of, name)
            stored = NOTHING.union(*(self.bound(node, thing, f) for f in found)) or None
        if stored is not None:
            return self.call_all(node, stored, arguments)
        common = self.module_method(node, thing, name, arguments)
        if common is not None:
            return common
        if name in ("backward", "manual_backward"):
            return self.backward(node, arguments.all, arguments)
        if isinstance(thing.of, str) and thing.of.startswith("torch.optim."):
            return PLAIN  # a step writes under no_grad, and the version counter sees it
        if name == "forward":
            return self.call_instance(node, thing, arguments)
        return self.unknown(node, name, arguments, receiver=just(thing))

    def module_method(
        self, node: ir.Node, thing: Instance | Opaque, name: str, arguments: Arguments
    ) -> Value | None:
        """A method every module has; None for any other."""
        if name in _PARAMETERS:
            return self.container(node, "list", Contents(rest=self.region(thing), exact=False))
        if name in _NAMED:
            pair = Contents(((0, PLAIN), (1, self.region(thing))))
            row = self.container(node, "tuple", pair, "[]")
            return self.container(node, "list", Contents(rest=row, exact=False))
        if name in _MODULES:
            return self.container(node, "list", Contents(rest=self.parts(thing), exact=False))
        if name in _NAMED_MODULES:
            pair = Contents(((0, PLAIN), (1, self.parts(thing))))
            row = self.container(node, "tuple", pair, "[]")
            return self.container(node, "list", Contents(rest=row, exact=False))
        if name == "state_dict":
            return self.container(node, "dict", Contents(rest=self.region(thing), exact=False))
        if name == "register_forward_hook":
            self.store(thing.key, HOOKS, arguments.get(0, "hook"), strong=False)
            return PLAIN
        if name in ("register_buffer", "register_parameter", "add_module", "register_module"):
            return self.register(thing, name, arguments)
        if name == "requires_grad_" and isinstance(thing, Instance):
            wanted = arguments.get(0, "requires_grad")
            for part in self.region(thing):
                if isinstance(part, TensorRef):
                    self.require_grad(part.key, constant(wanted) if wanted else True)
            return just(thing)
        if name in ("train", "eval") and isinstance(thing, Instance):
            return self.switch(thing, name, arguments)
        if name in _SAME and isinstance(thing, Instance):
            return just(thing)
        if name == "apply" and arguments.positional:
            return self.apply_to_parts(node, thing, arguments)
        if isinstance(thing, Instance) and thing.key in self.state.contents:
            held = Container(thing.key, "list")
            if name in ("append", "extend", "insert", "items", "values", "keys", "pop"):
                return self.container_method(node, held, name, arguments)
        return None

    def switch(self, thing: Instance, name: str, arguments: Arguments) -> Value:
        """`train()` and `eval()`: statistics are needed for a backward in evaluation only."""
        mode = arguments.get(0, "mode") or just(Literal(name == "train"))
        for part in self.walk(thing):
            if isinstance(part, Instance):
                self.state.set_attribute(part.key, "training", mode)
        return just(thing)

    def register(self, thing: Instance | Opaque, name: str, arguments: Arguments) -> Value:
        field = constant(arguments.get(0, "name"))
        value = arguments.get(1, "tensor") or arguments.get(1, "param")
        if isinstance(field, str):
            self.state.set_attribute(thing.key, field, value)
        return PLAIN

    def apply_to_parts(
        self, node: ir.Node, thing: Instance | Opaque, arguments: Arguments
    ) -> Value:
        """`net.apply(init)`: called on the module and everything in it."""
        for callee in arguments.positional[0]:
            if isinstance(callee, Closure | Method):
                before = self.state.fork()
                self.call_thing(node, callee, Arguments([self.parts(thing)]))
                self.state = self.state.join(before)
        return just(thing)

    def region(self, thing: Instance | Opaque) -> Value:
        """Every parameter under a module, those never named in sight as one tensor."""
        found: set[Thing] = set()
        for part in self.walk(thing):
            if isinstance(part, TensorRef):
                if self.state.tensor(part.key).tracked:
                    found.add(part)
                continue
            key = part.key.at(PARAMETERS)
            if key not in self.state.tensors:
                self.state.set_tensor(key, Tensor(frozenset({part.key.at(ANY)}), Tri.YES))
            found.add(TensorRef(key))
        return frozenset(found)

    def parts(self, thing: Instance | Opaque) -> Value:
        """The module itself and all it holds."""
        inner = [t for t in self.walk(thing) if not isinstance(t, TensorRef)]
        below = {Opaque(t.key.at(ANY)) for t in inner if isinstance(t, Opaque)}
        return frozenset([*inner, *below])

    def walk(self, thing: Instance | Opaque) -> list[Instance | Opaque | TensorRef]:
        """A module, its sub-modules and the parameters put on it in sight."""
        seen: dict[Key, Instance | Opaque | TensorRef] = {}
        todo: list[Thing] = [thing]
        unknown = 0
        for here in todo:  # it grows
            if isinstance(here, Container):
                todo += ordered(self.contents(here.key).all)
            elif isinstance(here, TensorRef):
                if not self.state.tensor(here.key).nodes:
                    seen.setdefault(here.key, here)
            elif isinstance(here, Instance | Opaque) and here.key not in seen:
                unknown += isinstance(here, Opaque)
                if isinstance(here, Opaque) and unknown > UNKNOWN_PARTS:
                    continue
                seen[here.key] = here
                for _, held in self.state.attributes_of(here.key):
                    todo += ordered(held)
                if here.key in self.state.contents:
                    todo += ordered(self.state.contents[here.key].all)
        return list(seen.values())


def literal(value: object) -> Value:
    return just(Literal(value))
