"""What holds for a file that is open: the client's options, and the configuration nearest to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datalint.config import BadConfig, Config, nearest_config
from datalint.finding import Confidence
from datalint.selection import BadSelection, Selection
from datalint.source.near import did_you_mean

_RULES = {"select": "select", "extendSelect": "extend_select", "ignore": "ignore"}
_CONFIDENCE = "minConfidence"


class BadOptions(Exception):
    """Initialization options that cannot be meant; the message is one clear line."""


def selection_of(options: Any) -> Selection:
    """What the client selects with its initialization options; raises `BadOptions`."""
    if options is None:
        return Selection()
    if not isinstance(options, dict):
        raise BadOptions("the initialization options have to be an object")
    known = (*_RULES, _CONFIDENCE)
    for key in options:
        if key not in known:
            raise BadOptions(f"no option is named {key!r}{did_you_mean(str(key), known)}")
    try:
        return Selection(
            **{ours: _strings(options, key) for key, ours in _RULES.items()},
            min_confidence=_confidence(options.get(_CONFIDENCE)),
        )
    except BadSelection as error:
        raise BadOptions(str(error)) from None


def _strings(options: dict[str, Any], key: str) -> tuple[str, ...]:
    value = options.get(key) or []
    if not isinstance(value, list) or not all(isinstance(rule, str) for rule in value):
        raise BadOptions(f"{key} has to be a list of rules")
    return tuple(value)


def _confidence(value: Any) -> Confidence:
    if value is None:
        return Confidence.MEDIUM
    if value not in list(Confidence):
        raise BadOptions(f"{_CONFIDENCE} is {' or '.join(map(repr, map(str, Confidence)))}")
    return Confidence(value)


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for one file."""

    selection: Selection
    config: Config
    #: What is wrong with the configuration; then `config` is the last one that was right.
    error: BadConfig | None = None


@dataclass(slots=True)
class Settings:
    """What holds for each file; the configuration is read whenever it is asked for."""

    selection: Selection = field(default_factory=Selection)
    _last: dict[Path, Config] = field(default_factory=dict)

    def of(self, path: str) -> Setting:
        """What holds for the file at a path; for what is in no file, the client's options."""
        if not Path(path).is_absolute():
            return Setting(self.selection, Config())
        folder = Path(path).parent
        try:
            self._last[folder] = nearest_config(folder)
        except BadConfig as error:
            return Setting(self.selection, self._last.get(folder, Config()), error)
        return Setting(self.selection, self._last[folder])
