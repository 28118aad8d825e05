"""A file that is written along with the cache's own, of the same bytes as they come.

A large blob that is fetched into the cache and wanted in a folder, too, would otherwise be read
back, hashed once more and written after it has come.
"""

from __future__ import annotations

import fcntl
import os

from wbart_storage.files.folder import clone, write_all

_DIRECT: int = getattr(os, "O_DIRECT", 0)


class Along:
    """Writes to an open file, which whoever opened it closes. Raises OSError."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._begun = False
        self.whole = False
        """Whether it holds the blob that was wanted, checked; set by whoever fetched it."""

    def follows(self, source: int) -> bool:
        """Whether it is worth to write along: not where source can be cloned when it is whole."""
        if clone(self._fd, source):
            return False
        self.buffered()
        return True

    def buffered(self) -> None:
        """Write through the page cache from now on: what a network brings lies on no pages."""
        if _DIRECT:
            fcntl.fcntl(self._fd, fcntl.F_SETFL, fcntl.fcntl(self._fd, fcntl.F_GETFL) & ~_DIRECT)

    def write(self, data: bytes | memoryview) -> None:
        """Append data."""
        self._begun = True
        write_all(self._fd, data)

    def restart(self) -> None:
        """Forget what was written."""
        if self._begun:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            self._begun = False
