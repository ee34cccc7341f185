"""Forget what nothing can reach any more, so that the many starts from one state are cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow.layers import Layers
from datalint.flow.state import State
from datalint.flow.values import (
    Bound,
    ClassRef,
    Closure,
    Container,
    Instance,
    Key,
    Method,
    Opaque,
    Partial,
    Super,
    TensorRef,
    Thing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from datalint.flow.values import Value


def collect(state: State, parents: Mapping[int, int], frames: Iterable[int]) -> State:
    """The part of a state that these frames lead to; `parents` tells where a frame is nested."""
    marks = _Marks(state, parents)
    marks.todo.extend(marks.frame(f) for f in frames)
    marks.run()
    return marks.kept()


class _Marks:
    def __init__(self, state: State, parents: Mapping[int, int]) -> None:
        self.state = state
        self.parents = parents
        self.frames: set[int] = set()
        self.roots: set[tuple[int, int, int]] = set()
        self.nodes: set[Key] = set()
        self.todo: list[Value] = []
        self.by_frame: dict[int, list[Value]] = {}
        for (frame, _), value in state.variables.items():
            self.by_frame.setdefault(frame, []).append(value)
        self.by_root: dict[tuple[int, int, int], list[Value]] = {}
        for (key, _), value in state.attributes.items():
            self.by_root.setdefault(key.root, []).append(value)
        for key, contents in state.contents.items():
            self.by_root.setdefault(key.root, []).append(contents.all)
        self.tensors: dict[tuple[int, int, int], list[Key]] = {}
        for key in state.tensors:
            self.tensors.setdefault(key.root, []).append(key)

    def run(self) -> None:
        while self.todo:
            for thing in self.todo.pop():
                self.mark(thing)

    def mark(self, thing: Thing) -> None:
        match thing:
            case TensorRef() | Opaque() | Container():
                self.root(thing.key)
            case Instance():
                self.root(thing.key)
                if isinstance(thing.of, ClassRef):
                    self.mark(thing.of)
            case Closure() | ClassRef():
                self.todo.append(self.frame(thing.frame))
            case Method():
                self.mark(thing.receiver)
                self.mark(thing.function)
            case Bound() | Super():
                self.mark(thing.receiver)
            case Partial():
                self.mark(thing.callee)
                self.todo += [*thing.positional, *(v for _, v in thing.keywords)]

    def frame(self, frame: int) -> Value:
        """Everything the variables of a frame and of those around it hold."""
        found: list[Value] = []
        while frame not in self.frames:
            self.frames.add(frame)
            found += self.by_frame.get(frame, ())
            frame = self.parents[frame]
        return frozenset().union(*found)

    def root(self, key: Key) -> None:
        if key.root in self.roots:
            return
        self.roots.add(key.root)
        self.todo += self.by_root.get(key.root, ())
        for place in self.tensors.get(key.root, ()):
            tensor = self.state.tensors[place]
            for storage in tensor.storages:
                self.root(storage)
            self.graph(tensor.nodes)

    def graph(self, start: Iterable[Key]) -> None:
        todo = list(start)
        while todo:
            key = todo.pop()
            if key not in self.nodes and key in self.state.nodes:
                self.nodes.add(key)
                todo.extend(self.state.nodes[key].parents)

    def kept(self) -> State:
        s, roots = self.state, self.roots
        return State(
            Layers({k: v for k, v in s.variables.items() if k[0] in self.frames}),
            Layers({k: v for k, v in s.attributes.items() if k[0].root in roots}),
            Layers({k: v for k, v in s.contents.items() if k.root in roots}),
            Layers({k: v for k, v in s.tensors.items() if k.root in roots}),
            Layers({k: v for k, v in s.nodes.items() if k in self.nodes}),
            Layers({k: v for k, v in s.spoils.items() if k in self.nodes}),
            Layers({k: v for k, v in s.edits.items() if k.root in roots}),
            Layers({k: v for k, v in s.sharers.items() if k in roots}),
            Layers({k: v for k, v in s.hanging.items() if k in roots}),
            Layers({k: v for k, v in s.keepers.items() if k in roots}),
            Layers({k: v for k, v in s.members.items() if k.root in roots}),
            Layers({k: v for k, v in s.made_of.items() if k.root in roots}),
            Layers({k: v for k, v in s.held.items() if k.root in roots}),
            s.grad,
        )
