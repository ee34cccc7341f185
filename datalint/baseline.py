"""The baseline: a file of findings that are known, and what of a run is not among them.

It names a finding by its `Key`, paths from the folder that it is in, and says how many there are of
each, so that it can be read in review and holds wherever the repository is cloned to.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from datalint.finding import Confidence
from datalint.refusal import Refusal
from datalint.source.fingerprint import Key, keys
from datalint.write import NotWritten, create

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from datalint.finding import Finding
    from datalint.selection import Selection
    from datalint.source.text import Text

#: Where findings are recorded if no file is named.
DEFAULT_FILE = "datalint-baseline.json"
_VERSION = 1


class BadBaseline(Refusal):
    """A file that is no baseline, or cannot be read or written; the message is one clear line."""


@dataclass(slots=True)
class Baseline:
    """The findings recorded in a file; as a sieve it takes them out."""

    where: ClassVar = "in the baseline"
    file: str
    recorded: Counter[Key]
    #: By path, as the baseline has it, what was found again there.
    _met: dict[str, Counter[Key]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: str, *, may_be_new: bool = False) -> Baseline:
        """What a file records: nothing yet if it `may_be_new`; raises `BadBaseline`."""
        try:
            content = Path(file).read_bytes()
        except FileNotFoundError:
            if not may_be_new:
                told = f"there is no baseline {file}; --write-baseline makes it"
                raise BadBaseline(told) from None
            if not Path(file).parent.is_dir():
                raise BadBaseline(f"there is no folder for the baseline {file}") from None
            return cls(file, Counter())
        except OSError as error:
            raise BadBaseline(f"{file}: cannot be read: {error.strerror or error}") from None
        return cls(file, _recorded(content, file))

    def keep(
        self, path: str, findings: Sequence[Finding], sources: Mapping[str, Text]
    ) -> list[Finding]:
        """The findings of a file that are not recorded."""
        # Of several that look alike those that were assumed least: where only they are shown,
        # they are the ones that were recorded.
        surest = sorted(findings, key=lambda finding: finding.confidence is not Confidence.HIGH)
        met: Counter[Key] = Counter()
        new = []
        for finding, key in zip(surest, self._keys(surest, sources), strict=True):
            if met[key] < self.recorded[key]:
                met[key] += 1
            else:
                new.append(finding)
        self._met[self._name(path)] = met
        return sorted(new, key=lambda finding: finding.order())

    def gone(
        self, checked: Iterable[str], named: Iterable[str], selection: Selection
    ) -> Counter[Key]:
        """What is recorded and was not found again, though it was looked for.

        That is where the rule was selected, and the file either was `checked` or is no longer
        there, below a folder that was `named`.
        """
        missing = self.recorded - sum(self._met.values(), Counter[Key]())
        if not missing:
            return missing
        here = {self._name(path): path for path in checked}
        tops = [Path(path).resolve() for path in named]

        def looked_for(key: Key) -> bool:
            path = here.get(key.path) or self._deleted(key.path, tops)
            return path is not None and key.rule in selection.rules_in(path)

        return Counter({key: number for key, number in missing.items() if looked_for(key)})

    def write(
        self, gone: Counter[Key], new: Iterable[Finding], sources: Mapping[str, Text]
    ) -> None:
        """Record what is `new`, and no longer what is `gone`; raises `BadBaseline`."""
        self.recorded = self.recorded - gone + Counter(self._keys(new, sources))
        try:
            create(self.file, _written(self.recorded))
        except NotWritten as error:
            raise BadBaseline(f"{self.file}: {error}") from None

    def _keys(self, findings: Iterable[Finding], sources: Mapping[str, Text]) -> list[Key]:
        return [key._replace(path=self._name(key.path)) for key in keys(findings, sources)]

    def _name(self, path: str) -> str:
        """What the baseline calls a file, however it was named and from wherever."""
        real = Path(path).resolve()
        try:
            return PurePath(os.path.relpath(real, Path(self.file).resolve().parent)).as_posix()
        except ValueError:  # on another drive
            return real.as_posix()

    def _deleted(self, name: str, tops: Iterable[Path]) -> str | None:
        """The path of a file that is no longer there, if it was below a folder of these."""
        file = Path(os.path.normpath(Path(self.file).resolve().parent / name))
        if file.exists() or not any(file.is_relative_to(top) for top in tops):
            return None
        return str(Path(self.file).parent / name)


def _recorded(content: bytes, file: str) -> Counter[Key]:
    try:
        loaded = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise BadBaseline(f"{file}:{error.lineno}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError):  # no UTF-8, very many digits, very deep
        raise BadBaseline(f"{file} is no baseline of datalint") from None
    if not isinstance(loaded, dict) or not isinstance(loaded.get("findings"), list):
        raise BadBaseline(f"{file} is no baseline of datalint")
    if loaded.get("version") != _VERSION:
        told = f"{file} is a baseline of version {loaded.get('version')!r}"
        raise BadBaseline(f"{told}; this datalint reads version {_VERSION}")
    recorded: Counter[Key] = Counter()
    for number, entry in enumerate(loaded["findings"], 1):
        if not _is_entry(entry):
            raise BadBaseline(
                f"{file}: entry {number} of its findings is not as datalint writes it"
            )
        recorded[Key(*(entry[name] for name in Key._fields))] += entry.get("count", 1)
    return recorded


def _is_entry(entry: Any) -> bool:
    """Whether it names a finding and, unless it is one, how many of them there are."""
    if not isinstance(entry, dict) or not {*Key._fields} <= {*entry} <= {*Key._fields, "count"}:
        return False
    number = entry.get("count", 1)
    named = all(isinstance(entry[name], str) for name in Key._fields)
    return named and isinstance(number, int) and number >= 1


def _written(recorded: Counter[Key]) -> bytes:
    """One finding a line, sorted, so that a change of one is a change of one line."""
    entries = [
        {**key._asdict(), **({"count": number} if number > 1 else {})}
        for key, number in sorted(recorded.items())
    ]
    lines = ",\n".join(f"    {_visible(entry)}" for entry in entries)
    findings = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "version": {_VERSION},\n  "findings": {findings}\n}}\n'.encode()


def _visible(entry: Mapping[str, object]) -> str:
    """As JSON, in which what can be read stands as it is and the rest is escaped."""
    text = json.dumps(entry, ensure_ascii=False)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
