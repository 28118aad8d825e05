"""Whoever gets the bytes that are fetched into the cache as they come.

A large blob that is wanted in a folder, too, would otherwise be read back, hashed once more and
written after it has come; and a pack would be read back for each part of it.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import Protocol

from wbart_storage.files.buffered import write_all
from wbart_storage.files.folder import clone
from wbart_storage.files.stream import Stream


class Follower(Protocol):
    """Gets what is fetched. Raises OSError."""

    whole: bool
    """Whether it has got all that was wanted, checked; set by whoever fetched it."""

    def follows(self, source: int) -> bool:
        """Whether it is worth to go along with the open file source."""
        ...

    def write(self, data: bytes) -> None:
        """Take what follows."""
        ...

    def restart(self) -> None:
        """Forget what was taken."""
        ...


class Along:
    """An open file that gets them, which whoever opened it closes."""

    def __init__(self, fd: int, *, direct: bool) -> None:
        self._fd = fd
        self._direct = direct
        self._stream: Stream | None = None
        self._begun = False
        self.whole = False

    def follows(self, source: int) -> bool:
        """Not where source can be cloned when it is whole."""
        return not clone(self._fd, source)

    def write(self, data: bytes) -> None:
        self._begun = True
        if not self._direct:
            write_all(self._fd, data)
            return
        if self._stream is None:
            self._stream = Stream(self._fd)
        self._stream.write(data)

    def restart(self) -> None:
        if self._begun:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            self._stream, self._begun = None, False


class Kept:
    """Memory that gets them, up to limit bytes; else it keeps none.

    For readers of a part each; safe to share when it is whole.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._starts: list[int] = []
        self._size = 0
        self.whole = False

    def follows(self, source: int) -> bool:
        """Always."""
        return True

    @property
    def fits(self) -> bool:
        """Whether what it got is no more than it may keep."""
        return self._size <= self._limit

    def write(self, data: bytes) -> None:
        self._pieces.append(data)
        self._starts.append(self._size)
        self._size += len(data)
        if not self.fits:
            self._pieces, self._starts = [], []

    def restart(self) -> None:
        self._pieces, self._starts, self._size = [], [], 0

    def get(self, start: int, end: int) -> bytes:
        """As `ObjectStore.get`."""
        found = []
        at = max(bisect_right(self._starts, start) - 1, 0)
        for begin, piece in zip(self._starts[at:], self._pieces[at:], strict=True):
            if begin >= end:
                break
            found.append(piece[max(start - begin, 0) : end - begin])
        return found[0] if len(found) == 1 else b"".join(found)
