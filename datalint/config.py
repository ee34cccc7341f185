"""The user's configuration: where it is looked for, what may stand in it, what is wrong with it.

It is the table `[tool.datalint]` of the nearest pyproject.toml that has one, from the working
directory upwards. The search ends with the folder that is a git repository: what lies above was
written for other projects, and a clone elsewhere would not have it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.ops.stated import NOTHING_STATED, Stated
from datalint.source import toml
from datalint.source.near import did_you_mean, near_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datalint.ops.stated import Place

_NAME = r"[^\W\d]\w*"
_DOTTED = re.compile(rf"{_NAME}(?:\.{_NAME})*")
_MUTATION = re.compile(rf"(?P<function>{_DOTTED.pattern})(?::(?:(?P<at>\d+)|(?P<by>{_NAME})))?")


class BadConfig(Exception):
    """A configuration that cannot be what its user meant; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the user configured, and the file in which it stands, if there is one."""

    path: str = ""
    stated: Stated = NOTHING_STATED


def find_config(named: str | None = None) -> Config:
    """The configuration in the file that the user names, or that of the working directory."""
    return _nearest() if named is None else _named(named)


def _nearest() -> Config:
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return Config()  # it was deleted, and with it went where it lay
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            config = _read(os.path.relpath(file))
            if config is not None:
                return config
        if (folder / ".git").exists():
            break
    return Config()


def _named(path: str) -> Config:
    if not os.path.lexists(path):
        near = near_path(path, (".toml",))
        hint = f"; did you mean {near}?" if near else ""
        raise BadConfig(f"no such file: {path}{hint}")
    config = _read(path)
    if config is None:
        raise BadConfig(f"{path}: there is no [tool.datalint] in it")
    return config


def _read(path: str) -> Config | None:
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        raise BadConfig(f"{path}: cannot be read: {error.strerror}") from None
    if b"datalint" not in source:
        return None  # and what else may be wrong with it is for others to say
    try:
        document = toml.parse(source)
    except toml.BadToml as error:
        place = f"{path}:{error.line}:{error.column}"
        raise BadConfig(f"{place}: not TOML: {error.reason}") from None
    tools = document.tables.get("tool")
    if not isinstance(tools, dict) or "datalint" not in tools:
        return None
    return _config(_Table(path, document, ("tool",), tools).table("datalint"))


def _config(table: _Table) -> Config:
    table.allow("facts")
    return Config(table.path, _stated(table.table("facts")))


def _stated(facts: _Table) -> Stated:
    facts.allow("mutates", "returns-tensor", "modules")
    return Stated(
        tuple(_mutation(m) for m in facts.matches("mutates", _MUTATION, '"f", "f:1" or "f:out"')),
        frozenset(m[0] for m in facts.matches("returns-tensor", _DOTTED, '"f" or "mylib.ops.f"')),
        frozenset(m[0] for m in facts.matches("modules", _DOTTED, '"Base" or "mylib.Base"')),
    )


def _mutation(match: re.Match[str]) -> tuple[str, Place]:
    return match["function"], match["by"] or int(match["at"] or 0)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a file, and the keys that lead to it: each of its values is checked when read."""

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

    def table(self, key: str) -> _Table:
        """The table under a key; an empty one where there is none."""
        values = self.values.get(key, {})
        keys = (*self.keys, key)
        if not isinstance(values, dict):
            raise self.bad(f"[{'.'.join(keys)}] has to be a table", key)
        return _Table(self.path, self.document, keys, values)

    def strings(self, key: str) -> Sequence[str]:
        """The strings listed under a key."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self.bad(f"{key} has to be a list of strings", key)
        return values

    def matches(self, key: str, form: re.Pattern[str], such: str) -> list[re.Match[str]]:
        """The strings listed under a key, each of which has a form."""
        found = []
        for text in self.strings(key):
            match = form.fullmatch(text)
            if match is None:
                raise self.bad(f"{text!r} in {key} is not of the form {such}", key, text)
            found.append(match)
        return found

    def bad(self, reason: str, key: str, item: str = "") -> BadConfig:
        """What is wrong, and in which line."""
        line = self.document.line((*self.keys, key), item)
        return BadConfig(f"{self.path}:{line}: {reason}")
