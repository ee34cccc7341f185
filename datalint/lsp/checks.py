"""When what is open is judged: after a pause in typing, and only the newest text counts."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_T = TypeVar("_T")

#: Seconds without a change before a text that was changed is judged.
PAUSE = 0.2
#: Bytes of stack: what Python's own limit on recursion is made for. Where a thread gets less of its
#: own, half a megabyte on macOS, the process may die of nesting before that limit is reached.
_STACK = 8 << 20


class Worker:
    """A thread that does one thing after the other."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        usual = threading.stack_size(_STACK)
        threading.Thread(target=self._work, daemon=True).start()
        threading.stack_size(usual)

    def do(self, job: Callable[[], _T]) -> asyncio.Future[_T]:
        """What a job returns or raises; it is left out where nobody waits any more."""
        future: Future[_T] = Future()
        self._jobs.put((future, job))
        return asyncio.wrap_future(future)

    def _work(self) -> None:
        while True:
            future, job = self._jobs.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:  # for whoever waits
                    future.set_exception(error)


class Checks:
    """The checks that are under way, by the URI of the unit."""

    def __init__(
        self, check: Callable[[str], Awaitable[None]], failed: Callable[[BaseException], None]
    ) -> None:
        """`check` judges a unit and publishes; `failed` is told what it raised."""
        self._check, self._failed = check, failed
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def soon(self, uri: str, pause: float = PAUSE) -> None:
        """Judge a unit as it is after a pause; what is under way for it counts no more."""
        self.drop(uri)
        task = self._tasks[uri] = asyncio.create_task(self._after(pause, uri))
        task.add_done_callback(self._done)

    def drop(self, uri: str) -> None:
        """Do not judge a unit any more."""
        if task := self._tasks.pop(uri, None):
            task.cancel()

    async def settled(self, uri: str) -> None:
        """Wait until a unit has been judged as it is."""
        while (task := self._tasks.get(uri)) and not task.done():
            await asyncio.wait({task})

    async def _after(self, pause: float, uri: str) -> None:
        await asyncio.sleep(pause)
        await self._check(uri)

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._failed(error)
