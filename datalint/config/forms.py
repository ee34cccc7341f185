"""What may stand in a configuration: the forms of values, how each is read, and its JSON schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from datalint.source.ignores import Line
from datalint.source.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.config.table import Table


class Form(Protocol):
    """What the value of a key may be."""

    def read(self, table: Table, key: str) -> Any:
        """The value under a key that is there; raises `BadConfig`."""
        ...

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema says it."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, table: Table, key: str) -> str:
        word = table.string(key)
        if word not in self.words:
            raise table.bad(f"{key} cannot be {word!r}{did_you_mean(word, self.words)}", key)
        return word

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class File:
    """A path, from the folder of the configuration on."""

    def read(self, table: Table, key: str) -> str:
        path = table.string(key)
        if not re.search(_PATH, path):
            raise table.bad(f"{key} has to name a file", key)
        return path

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": _PATH}


@dataclass(frozen=True, slots=True)
class Words:
    """A list of some words."""

    words: tuple[str, ...]
    #: What one of them is called in a message.
    noun: str
    #: How many there have to be.
    least: int = 0

    def read(self, table: Table, key: str) -> tuple[str, ...]:
        given = table.strings(key)
        if len(given) < self.least:
            raise table.bad(f"{key} has to name a {self.noun}", key)
        for word in given:
            if word not in self.words:
                near = did_you_mean(word, self.words)
                raise table.bad(f"no {self.noun} in {key} is named {word!r}{near}", key, word)
        return tuple(given)

    def schema(self) -> dict[str, Any]:
        items = {"type": "string", "enum": list(self.words)}
        return {"type": "array", "items": items, **({"minItems": self.least} if self.least else {})}


@dataclass(frozen=True, slots=True)
class Matches:
    """A list of strings that a pattern matches as a whole; `such` shows what they look like."""

    pattern: str
    such: str

    def read(self, table: Table, key: str) -> tuple[re.Match[str], ...]:
        found = []
        for text in table.strings(key):
            match = re.fullmatch(self.pattern, text)
            if match is None:
                raise table.bad(f"{text!r} in {key} is not of the form {self.such}", key, text)
            found.append(match)
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        plain = re.sub(r"\(\?P<\w+>", "(?:", self.pattern)
        return {"type": "array", "items": {"type": "string", "pattern": f"^(?:{plain}){_END}"}}


@dataclass(frozen=True, slots=True)
class Patterns:
    """A list of patterns for paths, as `.gitignore` has them."""

    def read(self, table: Table, key: str) -> tuple[str, ...]:
        given = table.strings(key)
        for pattern in given:
            check_pattern(table, key, pattern)
        return tuple(given)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "pattern": _SPEAKS}}


@dataclass(frozen=True, slots=True)
class ByPattern:
    """A table of patterns for paths, each with a list of words."""

    words: Words

    def read(self, table: Table, key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        by_pattern = table.table(key)
        for pattern in by_pattern.values:
            check_pattern(by_pattern, pattern, pattern)
        return tuple((p, self.words.read(by_pattern, p)) for p in by_pattern.values)

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "propertyNames": {"pattern": _SPEAKS},
            "additionalProperties": self.words.schema(),
        }


@dataclass(frozen=True, slots=True)
class Section:
    """A table of keys of its own."""

    keys: Mapping[str, Key]

    def read(self, table: Table, key: str) -> dict[str, Any]:
        return read(table.table(key), self.keys)

    def schema(self) -> dict[str, Any]:
        properties = {
            name: {"description": key.help, **key.form.schema()} for name, key in self.keys.items()
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what its value may be, and what it says, in one line."""

    form: Form
    help: str


def read(table: Table, keys: Mapping[str, Key]) -> dict[str, Any]:
    """By their names, the values of the keys that are there; raises `BadConfig`."""
    table.allow(*keys)
    return {name: keys[name].form.read(table, name) for name in table.values}


#: To Python `$` is before a last line end as well, to the editors that read the schema it is not.
_END = r"(?![\s\S])"
#: No file's name holds a NUL.
_PATH = rf"^[^\x00]+{_END}"
#: A pattern that says something: no blank one, no comment, no slash alone. `./a` and `..` match
#: nothing, nor does `a\b` what Windows calls so: a backslash is for what has a meaning of its own.
#: What is wrong between brackets a schema cannot tell.
_SPEAKS = rf"^(?!#)(?!!?/*\s*$)(?!!?\.{{1,2}}(?:/|$))(?:[^\\\n]|\\[!#*?\[\]\\])+{_END}"


def check_pattern(table: Table, key: str, pattern: str) -> None:
    """Raise `BadConfig` for a pattern that matches nothing or cannot be read."""
    if not (re.search(_SPEAKS, pattern) and Line.read(pattern)):
        raise table.bad(f"{pattern!r} is no pattern for paths", key, pattern)
