"""Operators on tensors: what they return, add to the graph, and write."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from datalint.flow import autograd, counters, ir, sources
from datalint.flow.counters import Counters
from datalint.flow.events import Evidence, Kind, Write
from datalint.flow.kinds import kind_of
from datalint.flow.known import Contents, GraphNode, Save, Tensor
from datalint.flow.run import LOOKS
from datalint.flow.values import (
    NOTHING,
    PLAIN,
    TRUE,
    Container,
    Key,
    TensorRef,
    Tri,
    Value,
    constant,
    just,
)
from datalint.ops import facts
from datalint.ops.facts import RESULT, Operator, Saved, Sharing


@dataclass(slots=True)
class Arguments:
    """Values by position and keyword; `rest` came out of `*args`, `**kwargs` or is unknown."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    rest: Value = NOTHING

    def by_name(self, operator: Operator) -> dict[str, Value]:
        named: dict[str, Value] = {}
        for place, value in enumerate(self.positional):
            name = operator.argument(place)
            named[name] = named.get(name, NOTHING) | value
        for keyword, value in self.keywords.items():
            named[operator.argument(keyword)] = value
        if self.rest:
            named["*"] = self.rest
        return named

    @property
    def all(self) -> Value:
        return NOTHING.union(self.rest, *self.positional, *self.keywords.values())

    def get(self, place: int, keyword: str) -> Value:
        """An argument by position or keyword; nothing where it was not given."""
        if place < len(self.positional):
            return self.positional[place]
        return self.keywords.get(keyword, NOTHING)

    def at(self, place: int | str) -> Value:
        """An argument by position, or by keyword; what may be it where that cannot be seen."""
        if isinstance(place, str):
            return self.keywords.get(place, self.rest)
        return self.positional[place] if place < len(self.positional) else self.rest


#: What arrays can do as well: no evidence that the result is a tensor.
ARRAY_METHODS = frozenset(
    "all any argmax argmin argsort clip conj cumprod cumsum diagonal dot flatten max mean min"
    " nonzero prod put ravel repeat reshape round sort squeeze std sum swapaxes take trace"
    " transpose var view add sub mul div pow neg abs matmul remainder floor_divide eq ne lt le gt"
    " ge bitwise_and bitwise_or bitwise_xor bitwise_not __getitem__ index_select positive".split()
)
#: Arguments that are numbers unless something says otherwise; `*` are those of a star.
_MOSTLY_NUMBERS = {"*", "min", "max", "alpha", "beta", "value", "eps", "p", "from", "to", "mean",
                   "std", "lambd", "negative_slope", "dim"}  # fmt: skip


class Operators(Counters):
    """Applies the facts about operators to the state."""

    def apply(self, operator: Operator, site: ir.Node, arguments: Arguments) -> Value:
        """The result of a call; the state knows afterwards what it saved and wrote."""
        named = arguments.by_name(operator)
        for flag in ("inplace", "max_norm"):
            if flag in named and constant(named[flag]) not in (False, None):
                operator = operator.given(flag) or operator
        tensors = {name: self.tensors(value) for name, value in named.items()}
        return self.operate(operator, site, named, tensors)

    def operate(
        self,
        operator: Operator,
        site: ir.Node,
        named: dict[str, Value],
        tensors: dict[str, dict[Key, Tensor]],
    ) -> Value:
        written = {n: tensors[n] for n in operator.writes if tensors.get(n)}
        if any(isinstance(constant(named.get(n, NOTHING)), int) for n in ("dim", "other")):
            operator = operator.along()
        if operator.metadata_only:
            return self.metadata(site, named, tensors)
        if operator.sharing is Sharing.MAYBE and _copies(operator, named):
            operator = replace(operator, sharing=Sharing.FRESH)
        result = self.result(operator, site, tensors, written)
        for name, targets in written.items():
            of = self.sources_of(operator, {n: t for n, t in tensors.items() if n != name})
            self.write(site, operator.name, kind_of(self, operator, named), targets, of)
            if name == "out":
                result = named[name]
        return result

    def sources_of(
        self, operator: Operator, tensors: dict[str, dict[Key, Tensor]]
    ) -> frozenset[Key]:
        """What the result of an operator on these goes back to."""
        found = sources.sources(self.state, (t for n in tensors.values() for t in n.values()))
        return found | {sources.CHANCE} if sources.by_chance(operator.name) else found

    def result(
        self,
        operator: Operator,
        site: ir.Node,
        tensors: dict[str, dict[Key, Tensor]],
        written: dict[str, dict[Key, Tensor]],
    ) -> Value:
        first = next((t for t in tensors.values() if t), {})
        match operator.sharing:
            case Sharing.NOT_A_TENSOR:
                return PLAIN
            case Sharing.ALIAS:
                return self.alias(operator, site, first)
            case Sharing.MAYBE:
                fresh = self.fresh(operator, site, tensors)
                return fresh | self.view(site, first, "view")
            case Sharing.WRITTEN:
                return self.written(operator, site, tensors, written)
        return self.fresh(operator, site, tensors)

    def view(self, site: ir.Node, bases: dict[Key, Tensor], *path: str) -> Value:
        """Another tensor on the same memory, with the same place in the graph."""
        if not bases:
            return PLAIN
        views = list(bases.values())
        key = self.key(site, *path)
        return self.new_tensor(
            key,
            Tensor(
                frozenset().union(*(v.storages for v in views)),
                max(v.tracked for v in views),
                frozenset().union(*(v.nodes for v in views)),
                frozenset().union(*(v.via for v in views)),
                all(v.known for v in views),
                any(v.blind for v in views),
            ),
        )

    def alias(self, operator: Operator, site: ir.Node, first: dict[Key, Tensor]) -> Value:
        if counters.plain(operator.name) in counters.WAYS:
            first = self.past(operator.name, site, first)
        return self.view(site, first) if operator.tracked else self.detached(site, first)

    def detached(self, site: ir.Node, bases: dict[Key, Tensor]) -> Value:
        """The same memory outside the graph; `.data` is more than this, and is not an operator."""
        views = self.view(site, bases)
        for key, tensor in self.direct(views).items():
            self.state.set_tensor(key, _constant(tensor))
        return views

    def fresh(
        self, operator: Operator, site: ir.Node, tensors: dict[str, dict[Key, Tensor]]
    ) -> Value:
        """A result with memory of its own, and its node in the graph."""
        key = self.key(site)
        tracked = self.node(operator, site, tensors, frozenset({key}))
        nodes = frozenset({key}) if tracked else frozenset()
        given = [t for named in tensors.values() for t in named.values()]
        evident = operator.name not in ARRAY_METHODS or any(t.known for t in given)
        made = Tensor(frozenset({key}), tracked, nodes, known=evident)
        result = self.new_tensor(key, made)
        sources.made(self.state, key, self.sources_of(operator, tensors))
        items = {s.item for saved in operator.saves.values() for s in saved if s.item is not None}
        if not items:
            return result
        known: list[tuple[object, Value]] = []
        for item in range(max(items) + 2):
            place = key.at(f"[{item}]")
            # `max` and `topk` keep nothing of their result but the indices, which are no floats.
            tensor = Tensor(frozenset({place}), tracked, nodes)
            indices = items == {1} and item == 1
            known.append((item, self.new_tensor(place, _constant(tensor) if indices else tensor)))
        self.state.contents[key] = Contents(tuple(known))
        return result | just(Container(key, "tuple"))

    def node(
        self,
        operator: Operator,
        site: ir.Node,
        tensors: dict[str, dict[Key, Tensor]],
        results: frozenset[Key],
    ) -> Tri:
        """Add this call to the graph; NO where autograd does not record it."""
        in_place = operator.sharing is Sharing.WRITTEN
        tensors = {
            n: _evident(named) if n in _MOSTLY_NUMBERS or (in_place and n != "input") else named
            for n, named in tensors.items()
        }
        every = {k: t for named in tensors.values() for k, t in named.items()}
        tracked = self.recorded(every) if operator.tracked else Tri.NO
        if tracked == Tri.NO:
            return tracked
        needing = [n for n, named in tensors.items() if self.recorded(named)]
        saves: set[Save] = set()
        for saved in operator.saved(needing):
            if saved.what != RESULT and (kept := tensors.get(saved.what)):
                saves.add(self.kept(saved, kept))
            elif saved.what == RESULT and not self.one_of_several:
                written = {k: t for n in operator.writes for k, t in tensors.get(n, {}).items()}
                saves.add(self.kept_result(saved, results, written))
        parents = frozenset().union(*(t.nodes for t in every.values() if t.tracked))
        edits = autograd.edits_of(self.state, every.values())
        node = GraphNode(operator.name, site, tracked, parents, frozenset(saves), edits)
        self.state.add_node(self.key(site), node)
        return tracked

    def kept(self, saved: Saved, kept: dict[Key, Tensor]) -> Save:
        """An argument that is saved as it is."""
        storages = frozenset().union(*(t.storages for t in kept.values()))
        swaps = frozenset() if saved.through_view else frozenset(kept)
        via = frozenset().union(*(t.via for t in kept.values()))
        still = [self.state.held.get(s, frozenset()) for s in storages]
        held = frozenset.intersection(*still) if still else frozenset()
        return Save(storages, saved.what, swaps, "", self.versioned, via, held)

    def kept_result(
        self, saved: Saved, results: frozenset[Key], written: dict[Key, Tensor]
    ) -> Save:
        """The result, or one of several; of an in-place operator it is what was written."""
        path = () if saved.item is None else (f"[{saved.item}]",)
        made = frozenset(k.at(*path) for k in results)
        via = frozenset().union(*(t.via for t in written.values()))
        return Save(made, RESULT, guarded=self.versioned, via=via)

    def written(
        self,
        operator: Operator,
        site: ir.Node,
        tensors: dict[str, dict[Key, Tensor]],
        written: dict[str, dict[Key, Tensor]],
    ) -> Value:
        """An in-place operator's result is what it wrote, with a new place in the graph."""
        targets = {k: t for named in written.values() for k, t in named.items()}
        refs = frozenset(TensorRef(k) for k in targets)
        if any(self.is_leaf(t) for t in targets.values()):
            return refs  # PyTorch allows this under no_grad only
        storages: frozenset[Key] = frozenset().union(*(t.storages for t in targets.values()))
        tracked = self.node(operator, site, tensors, storages)
        if tracked:
            self.rebase(site, targets, tracked)
        return refs or PLAIN

    def is_leaf(self, tensor: Tensor) -> bool:
        """Whether it requires grad for sure and no operator made it."""
        return tensor.tracked is Tri.YES and not self.state.hangs(tensor)

    def rebase(self, site: ir.Node, targets: dict[Key, Tensor], tracked: Tri) -> None:
        """The written tensors and their views hang from the in-place operator's node now."""
        here = frozenset({self.key(site)})
        for target in targets.values():
            sharing = self.state.sharing(target.storages)
            self.step(len(sharing) * LOOKS // 2)
            for key, other in sharing:
                if other.via == target.via and other.storages & target.storages:
                    most, nodes = max(other.tracked, tracked), other.nodes | here
                    self.state.set_tensor(key, other._replace(tracked=most, nodes=nodes))
        for key, target in targets.items():
            most, nodes = max(target.tracked, tracked), target.nodes | here
            self.state.set_tensor(key, target._replace(tracked=most, nodes=nodes))

    # Writes

    def write(
        self,
        site: ir.Node,
        operator: str,
        kind: Kind,
        targets: dict[Key, Tensor],
        of: frozenset[Key],
    ) -> None:
        """Memory changes; where the tensor came past its version counter autograd does not know."""
        if operator in counters.WRITES:
            targets = self.past(operator, site, targets)
        for tensor in targets.values():
            for read in tensor.via:
                write = Write(read, site, operator, kind, blind=tensor.blind)
                self.seen_write(write, tensor, of)
                autograd.spoil(self.state, write, tensor)
                if kind not in (Kind.STRAIGHT_THROUGH, Kind.SHIFT):
                    autograd.edit(self.state, write, tensor)
            self.written_into(site, operator, kind, tensor, of)

    def written_into(
        self, site: ir.Node, operator: str, kind: Kind, tensor: Tensor, of: frozenset[Key]
    ) -> None:
        """What is known of the contents afterwards."""
        sources.mixed(self.state, tensor.storages, of)
        again = sources.repeatable(operator, kind)
        for storage in tensor.storages:
            held = self.state.held.get(storage, frozenset())
            self.state.held[storage] = held | {site} if again else frozenset()

    def seen_write(self, write: Write, tensor: Tensor, of: frozenset[Key]) -> None:
        seen = self.events.of(write.read)
        # Not the alias itself, which a tracked operand has brought into a graph of its own.
        tracked = any(
            t.storages & tensor.storages and not t.via for t in self.state.in_graph(tensor.storages)
        )
        given = self.program.parameters
        varies = sources.varies(tensor, write.operator, of, given)
        place = self.place(write.site, self.argument_of(tensor), tracked, varies)
        seen.writes.setdefault(write, place)
        seen.memory[write] = seen.memory.get(write, frozenset()) | tensor.storages
        # Arrays, too, have `+=` and are given as `out`.
        if tensor.known or ir.method_of(write.site) in facts.in_place_names():
            seen.evidence = Evidence.SURE

    def argument_of(self, tensor: Tensor) -> str:
        """The parameter of the entry function that this tensor is, as it was passed."""
        names = [self.program.parameter_at(s) for s in tensor.storages]
        return next((n for n in names if n), "")

    def metadata(
        self,
        site: ir.Node,
        named: dict[str, Value],
        tensors: dict[str, dict[Key, Tensor]],
    ) -> Value:
        """`t_`, `unsqueeze_`: the same tensor; flags are for who calls to change."""
        if site is self.statement and isinstance(site, ir.Call):
            self.drop(site)
        return named.get("input", PLAIN)

    def drop(self, site: ir.Call) -> None:
        """`x.data.t_()` as a statement of its own: what it changes is gone the next moment."""
        if (
            isinstance(site.callee, ir.Attribute)
            and site.callee.base.origin in self.events.by_origin
        ):
            self.events.of(site.callee.base).without_effect = site


def _evident(tensors: dict[Key, Tensor]) -> dict[Key, Tensor]:
    """Without what is tensor by no evidence: beside a tensor it is mostly a number."""
    return {k: t for k, t in tensors.items() if t.known or t.nodes}


def _copies(operator: Operator, named: dict[str, Value]) -> bool:
    """Whether the arguments settle that the result is new: `copy=True`, a dropout in training."""
    if "training" in operator.parameters and constant(named.get("training", TRUE)) is True:
        return True
    return constant(named.get("copy", NOTHING)) is True


def _constant(tensor: Tensor) -> Tensor:
    return tensor._replace(tracked=Tri.NO, nodes=frozenset())
