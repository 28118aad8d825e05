"""Bytes that come piece by piece, appended past the page cache for as long as the disk keeps up.

They lie anywhere in memory, so each piece is copied to where a direct write may begin; that costs
a tenth of what the page cache would. But a slow disk would be waited for, where the page cache
takes what comes and writes it later.
"""

from __future__ import annotations

from collections.abc import Callable

from wbart_manifest.digest import Buffer
from wbart_storage.clock import SystemClock
from wbart_storage.files.buffered import write_all
from wbart_storage.files.direct import aligned_buffer, begin_direct, end_direct, write_direct

_PIECE = 2 << 20
_TRIED = 64 << 20
"""Bytes after which the disk is judged."""
_SLOW = 250e6
"""Bytes a second."""


class Stream:
    """Appends to an open file, which whoever opened it closes. Raises OSError."""

    def __init__(self, fd: int, monotonic: Callable[[], float] | None = None) -> None:
        self._fd = fd
        self._monotonic = monotonic or SystemClock().monotonic
        self._buffer = aligned_buffer(_PIECE)
        self._direct = begin_direct(fd)
        self._written = 0
        self._seconds = 0.0

    def write(self, data: Buffer) -> None:
        """Append data; directly as long as all before was whole blocks, and quick."""
        if not self._direct:
            write_all(self._fd, data)
            return
        view, began = memoryview(data), self._monotonic()
        for at in range(0, len(view), _PIECE):
            piece = view[at : at + _PIECE]
            self._buffer[: len(piece)] = piece
            write_direct(self._fd, self._buffer[: len(piece)])
        self._seconds += self._monotonic() - began
        self._written += len(view)
        if self._written >= _TRIED and self._written < _SLOW * self._seconds:
            self.end()

    def end(self) -> None:
        """Go on through the page cache; so does whoever reads or writes the file by itself."""
        self._direct = False
        end_direct(self._fd)
