"""Calls: what is called, and which module knows what it does."""

from __future__ import annotations

from dataclasses import replace

from datalint.flow import ir
from datalint.flow.backward import SAVED, Backward
from datalint.flow.operators import Arguments
from datalint.flow.values import (
    NOTHING,
    PLAIN,
    Bound,
    ClassRef,
    Closure,
    Container,
    External,
    Instance,
    Literal,
    Member,
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

_BACKWARDS = {"backward", "manual_backward"}


class Calls(Backward):
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
        return self.unknown(node, _spelling(node), arguments)

    def with_receiver(self, method: Method, arguments: Arguments) -> Arguments:
        return replace(arguments, positional=[just(method.receiver), *arguments.positional])

    def call_attribute(self, node: ir.Node, thing: Thing, name: str, arguments: Arguments) -> Value:
        """A method call on one of the things the receiver may be."""
        match thing:
            case External():
                return self.call_named(node, self.named(f"{thing.name}.{name}"), arguments)
            case Member():
                return self.call_named(node, replace(thing, names=(*thing.names, name)), arguments)
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

    def call_named(self, node: ir.Node, thing: Thing, arguments: Arguments) -> Value:
        """A call of something importable."""
        return self.call_all(node, self.opened(just(thing)), arguments)

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
                self.state.set_tensor(key, tensor._replace(tracked=Tri.NO, nodes=frozenset()))
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
