"""Calls: functions in sight are interpreted again on their arguments, all others are assumed."""

from __future__ import annotations

from dataclasses import replace

from datalint.flow import autograd, ir
from datalint.flow.library import Library
from datalint.flow.operators import Arguments
from datalint.flow.order import ordered
from datalint.flow.run import DIFFERENTIABLE_GRADS, YIELDED, Frame
from datalint.flow.state import Contents, GraphNode, Save, Tensor, join_all
from datalint.flow.values import (
    ANY,
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
    Method,
    Opaque,
    Partial,
    Plain,
    Super,
    TensorRef,
    Thing,
    Tri,
    Value,
    constant,
    just,
)
from datalint.ops import facts

#: How deep calls are followed, and how often one function may be on the way.
DEPTH, RECURSION = 8, 3
#: Where `save_for_backward` keeps what it is given.
SAVED = ".saved"
_BACKWARDS = {"backward", "manual_backward"}


class Calls(Library):
    """Finds out what is called and does what it does."""

    def call(self, node: ir.Call) -> Value:
        """The value of a call expression."""
        if isinstance(node.callee, ir.Attribute):
            base = self.value(node.callee.base)
            arguments = self.arguments(node)
            name = node.callee.name
            refs = frozenset(t for t in base if isinstance(t, TensorRef))
            found = self.tensor_method(node, refs, name, arguments) if refs else NOTHING
            others = base - refs
            found |= self.each(others, lambda t: self.call_attribute(node, t, name, arguments))
        else:
            callee = self.value(node.callee)
            arguments = self.arguments(node)
            found = self.each(callee, lambda t: self.call_thing(node, t, arguments))
        return found or PLAIN

    def arguments(self, node: ir.Call) -> Arguments:
        out = Arguments()
        for argument in node.arguments:
            value = self.value(argument.value)
            if argument.star == "*":
                self.spread(node, value, out)
            elif argument.star == "**":
                self.spread_keywords(value, out)
            elif argument.keyword:
                out.keywords[argument.keyword] = value
            else:
                out.positional.append(value)
        return out

    def spread(self, node: ir.Node, value: Value, out: Arguments) -> None:
        exact = [t for t in value if isinstance(t, Container) and self.contents(t.key).exact]
        if len(exact) == len(value) == 1 and exact[0].kind != "dict":
            out.positional += [v for _, v in self.contents(exact[0].key).known]
        else:
            out.rest |= self.elements(node, value)

    def spread_keywords(self, value: Value, out: Arguments) -> None:
        for thing in value:
            if isinstance(thing, Container):
                contents = self.contents(thing.key)
                out.rest |= contents.rest
                out.keywords.update({k: v for k, v in contents.known if isinstance(k, str)})
            elif not isinstance(thing, Plain | Literal):
                out.rest |= just(thing)

    def call_thing(self, node: ir.Node, thing: Thing, arguments: Arguments) -> Value:
        match thing:
            case Closure():
                return self.invoke(thing, node, arguments)
            case Method():
                return self.invoke(thing.function, node, self.with_receiver(thing, arguments))
            case Bound():
                return self.call_attribute(node, thing.receiver, thing.name, arguments)
            case External():
                return self.external(node, thing.name, arguments)
            case ClassRef():
                return self.instantiate(node, thing, arguments)
            case Instance():
                return self.call_instance(node, thing, arguments)
            case Partial():
                keywords = dict(thing.keywords) | arguments.keywords
                given = Arguments(
                    [*thing.positional, *arguments.positional], keywords, arguments.rest
                )
                return self.call_thing(node, thing.callee, given)
            case Opaque() | TensorRef():
                return self.unknown(node, _spelling(node), arguments, region=thing.key)
        return PLAIN

    def with_receiver(self, method: Method, arguments: Arguments) -> Arguments:
        return replace(arguments, positional=[just(method.receiver), *arguments.positional])

    def call_attribute(self, node: ir.Node, thing: Thing, name: str, arguments: Arguments) -> Value:
        """A method call on one of the things the receiver may be."""
        match thing:
            case External():
                return self.external(node, f"{thing.name}.{name}", arguments)
            case TensorRef():
                return self.tensor_method(node, just(thing), name, arguments)
            case Opaque():
                return self.opaque_method(node, thing, name, arguments)
            case Container():
                return self.container_method(node, thing, name, arguments)
            case Instance():
                return self.instance_method(node, thing, name, arguments)
            case Super():
                found = self.inherited(thing, name)
                if found or name == "__init__":
                    return self.call_all(node, found, arguments)
                return self.unknown(node, name, arguments, receiver=just(thing.receiver))
            case ClassRef():
                found = self.class_attribute(thing, name)
                if found:
                    bound = [self.class_bound(thing, f) for f in found]
                    return self.call_all(node, frozenset(bound), arguments)
                return self.class_method(node, thing, name, arguments)
            case Closure() | Method() | Bound():
                return self.unknown(node, name, arguments)
        return PLAIN

    def class_bound(self, cls: ClassRef, found: Thing) -> Thing:
        decorators = found.node.decorators if isinstance(found, Closure) else ()
        if isinstance(found, Closure) and "classmethod" in {
            getattr(d, "id", "") for d in decorators
        }:
            return Method(cls, found)
        return found

    def class_method(self, node: ir.Node, cls: ClassRef, name: str, arguments: Arguments) -> Value:
        """`MyFunction.apply(x)` of an autograd Function: what it saves is its own affair."""
        forward = self.class_attribute(cls, "forward")
        if name == "apply" and forward:
            return self.apply_function(node, cls, forward, arguments)
        return self.unknown(node, f"{cls.node.name}.{name}", arguments)

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
        for (holder, name_on_it), value in self.state.attributes.items():
            if holder == context.key and (kept := self.tensors(value)):
                guarded = name_on_it == SAVED
                saves.add(Save(_storages(kept), "input", frozenset(kept), guarded=guarded))
        parents = frozenset().union(*(t.nodes for t in given.values()))
        edits = autograd.edits_of(self.state, given.values())
        key = self.key(node)
        name = f"{cls.node.name}.apply"
        made = GraphNode(name, node, tracked, parents, frozenset(saves), edits)
        self.state.add_node(key, made)
        for place, tensor in self.tensors(result).items():
            grown = replace(tensor, tracked=tracked, nodes=frozenset({key}))
            self.state.set_tensor(place, grown)
        return result

    def call_all(self, node: ir.Node, callees: Value, arguments: Arguments) -> Value:
        return self.each(callees, lambda c: self.call_thing(node, c, arguments))

    # Tensors and unknown things

    def tensor_method(self, node: ir.Node, refs: Value, name: str, arguments: Arguments) -> Value:
        """A method of whichever of these tensors it is."""
        stored = [self.state.attributes.get((k, name), NOTHING) for k in self.direct(refs)]
        if any(stored):
            return self.call_all(node, NOTHING.union(*stored), arguments)
        if name in _BACKWARDS:
            return self.backward(node, refs | arguments.all, arguments)
        if name == "requires_grad_":
            wanted = arguments.get(0, "requires_grad")
            for key in self.direct(refs):
                self.require_grad(key, constant(wanted) if wanted else True)
            return refs
        if name == "detach_":
            for key, tensor in self.direct(refs).items():
                self.state.set_tensor(key, replace(tensor, tracked=Tri.NO, nodes=frozenset()))
            return refs
        operator = facts.method(name)
        if operator is None:
            return self.unknown(node, name, arguments, receiver=refs)
        given = replace(arguments, positional=[refs, *arguments.positional])
        return self.apply(operator, node, given)

    def opaque_method(self, node: ir.Node, thing: Opaque, name: str, arguments: Arguments) -> Value:
        stored = self.state.attributes.get((thing.key, name))
        if stored:
            return self.call_all(node, stored, arguments)
        region = self.module_method(node, thing, name, arguments)
        if region is not None:
            return region
        if name in _BACKWARDS or name == "requires_grad_" or facts.method(name):
            result = self.tensor_method(node, just(thing), name, arguments)
            operator = facts.method(name)
            same = operator and operator.sharing in ("alias", "maybe") and operator.tracked
            return result | just(thing) if same else result
        if name == "save_for_backward":
            self.store(thing.key, SAVED, arguments.all, strong=True)
            return PLAIN
        return self.unknown(node, name, arguments, receiver=just(thing))

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
        saves = {Save(_storages(kept), "argument", frozenset(kept), told)} if kept else set()
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

    def backward(self, node: ir.Node, roots: Value, arguments: Arguments) -> Value:
        """Report what this backward needs and was spoiled; free its graph unless it is kept."""
        tensors = self.tensors(roots)
        nodes = frozenset().union(*(t.nodes for t in tensors.values()))
        consumer = autograd.Consumer(node, backward=True)
        autograd.need(self.state, self.events, tensors.values(), consumer)
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

    # Functions in sight

    def invoke(self, closure: Closure, site: ir.Node, arguments: Arguments) -> Value:
        """Interpret the body on these arguments, in a frame of its own."""
        function = closure.node
        running = sum(f.function is function for f in self.stack)
        if len(self.stack) > DEPTH or running >= RECURSION or self.budget <= 0:
            return self.unknown(site, function.name, arguments)
        self.events.entered[function] += 1
        context = self.intern("call", self.frame.context, site.serial)
        frame = Frame(self.intern("frame", function.serial, context), context, function)
        self.parents[frame.id] = closure.frame
        grad = self.state.grad
        self.stack.append(frame)
        frame.at_yield, self.at_yield = self.at_yield, None
        self.bind(closure, site, arguments)
        if self.untracked(function):
            self.state.grad = Tri.NO
        self.block(function.body)
        return self.leave(frame, site, grad)

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
        """Whether a decorator switches tracking off."""
        return any(
            isinstance(thing, External)
            and thing.name.removesuffix("()") in ("torch.no_grad", "torch.inference_mode",
                                                  "torch.autograd.no_grad")
            for decorator in function.decorators
            for thing in self.value(decorator)
        )  # fmt: skip


def _storages(tensors: dict[Key, Tensor]) -> frozenset[Key]:
    return frozenset().union(*(t.storages for t in tensors.values()))


def _spelling(node: ir.Node) -> str:
    """How the callee is written, in short."""
    callee = node.callee if isinstance(node, ir.Call) else None
    match callee:
        case ir.Name():
            return callee.id
        case ir.Attribute():
            return callee.name
        case ir.Subscript(base=ir.Name() as base):
            return f"{base.id}[...]"
        case ir.Subscript(base=ir.Attribute() as base):
            return f"{base.name}[...]"
    return "the callee"
