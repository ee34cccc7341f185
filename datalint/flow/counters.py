"""The ways past a tensor's version counter that are not `.data`, and the counter moved by hand.

`.detach()` shares the counter with its tensor. What comes after it in `t.detach().numpy()` does
not: neither an array nor a storage has a counter, and a piece that `unsafe_chunk` cut has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import autograd, ir
from datalint.flow.events import DATA, Evidence
from datalint.flow.names import Names
from datalint.flow.values import Tri, overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from datalint.flow.events import Seen
    from datalint.flow.known import Tensor
    from datalint.flow.values import Key

#: Cut into tensors that count only what is written to themselves.
_PIECES = {"unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes"}
#: Write and never count.
WRITES = {"apply_", "map_", "map2_"}
#: Functions, which are known by their name alone; all others are methods.
_FUNCTIONS = {"to_dlpack", "from_dlpack", "asarray", "ascontiguousarray"}
_METHODS = {"numpy", "__array__", "untyped_storage", "storage", "__dlpack__", *_PIECES, *WRITES}
#: By the operator's name, how a way is spelled: a method with its dot.
WAYS = {name: name for name in _FUNCTIONS} | {name: f".{name}" for name in _METHODS}
#: Raise where the tensor requires grad: it can only be a constant.
_REFUSING = {"__dlpack__", "from_dlpack", *WRITES}
#: The same, but not under `no_grad`.
_REFUSING_WITH_GRAD = {"numpy", "__array__", "asarray", "ascontiguousarray"}


def plain(operator: str) -> str:
    """The name without the modules it is in."""
    return operator.rpartition(".")[2]


class Counters(Names):
    """Knows where memory left the version counter that autograd looks at."""

    def reads(self, tensor: Tensor) -> frozenset[ir.Node]:
        """The `.data` expressions that it came through."""
        return frozenset(n for n in tensor.via if self.events.of(n).way == DATA)

    def past(self, operator: str, site: ir.Node, tensors: dict[Key, Tensor]) -> dict[Key, Tensor]:
        """These tensors as they are once `site` has taken them past their counters.

        What came through a `.data` has left already: that is where its writes are reported.
        """
        name = plain(operator)
        here = frozenset({site}) if name in WAYS else frozenset()
        counted = [t for t in tensors.values() if not t.via]
        if here and counted:
            seen = self.events.of(site)
            seen.way = WAYS[name]
            self.judge_way(seen, name, counted)
        bare = name not in _PIECES
        return {k: t._replace(via=t.via or here, blind=t.blind or bare) for k, t in tensors.items()}

    def judge_way(self, seen: Seen, name: str, tensors: list[Tensor]) -> None:
        """Whether it is a tensor at all, and one that anybody watches."""
        made_here = set(_serials(seen.node))
        memory = frozenset().union(*(t.storages for t in tensors))
        if all(key.site in made_here for key in memory):
            seen.unwatched = True  # nobody else has the tensor
        seen.unwatched |= not all(self.watched(name, t) for t in tensors)
        if any(t.known for t in tensors):
            seen.evidence = Evidence.SURE
        elif seen.evidence is Evidence.NONE and not seen.unwatched and name != "storage":
            seen.evidence = Evidence.LIKELY

    def watched(self, name: str, tensor: Tensor) -> bool:
        """Whether all of its memory may be that of tensors which autograd tracks.

        Not so for constants, and for what may be a copy: of `t.detach().cpu()` one half is fresh.
        """
        if tensor.tracked is Tri.MAYBE and self.refuses(name):
            return False
        return all(self.owned(storage) for storage in tensor.storages)

    def refuses(self, name: str) -> bool:
        """Whether a tensor that requires grad would have raised here."""
        return name in _REFUSING or (name in _REFUSING_WITH_GRAD and self.state.grad is Tri.YES)

    def owned(self, storage: Key) -> bool:
        """Whether one of the tensors on this memory may be tracked."""
        every = self.state.sharing([storage])
        self.step(len(every))
        sharing = [t for _, t in every if storage in t.storages]
        return any(t.tracked for t in (self.state.tensor(storage), *sharing))

    def increment(self, tensors: Iterable[Tensor]) -> None:
        """`increment_version(t)`: whoever saved t before will notice what was written until now."""
        for tensor in tensors:
            for seen in self.events.by_origin.values():
                if seen.way != DATA:
                    counted = {w for w, memory in seen.memory.items() if _meet(memory, tensor)}
                    seen.counted |= counted
                    autograd.count(self.state, tensor, counted)


def _serials(site: ir.Node) -> Iterator[int]:
    """The calls that follow one another in `f(x).detach().numpy()`, in `asarray(f(x).detach())`."""
    todo = [site, *(a.value for a in site.arguments[:1])] if isinstance(site, ir.Call) else [site]
    while todo:
        node = todo.pop()
        yield node.serial
        match node:
            case ir.Call(callee=inner) | ir.Attribute(base=inner) | ir.Subscript(base=inner):
                todo.append(inner)


def _meet(memory: frozenset[Key], tensor: Tensor) -> bool:
    """Whether they may be one memory, in whichever round of a loop."""
    young = [key._replace(age=0) for key in tensor.storages]
    return any(overlap(key._replace(age=0), other) for key in memory for other in young)
