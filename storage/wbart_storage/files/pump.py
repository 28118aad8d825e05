"""Digests and copies of large files at the speed of the memory, in bounded memory.

Reading runs one buffer ahead of hashing and writing, on threads of their own, since all three
let go of the interpreter lock. The buffers are kept: new ones cost more than small reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from wbart_manifest.digest import Buffer, Hasher, hasher
from wbart_storage.files.direct import aligned_buffer, write_direct
from wbart_storage.workers import Workers

BUFFER = 8 << 20
"""Bytes read at once; a pump holds two such buffers."""


class Pump:
    """Hashes and copies between file descriptors; one pump serves one thread at a time."""

    def __init__(self, algorithm: str, buffer: int = BUFFER) -> None:
        self._algorithm = algorithm
        self._buffers = aligned_buffer(buffer), aligned_buffer(buffer)
        self._threads = Workers(2, "wbart-pump")

    def close(self) -> None:
        """End the pump's threads."""
        self._threads.shutdown()

    def digest(self, fd: int, also: Hasher | None = None) -> tuple[bytes, int]:
        """Return raw digest and size of what fd holds from its position on; `also` sees it too."""
        state = self._state(also)
        size = self._through(fd, state.update)
        return state.digest(), size

    def copy(self, source: int, target: int, also: Hasher | None = None) -> tuple[bytes, int]:
        """Copy source to target, a file of `create_direct`; return digest and size of the copy.

        The digest is taken from the buffer that is written, so that a source which changes
        meanwhile cannot leave a copy that differs from its name.
        """
        state = self._state(also)

        def use(piece: memoryview) -> None:
            if len(piece) < len(self._buffers[0]):
                state.update(piece)
                write_direct(target, piece)
                return
            hashed = self._threads.submit(state.update, piece)
            try:
                write_direct(target, piece)
            finally:
                hashed.result()

        size = self._through(source, use)
        return state.digest(), size

    def _state(self, also: Hasher | None) -> Hasher:
        state = hasher(self._algorithm, threads=2)
        return state if also is None else _Both(state, also)

    def _through(self, fd: int, use: Callable[[memoryview], object]) -> int:
        filling, using = self._buffers
        total = 0
        count = os.readv(fd, [filling])
        while count:
            filling, using = using, filling
            if count < len(using):
                use(using[:count])
                total += count
                count = os.readv(fd, [filling])
                continue
            ahead = self._threads.submit(os.readv, fd, [filling])
            try:
                use(using[:count])
            finally:
                following = ahead.result()
            total += count
            count = following
        return total


class _Both:
    """Passes the same bytes to two hashers and answers with the first one's digest."""

    def __init__(self, first: Hasher, second: Hasher) -> None:
        self._first = first
        self._second = second
        self.digest = first.digest

    def update(self, data: Buffer, /) -> None:
        self._first.update(data)
        self._second.update(data)
