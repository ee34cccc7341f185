"""What outlives the code that ran: globals, and attributes of what came from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.flow.values import Container, Key, Opaque, TensorRef

if TYPE_CHECKING:
    from datalint.flow.known import Tensor
    from datalint.flow.state import State
    from datalint.flow.values import Value


def left_behind(state: State) -> list[Tensor]:
    """The tensors that globals and attributes hold."""
    return [state.tensor(key) for key in Outside.of(state).tensors]


@dataclass(frozen=True, slots=True)
class Outside:
    """What globals and attributes hold in a state: in a later one only changes are looked at."""

    state: State
    tensors: frozenset[Key] = frozenset()
    containers: frozenset[Key] = frozenset()
    #: Of the tensors those with a graph behind them.
    hanging: frozenset[Key] = frozenset()

    @classmethod
    def of(cls, state: State) -> Outside:
        return cls(type(state)()).after(state)

    def after(self, now: State) -> Outside:
        """The same of a state that this one has become."""
        tensors, containers = self._found(now)
        changed = tensors | (self.tensors & now.tensors.changed(self.state.tensors))
        hanging = frozenset(key for key in changed if now.tensor(key).nodes)
        return Outside(
            now, self.tensors | tensors, self.containers | containers, self.hanging | hanging
        )

    def left_behind(self, now: State) -> list[Tensor]:
        """The tensors with a graph that are left in a state which this one has become."""
        return [now.tensor(key) for key in self.after(now).hanging]

    def _found(self, now: State) -> tuple[frozenset[Key], frozenset[Key]]:
        """The tensors that changed values are or hold, and the containers they are in."""
        before = self.state
        variables = now.variables.changed(before.variables)
        attributes = now.attributes.changed(before.attributes)
        contents = now.contents.changed(before.contents)
        todo: list[Value | None] = [now.variables.get(at) for at in variables if at[0] == 0]
        todo += map(now.attributes.get, attributes)
        todo += [c.all for key in contents & self.containers if (c := now.contents.get(key))]
        return _held(now, todo)


def _held(state: State, todo: list[Value | None]) -> tuple[frozenset[Key], frozenset[Key]]:
    tensors: set[Key] = set()
    containers: set[Key] = set()
    while todo:
        for thing in todo.pop() or ():
            if isinstance(thing, TensorRef | Opaque):
                tensors.add(thing.key)
            elif isinstance(thing, Container) and thing.key not in containers:
                containers.add(thing.key)
                if contents := state.contents.get(thing.key):
                    todo.append(contents.all)
    return frozenset(tensors), frozenset(containers)
