"""What a run is asked to do: the configuration, and what its user says over it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datalint.finding import Confidence
from datalint.selection import RULES, PerFile, Selection
from datalint.source.excludes import EXCLUDED_FOLDERS, Excludes

if TYPE_CHECKING:
    from datalint.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a user says beside the configuration; nothing, or None, for what is left to it."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: str | None = None
    baseline: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration with what was said over it."""

    config: Config
    selection: Selection
    excludes: Excludes
    #: The path of the baseline, from the working directory.
    baseline: str | None
    #: Whether anything was said over the configuration.
    is_amended: bool

    def shown(self) -> str:
        """A configuration that would do the same in the same folder, as TOML.

        A comment above it tells where it is from.
        """
        config, exclude = self.config, self.config.exclude
        origins = [config.path] * bool(config.path) + ["the command line"] * self.is_amended
        origin = " and ".join(origins) or "no configuration"
        if exclude is None:
            exclude = tuple(f"{name}/" for name in sorted(EXCLUDED_FOLDERS))
        rules = self.selection.rules()
        values: dict[str, Any] = {
            "select": [rule for rule in RULES if rule in rules],
            "min-confidence": str(self.selection.min_confidence),
            "exclude": exclude,
            "extend-exclude": config.extend_exclude,
            "baseline": self.baseline and _from_folder(config, self.baseline),
        }
        stated = config.stated
        facts = {
            "mutates": [name if at == 0 else f"{name}:{at}" for name, at in stated.mutates],
            "returns-tensor": sorted(stated.returns_tensor),
            "modules": sorted(stated.modules),
        }
        tables = [
            ("[tool.datalint]", values),
            ("[tool.datalint.per-file-ignores]", dict(config.per_file_ignores)),
            ("[tool.datalint.facts]", facts),
        ]
        blocks = [_block(name, table) for name, table in tables if table]
        return f"# from {_text(origin)[1:-1]}\n" + "\n".join(blocks)


def settings(config: Config, said: Said) -> Settings:
    """Put both together; raises `BadSelection`.

    Rules that are selected anew set aside which the file selects and ignores; others are added.
    """
    anew = bool(said.select)
    base = os.path.dirname(config.path)
    selection = Selection(
        said.select if anew else config.select,
        said.extend_select if anew else (*config.extend_select, *said.extend_select),
        said.ignore if anew else (*config.ignore, *said.ignore),
        Confidence(said.min_confidence or config.min_confidence or Confidence.MEDIUM),
        PerFile.read(base, config.per_file_ignores),
    )
    baseline = said.baseline
    if baseline is None and config.baseline is not None:
        from pathlib import Path

        baseline = str(Path(base, config.baseline))
    excludes = Excludes.read(base, config.exclude, config.extend_exclude)
    return Settings(config, selection, excludes, baseline, said != Said())


def _from_folder(config: Config, path: str) -> str:
    """A path from the working directory, as the configuration would name it."""
    from pathlib import Path

    try:
        return Path(os.path.relpath(path, Path(config.path).parent)).as_posix()
    except ValueError:  # on another drive of Windows
        return Path(path).absolute().as_posix()


def _block(name: str, table: dict[str, Any]) -> str:
    """A table without what is not set."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if value is not None]
    return "\n".join([name, *lines, ""])


def _key(key: str) -> str:
    return key if key.replace("-", "").isalpha() and key.isascii() else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    return f"[{', '.join(map(_text, value))}]"


def _text(text: str) -> str:
    """As TOML has it: with the escapes of JSON, and of its own for what a terminal might act on.

    It has none for half of a surrogate pair.
    """
    import json

    quoted = json.dumps(text.encode("utf-8", "backslashreplace").decode(), ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
