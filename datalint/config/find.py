"""Where the configuration is looked for, and what becomes of a file that holds one.

It is the table `[tool.datalint]` of the nearest pyproject.toml that has one, from a folder
upwards. The search ends with the folder that is a git repository: what lies above was written for
other projects, and a clone elsewhere would not have it.
"""

from __future__ import annotations

import os

from datalint.config.config import BadConfig, Config
from datalint.source.near import near_path


def find_config(named: str | None = None, folder: str | None = None) -> Config:
    """The configuration in the file that the user names, or that of a folder.

    The folder is the working directory unless another is given. Raises `BadConfig`.
    """
    return _nearest(folder) if named is None else _named(named)


def _nearest(start: str | None) -> Config:
    try:
        folder = os.path.abspath(start or os.curdir)
    except FileNotFoundError:
        return Config()  # it was deleted, and with it went where it lay
    while True:
        file = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(file):
            found = _read(os.path.relpath(file) if start is None else file)
            if found is not None:
                return found
        above = os.path.dirname(folder)
        if above == folder or os.path.exists(os.path.join(folder, ".git")):
            return Config()
        folder = above


def _named(path: str) -> Config:
    if not os.path.lexists(path):
        near = near_path(path, (".toml",))
        hint = f"; did you mean {near}?" if near else ""
        raise BadConfig(f"no such file: {path}{hint}")
    found = _read(path)
    if found is None:
        raise BadConfig("there is no [tool.datalint] in it", path)
    return found


def _read(path: str) -> Config | None:
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise BadConfig(f"cannot be read: {error.strerror}", path) from None
    if b"datalint" not in source:
        return None  # and what else may be wrong with it is for others to say
    from datalint.config.forms import read
    from datalint.config.keys import KEYS, config
    from datalint.config.table import Table
    from datalint.source import toml

    try:
        document = toml.parse(source)
    except toml.BadToml as error:
        reason = f"not TOML: {error.reason}"
        raise BadConfig(reason, path, error.line, error.column) from None
    tools = document.tables.get("tool")
    if not isinstance(tools, dict) or "datalint" not in tools:
        return None
    table = Table(path, document, ("tool",), tools).table("datalint")
    return config(path, read(table, KEYS))
