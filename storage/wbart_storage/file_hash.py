"""Hashing a batch of files below one root: the work that goes to a thread or a process."""

from __future__ import annotations

import errno
import os
from stat import S_ISREG
from threading import local
from typing import NamedTuple

from wbart_manifest.digest import digest_function, hasher
from wbart_storage.disk import source_error
from wbart_storage.errors import StorageError
from wbart_storage.pump import Pump

# Never through a link, and never waiting for the other end of a pipe.
COMPARED = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""How the files of a folder that is compared are opened."""
FOLLOWED = COMPARED & ~os.O_NOFOLLOW
_BUFFER = 1 << 20
_PUMPED = 64 << 20
"""From this size on, the threads of a pump take less time than they save."""


class FileHashes(NamedTuple):
    """Digest and size of each file, as columns: a value for each would cost as much again."""

    digests: list[bytes]
    """Empty for what is no readable file."""
    sizes: list[int]
    errors: dict[int, StorageError]


def hash_files(root: str, algorithm: str, flags: int, paths: list[str]) -> FileHashes:
    """Read files below root in full, one after another, and hash them."""
    found = FileHashes([], [], {})
    parents = _Parents(root)
    with parents:
        for index, path in enumerate(paths):
            folder, _, name = path.rpartition("/")
            try:
                fd = os.open(name, flags, dir_fd=parents.open(folder))
                try:
                    digest, size = _hash(fd, algorithm)
                finally:
                    os.close(fd)
            except OSError as error:
                digest, size = b"", 0
                # A link or a folder is there, and it is no such file: that is no error.
                if error.errno not in (errno.ELOOP, errno.EISDIR):
                    found.errors[index] = source_error(error, f"{root}/{path}")
            found.digests.append(digest)
            found.sizes.append(size)
    return found


_own = local()


def _hash(fd: int, algorithm: str) -> tuple[bytes, int]:
    buffer: memoryview | None = getattr(_own, "buffer", None)
    if buffer is None:
        buffer = _own.buffer = memoryview(bytearray(_BUFFER))
    size = os.readv(fd, [buffer])
    if 0 < size < _BUFFER:
        return digest_function(algorithm)(buffer[:size]), size
    status = os.fstat(fd)
    if not S_ISREG(status.st_mode):  # an empty pipe is no empty file, and a device has no end
        return b"", 0
    if status.st_size >= _PUMPED:
        return _pumped(fd, algorithm)
    state, total = hasher(algorithm), 0
    while size:
        state.update(buffer[:size])
        total += size
        size = os.readv(fd, [buffer])
    return state.digest(), total


def _pumped(fd: int, algorithm: str) -> tuple[bytes, int]:
    os.lseek(fd, 0, os.SEEK_SET)
    pump = Pump(algorithm)
    try:
        return pump.digest(fd)
    finally:
        pump.close()


class _Parents:
    """The folder of the last file, kept open: the next one mostly lies in it, too."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._folder: str | None = None
        self._fd = -1

    def open(self, folder: str) -> int:
        if folder != self._folder:
            self.close()
            self._fd = os.open(f"{self._root}/{folder}", os.O_RDONLY | os.O_DIRECTORY)
            self._folder = folder
        return self._fd

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd, self._folder = -1, None

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        self.close()
