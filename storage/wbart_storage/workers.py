"""Threads that end with the process, whenever somebody presses Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers(Executor):
    """A pool of threads that may be left open, for `shutdown` or the end of the process to end.

    Ctrl-C may come while a thread is being started. ThreadPoolExecutor does not know that thread
    then, tells it nothing at the end, and Python waits for it for ever.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._named = threads, name
        self._pool = ThreadPoolExecutor(*self._named)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As `Executor.submit`."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except (KeyboardInterrupt, SystemExit):
            # Its threads find out from the queue that they are not wanted any more.
            self._pool.shutdown(wait=False)
            self._pool = ThreadPoolExecutor(*self._named)
            raise

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `Executor.shutdown`; what is submitted after it is a RuntimeError."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
