"""What a command takes: seconds by the clock and of the processors, and memory of all it starts."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Seconds from one look at the memory to the next, at first and at the most.
_SHORT, _LONG = 0.005, 0.1


class Failed(Exception):
    """A command that did not do what is measured; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its words, and what stands for its standard input."""

    words: Sequence[str]
    stdin: Path = Path(os.devnull)
    #: Exit codes that tell of findings, not of a failure.
    good: frozenset[int] = frozenset({0, 1})
    #: What is said at the end of a run, whatever could not be read in it.
    done: str = ""

    def start(self, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """A process of it, whose output goes into a file in `folder`."""
        with self.stdin.open("rb") as given, (folder / "output").open("wb") as output:
            return subprocess.Popen(
                self.words,
                stdin=given,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
            )

    def check(self, exit_code: int, folder: Path) -> None:
        """Raise `Failed` for a run that did not end well."""
        if exit_code not in self.good:
            said = (folder / "output").read_text("utf-8", "replace")
            if not self.done or self.done not in said:
                raise Failed(f"{' '.join(self.words)} ended with {exit_code}: {said[-500:]}")


@dataclass(slots=True)
class Costs:
    """What the runs of one command took."""

    #: Seconds by the clock, and of processors, a number for each run.
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    #: The most bytes that all its processes had together; 0 where it was gone before a look.
    peak: int = 0

    def take_time(self, command: Command, folder: Path, environment: Mapping[str, str]) -> None:
        """Run it once more, by the clock; raises `Failed`."""
        start = time.perf_counter()
        process = command.start(folder, environment)
        _, status, usage = os.wait4(process.pid, 0)  # with all processes that it waited for
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        command.check(process.returncode, folder)
        self.wall.append(wall)
        self.cpu.append(usage.ru_utime + usage.ru_stime)

    def take_memory(self, command: Command, folder: Path, environment: Mapping[str, str]) -> None:
        """Run it beside the clock, as to look at its memory takes time; raises `Failed`."""
        process = command.start(folder, environment)
        top = psutil.Process(process.pid)
        pause = _SHORT
        while process.poll() is None:
            self.peak = max(self.peak, _memory(top))
            time.sleep(pause)
            pause = min(pause * 1.05, _LONG)  # a look takes its time as well
        command.check(process.returncode, folder)

    def over(self, other: Costs) -> tuple[float, float, float]:
        """How many times as much clock, processor and memory it takes as another.

        Of times that is the median over the rounds, in each of which both ran: what slows down the
        machine for a while slows down both.
        """
        return (
            median(mine / its for mine, its in zip(self.wall, other.wall, strict=True)),
            median(mine / its for mine, its in zip(self.cpu, other.cpu, strict=True)),
            self.peak / (other.peak or nan),
        )


def _memory(top: psutil.Process) -> int:
    """What a process and those below it have: pages that several share are counted once."""
    found = 0
    try:
        for process in (top, *top.children(recursive=True)):
            held = process.memory_full_info()
            found += getattr(held, "pss", held.uss)  # Linux tells the first
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        pass  # One ended meanwhile: the look before this one holds.
    return found
