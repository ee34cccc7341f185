"""What holds for a file that is open: the configuration nearest to it, and the client's options."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from datalint.baseline import BadBaseline, Baseline
from datalint.config import BadConfig, Config, find_config
from datalint.finding import Confidence
from datalint.selection import BadSelection, Selection
from datalint.settings import Said, Settings, settings
from datalint.source.near import did_you_mean

_OPTIONS = ("select", "extendSelect", "ignore", "minConfidence")


class BadOptions(Exception):
    """Initialization options that cannot be meant; the message is one clear line."""


def said(options: Any) -> Said:
    """What the client says with its initialization options; raises `BadOptions`."""
    if options is None:
        return Said()
    if not isinstance(options, dict):
        raise BadOptions("the initialization options have to be an object")
    for key in options:
        if key not in _OPTIONS:
            raise BadOptions(f"no option is named {key!r}{did_you_mean(key, _OPTIONS)}")
    select, more, ignore = (_strings(options, key) for key in _OPTIONS[:3])
    confidence = options.get("minConfidence")
    if confidence is not None and confidence not in list(Confidence):
        words = " or ".join(map(repr, map(str, Confidence)))
        raise BadOptions(f"minConfidence is {words}")
    try:
        Selection(select, more, ignore)
    except BadSelection as error:
        raise BadOptions(str(error)) from None
    return Said(select=select, extend_select=more, ignore=ignore, min_confidence=confidence)


def _strings(options: dict[str, Any], key: str) -> tuple[str, ...]:
    value = options.get(key) or []
    if not isinstance(value, list) or not all(isinstance(rule, str) for rule in value):
        raise BadOptions(f"{key} has to be a list of rules")
    return tuple(value)


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for one file."""

    settings: Settings
    #: The findings that are known, where the configuration names a file of them.
    baseline: Baseline | None = None
    #: What is wrong with the configuration; then the last one that was right holds.
    error: BadConfig | None = None


@dataclass(slots=True)
class Nearest:
    """What holds for each file; the configuration is read whenever it is asked for."""

    #: What the client says over every configuration.
    said: Said = field(default_factory=Said)
    #: By the folder, what held when it was last asked for and right.
    _right: dict[str, Setting] = field(default_factory=dict)

    def of(self, path: str) -> Setting:
        """What holds for the file at a path; for what is in no file, the client's options."""
        if not Path(path).is_absolute():
            return self._without()
        folder = str(Path(path).parent)
        try:
            self._right[folder] = self._read(folder)
        except BadConfig as error:
            return replace(self._right.get(folder) or self._without(), error=error)
        return self._right[folder]

    def _without(self) -> Setting:
        return Setting(settings(Config(), self.said))

    def _read(self, folder: str) -> Setting:
        config = find_config(folder=folder)
        try:
            held = settings(config, self.said)
            return Setting(held, Baseline.read(held.baseline) if held.baseline else None)
        except (BadSelection, BadBaseline) as error:
            raise BadConfig(str(error), config.path) from None
