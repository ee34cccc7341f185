"""Which method of an object is for which kind of node, by its name."""

from __future__ import annotations

from typing import Any


class Dispatch(dict[type, Any]):
    """By class the method called `of_` or `do_` and its name; None where there is none."""

    def __init__(self, owner: object, prefix: str) -> None:
        super().__init__()
        self._owner, self._prefix = owner, prefix

    def __missing__(self, kind: type) -> Any:
        self[kind] = found = getattr(self._owner, self._prefix + kind.__name__, None)
        return found
