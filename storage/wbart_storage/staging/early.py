"""Packs on their way into a distant store while more files are still being taken in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition
from typing import NamedTuple

from wbart_storage.keys import pack_key
from wbart_storage.staging.sending import LARGE, Staged
from wbart_storage.workers import Workers

AT_ONCE = 2
"""Packs under way; those who take files in want memory and processors, too."""


class Sent(NamedTuple):
    """A pack that is in the store; key is empty if it was there before."""

    key: str
    size: int


class Early:
    """Sends each pack as soon as it is closed. Serves one thread, and uses several itself.

    What cannot be sent stays where it is staged, for who publishes: he may wait, and raise. After
    the first error nothing more is begun.
    """

    def __init__(self, size: Callable[[Staged], int], send: Callable[[Staged], str]) -> None:
        self._size = size
        self._send = send
        # No more are given to the workers than they can begin: Python ends what they have first.
        self._workers = Workers(AT_ONCE, "wbart-early")
        self._waiting: deque[tuple[Staged, int]] = deque()
        self._under_way = 0
        self._done: dict[bytes, Sent] = {}
        self._stopped = False
        self._change = Condition()

    def begin(self, name: bytes) -> None:
        """Begin to send the closed pack of that raw id."""
        staged = Staged(pack_key(name.hex()), name, ".zip")
        size = self._size(staged)
        if size < LARGE:  # others go in parts, one after the other
            with self._change:
                self._waiting.append((staged, size))
                self._next()

    def sent(self) -> dict[bytes, Sent]:
        """Wait for all that has begun; the packs that are in the store now."""
        with self._change:
            while self._under_way > 0:
                self._change.wait()
            return dict(self._done)

    def close(self) -> None:
        """Begin no more, and wait for what is under way."""
        with self._change:
            self._stopped = True
        self._workers.shutdown()

    def _next(self) -> None:
        """Start as many as there is room for. The caller holds the lock."""
        while self._waiting and self._under_way < AT_ONCE and not self._stopped:
            self._workers.submit(self._one, *self._waiting.popleft())
            self._under_way += 1

    def _one(self, staged: Staged, size: int) -> None:
        found = None
        try:
            found = Sent(self._send(staged), size)
        finally:
            # Whatever it was: who publishes meets it again, and tells it.
            with self._change, suppress(RuntimeError):  # the interpreter ends
                self._under_way -= 1
                self._change.notify_all()
                if found is None:
                    self._stopped = True
                else:
                    self._done[staged.name] = found
                    self._next()
