"""Which method of a class is for which kind of node, by its name."""

from __future__ import annotations

from typing import Any


class Dispatch(dict[type, Any]):
    """By kind of node the function called `of_` or `do_` and its name; None where there is none.

    It is the class's: what an object keeps of its own methods would keep the object.
    """

    def __init__(self, owner: type, prefix: str) -> None:
        super().__init__()
        self._owner, self._prefix = owner, prefix

    def __missing__(self, kind: type) -> Any:
        self[kind] = found = getattr(self._owner, self._prefix + kind.__name__, None)
        return found


_KNOWN: dict[tuple[type, str], Dispatch] = {}


def dispatch(owner: type, prefix: str) -> Dispatch:
    """The one of a class."""
    if (owner, prefix) not in _KNOWN:
        _KNOWN[owner, prefix] = Dispatch(owner, prefix)
    return _KNOWN[owner, prefix]
