"""What we know of builtins and of torch beyond its operators: contexts, factories, `autograd`."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.containers import Containers
from datalint.flow.known import Contents, Tensor
from datalint.flow.modules import Modules
from datalint.flow.operators import Arguments
from datalint.flow.values import (
    ANY,
    NOTHING,
    PLAIN,
    ClassRef,
    Container,
    External,
    Instance,
    Literal,
    Opaque,
    Partial,
    Super,
    TensorRef,
    Tri,
    Value,
    constant,
    just,
    tri,
)
from datalint.ops import facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalint.ops.facts import Operator

CONTEXTS = {
    "torch.no_grad": Tri.NO, "torch.inference_mode": Tri.NO, "torch.enable_grad": Tri.YES,
    "torch.autograd.no_grad": Tri.NO, "torch.autograd.enable_grad": Tri.YES,
    "torch.autograd.grad_mode.no_grad": Tri.NO,
}  # fmt: skip
#: Saved-tensor hooks switch the version check off.
UNGUARDED = {"torch.autograd.graph.saved_tensors_hooks()", "torch.autograd.graph.save_on_cpu()"}
SET_GRAD = {"torch.set_grad_enabled", "torch.autograd.set_grad_enabled",
            "torch.autograd.grad_mode.set_grad_enabled"}  # fmt: skip
LEAVES = {"torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.autograd.Variable"}
PLAIN_BUILTINS = {
    "print", "len", "isinstance", "issubclass", "repr", "str", "int", "float", "bool", "bytes",
    "hasattr", "callable", "range", "id", "hash", "input", "open", "format", "ord", "chr",
    "divmod", "round", "any", "all", "dir", "vars", "globals", "locals", "delattr",
    *(name for name, kind in vars(builtins).items() if isinstance(kind, type)
      and issubclass(kind, BaseException)),
}  # fmt: skip
SEQUENCES = {"list": "list", "tuple": "tuple", "set": "set", "sorted": "list", "reversed": "list",
              "iter": "list", "frozenset": "set", "collections.deque": "list"}  # fmt: skip
#: Wrappers that give back what they are given.
SAME = {"torch.compile", "torch.jit.script", "torch.utils.data.DataLoader", "tqdm",
         "tqdm.tqdm", "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel",
         "torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm"}  # fmt: skip
_FACTORIES = {
    "zeros_like", "ones_like", "rand_like", "randn_like", "full_like", "empty_like", "randint_like",
    "tensor", "zeros", "ones", "rand", "randn", "full", "empty", "arange", "linspace", "eye",
    "randint", "randperm", "Tensor", "FloatTensor", "LongTensor", "logspace", "normal",
    "DoubleTensor", "IntTensor", "ByteTensor", "BoolTensor", "HalfTensor",
    "new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "new",
}  # fmt: skip
#: Packages whose functions make arrays, tables and matrices: no tensors of torch.
ARRAYS = ("sklearn.", "scipy.", "pandas.", "xarray.", "tensorflow.", "jax.", "h5py.", "cv2.",
           "PIL.", "json.", "pickle.", "os.", "requests.", "anndata.", "scanpy.")  # fmt: skip


class Library(Containers, Modules):
    """Calls of things importable."""

    def external(self, node: ir.Node, name: str, arguments: Arguments) -> Value:
        """A call of a dotted name that is not in sight."""
        name = _canonical(name)
        stated = self.program.project.stated
        if stated.about_function(name):
            return self.unknown(node, name.rpartition(".")[2], arguments, dotted=name)
        if stated.is_module(name):
            return self.torch_instance(node, name, arguments)
        handler: Callable[[ir.Node, Arguments], Value] | None = getattr(self, f"py_{name}", None)
        if handler is not None:
            return handler(node, arguments)
        if name in PLAIN_BUILTINS:
            return self.plain_builtin(name, arguments)
        if name in SEQUENCES:
            return self.sequence(node, arguments.get(0, "iterable"), SEQUENCES[name])
        if name == "functools.partial":
            return self.partial(arguments)
        if name == "copy.copy":
            return self.unversioned(node, "copy", arguments.get(0, "x"))
        if name == "typing.cast":
            return arguments.get(1, "val")
        if name in SAME:
            return arguments.get(0, "module") or PLAIN
        if name.startswith("torch"):
            return self.torch(node, name, arguments)
        return self.other(node, name, arguments)

    def partial(self, arguments: Arguments) -> Value:
        keywords = tuple(arguments.keywords.items())
        rest = tuple(arguments.positional[1:])
        return frozenset(Partial(t, rest, keywords) for t in arguments.get(0, "func"))

    def plain_builtin(self, name: str, arguments: Arguments) -> Value:
        value = constant(arguments.get(0, "x"))
        if name == "float" and isinstance(value, str | int | float):
            try:
                return just(Literal(float(value)))
            except ValueError:
                return PLAIN
        return PLAIN

    def py_zip(self, node: ir.Node, arguments: Arguments) -> Value:
        if arguments.rest:
            columns = self.elements(node, arguments.all)
            row = self.container(node, "tuple", Contents(rest=columns, exact=False), "[]")
            return self.container(node, "list", Contents(rest=row, exact=False))
        return self.zipped(node, arguments.positional)

    def py_enumerate(self, node: ir.Node, arguments: Arguments) -> Value:
        value = arguments.get(0, "iterable")
        exact = self.exactly(value)
        if exact is None:
            return self.zipped(node, [PLAIN, value])
        rows = [
            self.container(node, "tuple", Contents(((0, just(Literal(i))), (1, v))), f"[{i}]")
            for i, v in enumerate(exact)
        ]
        return self.container(node, "list", Contents(tuple(enumerate(rows))))

    def py_map(self, node: ir.Node, arguments: Arguments) -> Value:
        values = [self.elements(node, v) for v in arguments.positional[1:]]
        callee = arguments.get(0, "func")
        made = self.call_all(node, callee, Arguments(values))
        return self.container(node, "list", Contents(rest=made, exact=False), "map")

    def py_filter(self, node: ir.Node, arguments: Arguments) -> Value:
        return self.sequence(node, arguments.get(1, "iterable"))

    def py_next(self, node: ir.Node, arguments: Arguments) -> Value:
        return self.elements(node, arguments.get(0, "iterator")) or PLAIN

    def py_sum(self, node: ir.Node, arguments: Arguments) -> Value:
        operator = facts.method("add")
        values = self.elements(node, arguments.get(0, "iterable")) | arguments.get(1, "start")
        assert operator
        return self.apply(operator, node, Arguments([values, values]))

    def py_max(self, node: ir.Node, arguments: Arguments) -> Value:
        return arguments.all

    py_min = py_max

    def py_dict(self, node: ir.Node, arguments: Arguments) -> Value:
        known: list[tuple[object, Value]] = list(arguments.keywords.items())
        rest = arguments.rest
        for thing in arguments.get(0, "mapping"):
            if isinstance(thing, Container) and thing.kind == "dict":
                contents = self.contents(thing.key)
                known, rest = [*contents.known, *known], rest | contents.rest
            elif isinstance(thing, Container):
                for pair in self.contents(thing.key).all:
                    rest |= self.item(node, pair, just(Literal(1)))
        return self.container(node, "dict", Contents(tuple(known), rest, not rest))

    def py_getattr(self, node: ir.Node, arguments: Arguments) -> Value:
        """`getattr` with a name that is not a literal: an attribute, nobody knows which."""
        base, name = arguments.get(0, "object"), constant(arguments.get(1, "name"))
        if isinstance(name, str) and isinstance(node, ir.Expr):
            return NOTHING.union(*(self.attribute(node, t, name) for t in base))
        things = (t for t in base if isinstance(t, Opaque | Instance))
        return self.elements(node, base) | frozenset(Opaque(t.key.at(ANY)) for t in things)

    def py_setattr(self, node: ir.Node, arguments: Arguments) -> Value:
        base, name = arguments.get(0, "object"), constant(arguments.get(1, "name"))
        for thing in base:
            if isinstance(name, str) and hasattr(thing, "key"):
                self.store(thing.key, name, arguments.get(2, "value"), strong=len(base) == 1)
        return PLAIN

    def py_super(self, node: ir.Node, arguments: Arguments) -> Value:
        for frame in reversed(self.stack):
            cls = frame.function and self.program.owner.get(frame.function)
            if frame.function and cls and frame.function.parameters:
                receiver = self.state.variables.get((frame.id, frame.function.parameters[0].name))
                ref = ClassRef(cls, self.parents[frame.id])
                return frozenset(Super(t, ref) for t in receiver or NOTHING)
        return PLAIN

    # torch

    def torch(self, node: ir.Node, name: str, arguments: Arguments) -> Value:
        last = name.rpartition(".")[2]
        if name in CONTEXTS:
            for value in arguments.positional:  # no_grad used as a function of a function
                return value
            return just(External(name + "()"))
        if f"{name}()" in UNGUARDED:
            return just(External(f"{name}()"))
        if name in SET_GRAD:
            return self.set_grad(arguments)
        if name in LEAVES:
            return self.leaf(node, name, arguments)
        if name in ("torch.autograd.backward", "torch.autograd.grad"):
            roots = arguments.get(0, "tensors") | arguments.get(0, "outputs")
            return self.backward(node, roots, arguments)
        if name == "torch.autograd.graph.increment_version":
            self.increment(self.tensors(arguments.all).values())
            return PLAIN
        if name == "torch.Tensor.data.__get__":
            read = arguments.get(0, "instance")
            return self.each(read, lambda thing: self.attribute(node, thing, "data"))
        if name == "torch.is_grad_enabled" and self.state.grad != Tri.MAYBE:
            return just(Literal(self.state.grad == Tri.YES))
        if name.endswith(".checkpoint.checkpoint"):
            function, *passed = arguments.positional or [PLAIN]
            return self.recomputed(node, function, Arguments(passed, arguments.keywords))
        if name == "torch.finfo":
            return just(External("torch.finfo()"))
        if name.endswith(("pack_padded_sequence", "pack_sequence")):
            return just(Instance(self.key(node), "torch.nn.utils.rnn.PackedSequence"))
        operator = facts.function(name)
        if last in _FACTORIES:
            return self.factory(node, operator, arguments)
        if operator:
            self.evident(arguments)
            return self.apply(operator, node, arguments)
        if name.startswith("torch.nn.") and (last[:1].isupper() or facts.module(name)):
            return self.torch_instance(node, name, arguments)
        if (
            name.startswith(("torch.optim.", "torch.cuda.amp.", "torch.amp."))
            and last[:1].isupper()
        ):
            return self.torch_instance(node, name, arguments)
        return self.unknown(node, last, arguments)

    def factory(self, node: ir.Node, operator: Operator | None, arguments: Arguments) -> Value:
        """`torch.zeros(3)`, `torch.Tensor(k)`: its arguments are numbers unless we know better."""
        if operator and any(t.known for t in self.tensors(arguments.all).values()):
            return self.required(self.apply(operator, node, arguments), arguments)
        return self.required(self.untracked_result(node), arguments)

    def recomputed(self, node: ir.Node, function: Value, arguments: Arguments) -> Value:
        """`checkpoint`: backward reads again whatever its function reads, whatever it is then."""
        guarded, self.versioned = self.versioned, False
        result = self.call_all(node, function, arguments)
        self.versioned = guarded
        return result

    def evident(self, arguments: Arguments) -> None:
        """What an operator of torch is called on is a tensor."""
        for key, tensor in self.direct(arguments.get(0, "input")).items():
            if not tensor.known:
                self.state.set_tensor(key, tensor._replace(known=True))

    def set_grad(self, arguments: Arguments) -> Value:
        wanted = constant(arguments.get(0, "mode"))
        mode = tri(wanted)
        self.state.grad = mode
        return just(External("torch.set_grad_enabled()"))

    def leaf(self, node: ir.Node, name: str, arguments: Arguments) -> Value:
        """`nn.Parameter(t)`: a leaf on the memory of t."""
        given = self.direct(arguments.get(0, "data"))
        wanted = arguments.get(1, "requires_grad")
        default = not name.endswith("Variable")
        tracked = Tri.YES if (constant(wanted) if wanted else default) is True else Tri.NO
        if name.endswith("Variable") and not wanted:
            return arguments.get(0, "data") or PLAIN
        key = self.key(node)
        storages = frozenset().union(*(t.storages for t in given.values())) or frozenset({key})
        via = frozenset().union(*(t.via for t in given.values()))
        return self.new_tensor(key, Tensor(storages, tracked, via=via))

    def untracked_result(self, node: ir.Node) -> Value:
        key = self.key(node)
        return self.new_tensor(key, Tensor(frozenset({key}), Tri.NO))

    def required(self, value: Value, arguments: Arguments) -> Value:
        """A factory's result: a constant, or a leaf if it was asked to require grad."""
        wanted = constant(arguments.keywords.get("requires_grad", NOTHING))
        asked = "requires_grad" in arguments.keywords
        for thing in value:
            if isinstance(thing, TensorRef):
                tensor = self.state.tensor(thing.key)
                tracked = tri(wanted)
                asked_for = tracked if asked else Tri.NO
                plain = tensor._replace(tracked=asked_for, nodes=frozenset())
                self.state.set_tensor(thing.key, plain)
        return value

    # numpy and everything else

    def other(self, node: ir.Node, name: str, arguments: Arguments) -> Value:
        if name.startswith(ARRAYS):
            return PLAIN
        if not name.startswith("numpy."):
            return self.unknown(node, name.rpartition(".")[2], arguments)
        target = arguments.keywords.get("out", NOTHING)
        last = name.rpartition(".")[2]
        if last in ("copyto", "put", "place", "putmask", "fill_diagonal"):
            target = arguments.get(0, "dst")
        operator = facts.method("copy_")
        if target and operator:
            given = arguments.all - target
            return self.apply(operator, node, Arguments([target, given]))
        if last in ("asarray", "ascontiguousarray", "ravel", "reshape", "squeeze", "transpose"):
            return self.unversioned(node, last, arguments.get(0, "a"))
        return PLAIN

    def unversioned(self, node: ir.Node, name: str, value: Value) -> Value:
        """The same memory by a way that no version counter watches."""
        tensors = self.past(name, node, self.direct(value))
        return self.view(node, tensors) if tensors else value


def _canonical(name: str) -> str:
    """`builtins.list` is `list`."""
    return name.removeprefix("builtins.")
