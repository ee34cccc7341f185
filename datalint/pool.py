"""Files that several processes share: the biggest first, each answer as soon as it is there.

A pool of the standard library breaks as a whole where one of its processes is killed, and does not
tell over what. Here each process has a pipe of its own, so that is known, and the others go on.
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
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import TracebackType

A = TypeVar("A")

#: For how many bytes that wait a process is started: what takes about as long to judge as the
#: start takes. A fork takes some 5 ms; what is spawned begins with importing all, for 0.4 s.
_WORTH = {"fork": 50_000, "spawn": 200_000}
#: How many bytes a process is given at once, so that small files do not cost a message each.
_CHUNK = 30_000
#: How many bytes may wait, so that not all files of a run are in memory.
_HELD = 32_000_000
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


class _Task(NamedTuple):
    """In the order in which they are done: the biggest first, else as they came."""

    negative_size: int
    number: int
    path: str
    source: bytes


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    #: What it was given and has not answered, in its order.
    tasks: deque[_Task] = field(default_factory=deque)


class Pool(Generic[A]):
    """Processes that do the same work on many files.

    None is started for a few small files: these are `left` to whoever wanted the work done. They
    are forked on Linux, which is quick, and what was imported is in memory once; elsewhere that is
    not safe, and they are spawned. What is to be done, and each answer, is pickled.
    """

    def __init__(
        self,
        work: Callable[[bytes, str], A],
        limit: int,
        prepare: Callable[[], object] = lambda: None,
        method: Literal["fork", "spawn"] = "fork" if sys.platform == "linux" else "spawn",
    ) -> None:
        """At most `limit` processes do the `work`, which does not raise.

        What it needs is imported by `prepare`, once, before the first process is forked.
        """
        self._work = work
        self._limit = min(limit, _MOST)
        self._prepare = prepare
        self._method = method
        self._count = 0
        self._waiting: list[_Task] = []
        self._waiting_bytes = 0
        self._workers: list[_Worker] = []
        self._started = False

    def put(self, path: str, source: bytes) -> None:
        """Have something done, some time."""
        self._wait(_Task(-max(len(source), _LEAST), self._count, path, source))
        self._count += 1
        self._hand_out()

    def answers(self, *, all_of_them: bool) -> Iterator[tuple[str, A | Died]]:
        """What was answered since the last time, or that and all that there is to come."""
        if not self._workers:
            return
        from multiprocessing.connection import wait

        while busy := {worker.connection: worker for worker in self._workers if worker.tasks}:
            patient = all_of_them or self._waiting_bytes > _HELD
            heard = wait(list(busy), None if patient else 0)
            if not heard:
                return
            for connection, worker in busy.items():
                if connection in heard:
                    yield self._hear(worker)
            self._hand_out()

    def left(self) -> dict[str, bytes]:
        """What no process was there for."""
        return {task.path: task.source for task in self._waiting}

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

    def _wait(self, task: _Task) -> None:
        heapq.heappush(self._waiting, task)
        self._waiting_bytes -= task.negative_size

    def _chunk(self) -> list[_Task]:
        chunk: list[_Task] = []
        size = 0
        while self._waiting and size < _CHUNK:
            chunk.append(heapq.heappop(self._waiting))
            size -= chunk[-1].negative_size
        self._waiting_bytes -= size
        return chunk

    def _hand_out(self) -> None:
        """Start processes if there is enough to do; give something to those with nothing."""
        self._hire()
        for worker in [worker for worker in self._workers if not worker.tasks]:
            if chunk := self._chunk():
                worker.tasks.extend(chunk)
                with suppress(OSError):  # That it is gone is heard when it does not answer.
                    worker.connection.send([(task.source, task.path) for task in chunk])

    def _hear(self, worker: _Worker) -> tuple[str, A | Died]:
        try:
            answer: A | Died = worker.connection.recv()
        except (EOFError, OSError):
            task = worker.tasks.popleft()
            return task.path, self._lose(worker)
        return worker.tasks.popleft().path, answer

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
    connection: Connection, work: Callable[[bytes, str], object], others: Sequence[Connection]
) -> None:
    """Do what comes in, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent, interrupted too, ends this process.
    gc.freeze()  # What is shared with the parent stays so as long as nobody touches it.
    for other in others:
        other.close()
    while True:
        try:
            files = connection.recv()
        except (EOFError, OSError):
            return
        for source, path in files:
            answer = work(source, path)
            try:
                connection.send(answer)
            except OSError:
                return


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started in here cannot be interrupted before it has said so itself.

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
