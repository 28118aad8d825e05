"""Many calls under way at once, their results in order, and no more in memory than is allowed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, as_completed, wait
from contextlib import contextmanager
from threading import Condition
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_flight(
    executor: Executor,
    call: Callable[[_Item], _Result],
    items: Iterable[_Item],
    most: int,
    *,
    patient: bool = True,
) -> Iterator[_Result]:
    """Yield call(item) for each in order, with at most `most` begun and not yet yielded.

    The first error ends it, as does who stops to listen: nothing new is begun, and what is under
    way has ended before this does, if it is patient. What users iterate must not be: Python may
    end it while it looks for cycles, and a wait at such a moment may be for ever.
    """
    under_way: deque[Future[_Result]] = deque()
    try:
        for item in items:
            under_way.append(executor.submit(call, item))
            if len(under_way) >= most:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for each in under_way:
            each.cancel()
        if patient:
            wait(under_way)


def as_done(
    executor: Executor, call: Callable[[_Item], _Result], items: Iterable[_Item], most: int
) -> Iterator[_Result]:
    """As `in_flight`, but each result as soon as it is there: a slow call holds up no other."""
    under_way: set[Future[_Result]] = set()
    try:
        for item in items:
            under_way.add(executor.submit(call, item))
            if len(under_way) >= most:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for each in done:
                    yield each.result()
        for each in as_completed(under_way):
            yield each.result()
    finally:
        for each in under_way:
            each.cancel()
        wait(under_way)


class Room:
    """Bytes of memory that threads share: who takes some waits until they are free."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._changed = Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Hold size bytes for the block, or all where it asks for more."""
        size = min(size, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()
