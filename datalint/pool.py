"""Work that several processes share: the biggest first, each answer as soon as it is there.

A pool of the standard library breaks as a whole where one of its processes is killed, and does not
tell over which task. Here each process has a pipe of its own, so that is known, and the others go
on.
"""

from __future__ import annotations

import gc
import heapq
import os
import signal
import sys
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import TracebackType

A = TypeVar("A")

#: For how many bytes that wait a process is started. To fork one takes a few milliseconds, to
#: spawn one about half a second, which begins with importing everything; a file of 100 kB takes
#: as long as that.
_WORTH = {"fork": 50_000, "spawn": 200_000}
#: How many bytes a process is given at once, so that small files do not cost a message each.
_CHUNK = 30_000
#: What a file counts for at the least.
_LEAST = 1_000
#: Windows waits for 63 pipes at most.
_MOST = 60


def available() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Died:
    """What there is instead of an answer where the process was killed, or crashed."""

    #: As `multiprocessing` has it: below 0 the number of a signal.
    exitcode: int


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    #: What it was given and has not answered, in its order.
    tasks: deque[str] = field(default_factory=deque)


class Pool(Generic[A]):
    """Processes for tasks that are paths, with the sizes of their files.

    None is started for a few small files: those are `left` for whoever wanted the work done.
    Forked where that is safe, on Linux, as it is much quicker, and what is imported is in memory
    once; spawned elsewhere. What is to be done, and each answer, has to be picklable.
    """

    def __init__(
        self,
        work: Callable[[str], A],
        limit: int,
        prepare: Callable[[], object] = lambda: None,
        method: Literal["fork", "spawn"] = "fork" if sys.platform == "linux" else "spawn",
    ) -> None:
        """At most `limit` processes do the `work`; before the first is forked, `prepare`."""
        self._work = work
        self._limit = min(limit, _MOST)
        self._prepare = prepare
        self._method = method
        self._started = False
        #: By task what it is sorted by: its size, negative, and how many were put before.
        self._ranks: dict[str, tuple[int, int]] = {}
        self._waiting: list[tuple[int, int, str]] = []
        self._waiting_bytes = 0
        self._workers: list[_Worker] = []

    def put(self, task: str, size: int) -> None:
        """Have something done, some time."""
        self._ranks[task] = -max(size, _LEAST), len(self._ranks)
        self._wait(task)
        self._hand_out()

    def answers(self, *, all_of_them: bool) -> Iterator[tuple[str, A | Died]]:
        """What was answered since the last time, or that and all that there is to come."""
        from multiprocessing.connection import wait

        while busy := {worker.connection: worker for worker in self._workers if worker.tasks}:
            heard = wait(list(busy), None if all_of_them else 0)
            if not heard:
                return
            for connection, worker in busy.items():
                if connection in heard:
                    yield self._hear(worker)
            self._hand_out()

    def left(self) -> list[str]:
        """What no process was started for, in the order in which it was put."""
        return [task for *_, task in sorted(self._waiting, key=lambda waiting: waiting[1])]

    def __enter__(self) -> Pool[A]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all processes, whatever they are at."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
        self._workers.clear()

    def _wait(self, task: str) -> None:
        heapq.heappush(self._waiting, (*self._ranks[task], task))
        self._waiting_bytes -= self._ranks[task][0]

    def _chunk(self) -> list[str]:
        chunk: list[str] = []
        size = 0
        while self._waiting and size < _CHUNK:
            negative, _, task = heapq.heappop(self._waiting)
            chunk.append(task)
            size -= negative
        self._waiting_bytes -= size
        return chunk

    def _hand_out(self) -> None:
        """Start processes if there is enough to do; give something to those with nothing."""
        self._hire()
        for worker in [worker for worker in self._workers if not worker.tasks]:
            if chunk := self._chunk():
                worker.tasks.extend(chunk)
                with suppress(OSError):  # That it is gone is heard when it does not answer.
                    worker.connection.send(chunk)

    def _hear(self, worker: _Worker) -> tuple[str, A | Died]:
        try:
            answer: A | Died = worker.connection.recv()
        except (EOFError, OSError):
            task = worker.tasks.popleft()
            return task, self._lose(worker)
        return worker.tasks.popleft(), answer

    def _lose(self, worker: _Worker) -> Died:
        """Leave to others what a process that is gone did not come to."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join()
        for task in worker.tasks:
            self._wait(task)
        return Died(worker.process.exitcode or 0)

    def _hire(self) -> None:
        """Start a process for every so many bytes that wait, and at first no fewer than two."""
        wanted = min(self._waiting_bytes // _WORTH[self._method], self._limit)
        if self._started:
            wanted = max(wanted, bool(self._waiting))
        elif wanted < 2:
            return
        elif self._method == "fork":
            self._prepare()
        self._started = True
        while len(self._workers) < min(wanted, self._limit):
            self._start()

    def _start(self) -> None:
        import multiprocessing

        context = multiprocessing.get_context(self._method)
        ours, theirs = context.Pipe()
        # A fork has all that is open; a pipe ends only when nobody has its other end any more.
        others = [worker.connection for worker in self._workers] + [ours]
        given = theirs, self._work, others if self._method == "fork" else []
        # typeshed knows of no `Process` in the class that all contexts are of.
        process = context.Process(target=_serve, args=given, daemon=True)  # type: ignore[attr-defined]
        try:
            with _interrupts_held():
                process.start()
        except OSError:  # There may be no more of them: those that there are have to do.
            self._limit = len(self._workers)
            ours.close()
        else:
            self._workers.append(_Worker(process, ours))
        theirs.close()


def _serve(
    connection: Connection, work: Callable[[str], object], others: Sequence[Connection]
) -> None:
    """Do what comes in, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent, interrupted too, ends this process.
    gc.freeze()  # What is shared with the parent stays so as long as nobody touches it.
    for other in others:
        other.close()
    while True:
        try:
            tasks = connection.recv()
        except (EOFError, OSError):
            return
        for task in tasks:
            answer = work(task)
            try:
                connection.send(answer)
            except OSError:
                return


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started in here cannot be interrupted before it has said that it will not.

    Windows has no such thing.
    """
    if sys.platform == "win32":
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
