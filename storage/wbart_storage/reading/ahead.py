"""Reading a large object in order, with ranges under way ahead of whoever uses the bytes.

What is used is always a prefix: so that whoever writes it down can go on from there after a
crash, and hash as it comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import BoundedSemaphore

READ = 8 << 20
"""Bytes that are asked of a store at once."""
AHEAD = 8
"""Ranges under way, for all readers of the process together, beyond the one that each needs."""

_spare = BoundedSemaphore(AHEAD)

ReadRange = Callable[[int, int], bytes]
"""Reads an object from start to end; fewer bytes at its end."""


def ahead(read: ReadRange, start: int, size: int, step: int = READ) -> Iterator[bytes]:
    """Yield the bytes of an object from start on, step at a time, up to size or its end.

    Ends early with the first piece that is shorter than was asked. What read raises comes when
    its piece is due; nothing is under way any more when this has ended.
    """
    if size - start <= step:
        if start < size:
            yield read(start, size)
        return
    # Threads of its own: they cost nothing beside such a read, and a fork leaves none behind.
    with ThreadPoolExecutor(AHEAD, "wbart-ahead") as executor:
        window = _Window(executor, read, range(start, size, step), size)
        try:
            yield from window.pieces()
        finally:
            window.close()


class _Window:
    """The ranges of one reader that are under way, in order."""

    def __init__(
        self, executor: ThreadPoolExecutor, read: ReadRange, starts: range, size: int
    ) -> None:
        self._executor = executor
        self._read = read
        self._starts = deque(starts)
        self._step = starts.step
        self._size = size
        self._under_way: deque[tuple[Future[bytes], int, bool]] = deque()

    def pieces(self) -> Iterator[bytes]:
        self._fill()
        while self._under_way:
            future, asked, _ = self._under_way[0]
            data = future.result()
            self._drop()
            if len(data) == asked:
                self._fill()
            yield data
            if len(data) < asked:
                return

    def close(self) -> None:
        for future, _, _ in self._under_way:
            future.cancel()
        wait([future for future, _, _ in self._under_way])
        while self._under_way:
            self._drop()

    def _fill(self) -> None:
        while self._starts:
            is_spare = bool(self._under_way)
            if is_spare and not _spare.acquire(blocking=False):
                return
            start = self._starts.popleft()
            end = min(start + self._step, self._size)
            future = self._executor.submit(self._read, start, end)
            self._under_way.append((future, end - start, is_spare))

    def _drop(self) -> None:
        _, _, is_spare = self._under_way.popleft()
        if is_spare:
            _spare.release()
