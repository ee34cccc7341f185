"""A table of a TOML file, each of its values checked when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.config.config import BadConfig
from datalint.source.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datalint.source import toml


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and the file and the keys that lead to it."""

    path: str
    document: toml.Document
    keys: tuple[str, ...]
    values: dict[str, object]

    def allow(self, *known: str) -> None:
        """Refuse every other key."""
        for key in self.values:
            if key not in known:
                told = f"no key of [{'.'.join(self.keys)}] is named {key!r}"
                raise self.bad(f"{told}{did_you_mean(key, known)}", key)

    def table(self, key: str) -> Table:
        """The table under a key; an empty one where there is none."""
        values = self.values.get(key, {})
        keys = (*self.keys, key)
        if not isinstance(values, dict):
            raise self.bad(f"[{'.'.join(keys)}] has to be a table", key)
        return Table(self.path, self.document, keys, values)

    def string(self, key: str) -> str:
        """The string under a key."""
        value = self.values[key]
        if not isinstance(value, str):
            raise self.bad(f"{key} has to be a string", key)
        return value

    def strings(self, key: str) -> Sequence[str]:
        """The strings listed under a key."""
        values = self.values[key]
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self.bad(f"{key} has to be a list of strings", key)
        return values

    def bad(self, reason: str, key: str, item: str = "") -> BadConfig:
        """What is wrong, and in which line."""
        line = self.document.line((*self.keys, key), item)
        return BadConfig(reason, self.path, line)
