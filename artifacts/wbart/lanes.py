"""Lanes: background work in which each lane does one thing after the other, in the order given."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Condition

from wbart_storage.workers import Workers


class Lanes:
    """A bounded pool of threads; a lane never has more than one of them at a time."""

    def __init__(self, threads: int) -> None:
        self._executor = Workers(threads, "wbart-lane")
        self._waiting: dict[Hashable, deque[Callable[[], None]]] = {}
        self._changed = Condition()

    def submit(self, lane: Hashable, work: Callable[[], None], future: Future[None]) -> None:
        """Do work once everything before it in its lane is done; future tells how it ended."""

        def run() -> None:
            try:
                work()
            except BaseException as error:
                # Not swallowed: it is raised to whoever asks the future.
                future.set_exception(error)
            else:
                future.set_result(None)

        with self._changed:
            idle = lane not in self._waiting
            self._waiting.setdefault(lane, deque()).append(run)
            if idle:
                self._executor.submit(self._drain, lane)

    def close(self) -> None:
        """Wait until all lanes are empty, and let the threads go."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)
        self._executor.shutdown()

    def _drain(self, lane: Hashable) -> None:
        while True:
            with self._changed:
                queue = self._waiting[lane]
                if not queue:
                    del self._waiting[lane]
                    self._changed.notify_all()
                    return
                work = queue.popleft()
            work()
