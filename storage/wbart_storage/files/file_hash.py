"""Hashing a batch of files below one root: the work that goes to a thread or a process."""

from __future__ import annotations

import errno
import os
from stat import S_ISREG
from threading import local
from typing import NamedTuple, Self

from wbart_manifest.digest import digest_function, hasher
from wbart_storage.disk import source_error
from wbart_storage.errors import StorageError
from wbart_storage.files.pump import Pump

# Never through a link, and never waiting for the other end of a pipe.
COMPARED = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""How the files of a folder that is compared are opened."""
FOLLOWED = COMPARED & ~os.O_NOFOLLOW
_BUFFER = 1 << 20
_AHEAD = 4 << 20
"""Two of these stay in the processor's cache, two of twice the size do not."""
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
    digests: list[bytes] = []
    sizes: list[int] = []
    errors: dict[int, StorageError] = {}
    # Up to the hash of a small file all is done right here: calls would take as long as that.
    digest_of, buffer = digest_function(algorithm), _buffer()
    buffers, full = [buffer], len(buffer)
    with _Parents(root) as parents:
        for index, path in enumerate(paths):
            folder, _, name = path.rpartition("/")
            try:
                above = parents.fd if folder == parents.folder else parents.open(folder)
                fd = os.open(name, flags, dir_fd=above)
                try:
                    size = os.readv(fd, buffers)
                    if 0 < size < full:
                        digest = digest_of(buffer[:size])
                    else:
                        digest, size = _hash_rest(fd, algorithm, buffer, size)
                finally:
                    os.close(fd)
            except OSError as error:
                digest, size = b"", 0
                # A link or a folder is there, and it is no such file: that is no error.
                if error.errno not in (errno.ELOOP, errno.EISDIR):
                    errors[index] = source_error(error, f"{root}/{path}")
            digests.append(digest)
            sizes.append(size)
    return FileHashes(digests, sizes, errors)


_own = local()


def _buffer() -> memoryview:
    found: memoryview | None = getattr(_own, "buffer", None)
    if found is None:
        found = _own.buffer = memoryview(bytearray(_BUFFER))
    return found


def _hash_rest(fd: int, algorithm: str, buffer: memoryview, size: int) -> tuple[bytes, int]:
    """Digest and size of an empty or a large file whose first bytes are in the buffer."""
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
    pump = Pump(algorithm, _AHEAD)
    try:
        return pump.digest(fd)
    finally:
        pump.close()


class _Parents:
    """The folder of the last file, kept open: the next one mostly lies in it, too."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.folder: str | None = None
        self.fd = -1

    def open(self, folder: str) -> int:
        self.close()
        self.fd = os.open(f"{self._root}/{folder}", os.O_RDONLY | os.O_DIRECTORY)
        self.folder = folder
        return self.fd

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd, self.folder = -1, None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
