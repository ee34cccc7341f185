"""A program run under the witness; if it corrupts a gradient, run again to see where it writes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.runtime import watch
from datalint.runtime.corruption import Corruption, dump, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datalint.runtime.program import Program


@dataclass(frozen=True, slots=True)
class Watched:
    """How a program ended, and what it was seen to corrupt."""

    code: int
    #: With those that are known to have changed no gradient.
    observed: tuple[Corruption, ...]
    #: What kept the second run from saying more, in a few words; empty where nothing did.
    doubt: str = ""

    @property
    def corruptions(self) -> list[Corruption]:
        """Those that made a gradient wrong, as far as is known."""
        return [corruption for corruption in self.observed if not corruption.harmless]

    def record(self, file: str) -> None:
        """Write what was observed for the process that started this one."""
        Path(file).write_text(dump(self.observed), "utf-8")


def first(program: Program, *, trace: bool) -> Watched:
    """Run it in this process; raises `BadProgram`."""
    with watch(trace=trace) as witness:
        code = program.run()
    return Watched(code, tuple(witness.observed))


def second(program: Program, before: Watched) -> Watched:
    """Run it once more in a process of its own, traced, and say more of what was seen before.

    Nobody hears it, and it is given no standard input. What it does not do again stays as it was.
    """
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record"
        done = subprocess.run(
            [*_COMMAND, "--trace", "--record", str(record), *program.words()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        try:
            observed = load(record.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return replace(before, doubt=f"run again, it ended with exit code {done.returncode}")
    traced = [told for seen in before.observed for told in _told(seen, observed)]
    doubt = "" if all(map(_is_told, traced)) else "run again, it did not do all of it"
    return replace(before, observed=tuple(dict.fromkeys(traced)), doubt=doubt)


#: How to start this program again.
_COMMAND = (sys.executable, "-m", "datalint", "run")


def _told(seen: Corruption, observed: Sequence[Corruption]) -> list[Corruption]:
    """What the second run says of what the first one saw, as it may have several causes."""
    told = [corruption for corruption in observed if _key(corruption) == _key(seen)]
    return told or [seen]


def _key(corruption: Corruption) -> tuple[object, ...]:
    return (
        corruption.kind,
        corruption.node,
        corruption.result,
        corruption.saved,
        corruption.backward,
    )


def _is_told(corruption: Corruption) -> bool:
    return bool(corruption.written or corruption.gradients or corruption.harmless)
