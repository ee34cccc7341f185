"""How a fixture is written: one runnable file, its markers at the ends of the lines they judge.

    # expect: rule       the default rules report `rule` here, where the `.data` expression starts
    # expect-all: rule   an opt-in rule reports here; then all rules are judged, on every line
    # missing: rule      `rule` should report here and does not yet: fails once it does
    # spurious: rule     `rule` reports here and should not: fails once it does not
    # raises: MOD        PyTorch itself notices the write
    # no effect          dropping the statement changes nothing
    # out of reach: why  the gradient is wrong, and no default rule is meant to see it
    # hit: why           what was saved is written, and the gradient is right all the same
    # quiet: why         nothing to report, and why one might think otherwise
    # cure: statement    what to write instead of this statement
    # truth: clone       saved where hooks cannot see it: the truth is the run that writes to a copy

`run()` returns gradients. What stands below the line of drivers is run and not linted: where harm
depends on who calls, `harmful()` and `harmless()` stand there instead of `run()`.
"""

from __future__ import annotations

import ast
import enum
import io
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
DRIVERS = "# --- drivers (not linted) ---"

#: A rule and the row it is reported on, as often as it is.
Reports = Counter[tuple[int, str]]

_KINDS = "expect-all|expect|missing|spurious|raises|no effect|out of reach|hit|quiet|cure|truth"
_MARKER = re.compile(rf"({_KINDS})(?:: *(.+))?")


class State(enum.StrEnum):
    """What PyTorch makes of a fixture."""

    WRONG = "wrong"
    RIGHT = "right"
    RAISES = "raises MOD"
    NO_EFFECT = "no effect"
    OUT_OF_REACH = "out of reach"


@dataclass(frozen=True)
class Marker:
    """`# kind: text` at the end of a row."""

    row: int
    kind: str
    text: str


@dataclass(frozen=True)
class FixtureCase:
    """One fixture: where it is and what it says."""

    path: Path
    source: str

    @property
    def name(self) -> str:
        """Its path below `fixtures/`, without the suffix."""
        return self.path.relative_to(FIXTURES).with_suffix("").as_posix()

    @property
    def topic(self) -> str:
        """The folder it is in."""
        return self.path.relative_to(FIXTURES).parts[0]

    @property
    def story(self) -> str:
        """The docstring, on one line."""
        return " ".join((ast.get_docstring(ast.parse(self.source)) or "").split())

    @cached_property
    def markers(self) -> tuple[Marker, ...]:
        """All markers, in order."""
        tokens = tokenize.generate_tokens(io.StringIO(self.source).readline)
        return tuple(
            Marker(token.start[0], match[1], (match[2] or "").strip())
            for token in tokens
            if token.type == tokenize.COMMENT
            for piece in token.string.split("#")
            if (match := _MARKER.fullmatch(piece.strip()))
        )

    def marked(self, kind: str) -> tuple[Marker, ...]:
        """The markers of `kind`."""
        return tuple(marker for marker in self.markers if marker.kind == kind)

    def reports(self, *kinds: str) -> Reports:
        """Rows and rules of the markers of `kinds`."""
        return Counter(
            (marker.row, rule.strip())
            for marker in self.markers
            if marker.kind in kinds
            for rule in marker.text.split(",")
        )

    @property
    def rules(self) -> set[str]:
        """The rules expected among the default ones, reported yet or not."""
        return {rule for _, rule in self.reports("expect", "missing")}

    @property
    def rows(self) -> set[int]:
        """The rows where a harmful `.data` starts."""
        return {row for row, _ in self.reports("expect", "missing")}

    @property
    def cures(self) -> dict[int, str]:
        """By row, the statement to write instead."""
        return {marker.row: marker.text for marker in self.marked("cure")}

    @property
    def entries(self) -> tuple[str, ...]:
        """What is run; where harm depends on who calls, a harmful and a harmless driver."""
        return ("harmful", "harmless") if "\ndef harmful(" in self.source else ("run",)

    @property
    def linted(self) -> bytes:
        """What the linter is shown."""
        return self.source.partition(DRIVERS)[0].encode()

    @property
    def state(self) -> State:
        """What the markers say PyTorch will make of it."""
        kinds = {marker.kind for marker in self.markers}
        if "raises" in kinds:
            return State.RAISES
        if "no effect" in kinds:
            return State.NO_EFFECT
        if kinds & {"missing", "out of reach"}:
            return State.OUT_OF_REACH
        return State.WRONG if "expect" in kinds else State.RIGHT


def load(path: Path) -> FixtureCase:
    """The fixture at `path`."""
    path = path.resolve()
    return FixtureCase(path, path.read_text(encoding="utf-8"))


def all_cases() -> list[FixtureCase]:
    """Every fixture, in the order of their names.

    A folder with a `main.py` is one, and its other files are what that imports.
    """
    paths = sorted(FIXTURES.rglob("*.py"))
    several = {path.parent for path in paths if path.name == "main.py"}
    return [
        load(path)
        for path in paths
        if path.name == "main.py" or not several.intersection(path.parents)
    ]
