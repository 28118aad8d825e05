"""Packs on their way into a distant store while more files are still being taken in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from wbart_storage.errors import StorageError
from wbart_storage.keys import pack_key
from wbart_storage.sending import Staged

AT_ONCE = 2
"""Packs under way; those who take files in want memory and processors, too."""


class Sent(NamedTuple):
    """A pack that is in the store; key is empty if it was there before."""

    key: str
    size: int


class Early:
    """Sends each pack as soon as it is closed. Serves one thread, and uses several itself.

    What cannot be sent stays where it is staged, for who publishes: he may wait, and raise.
    """

    def __init__(self, size: Callable[[Staged], int], send: Callable[[Staged], str]) -> None:
        self._size = size
        self._send = send
        self._executor = ThreadPoolExecutor(AT_ONCE, "wbart-early")
        self._under_way: dict[bytes, tuple[int, Future[str]]] = {}

    def begin(self, name: bytes) -> None:
        """Begin to send the closed pack of that raw id."""
        staged = Staged(pack_key(name.hex()), name, ".zip")
        self._under_way[name] = self._size(staged), self._executor.submit(self._send, staged)

    def sent(self) -> dict[bytes, Sent]:
        """Wait for all that has begun; the packs that are in the store now."""
        found = {}
        for name, (size, future) in self._under_way.items():
            try:
                found[name] = Sent(future.result(), size)
            except StorageError:
                continue
        return found

    def close(self) -> None:
        """Begin no more, and wait for what is under way."""
        self._executor.shutdown(cancel_futures=True)
