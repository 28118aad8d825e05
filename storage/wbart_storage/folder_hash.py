"""Digests of many files of a folder, read in full, at the speed of the machine.

Batches, not files, go to the threads; each thread reads into one buffer of its own and opens
files without the layers of `open`, which cost more than hashing a small file does.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from threading import local
from typing import Generic, NamedTuple, Protocol, TypeVar

from wbart_manifest.digest import digest_function
from wbart_storage.disk import source_error
from wbart_storage.errors import StorageError
from wbart_storage.pump import Pump

BATCH = 256
_BUFFER = 1 << 20
# Never through a link, and never waiting for the other end of a pipe.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class HasPath(Protocol):
    """Anything that stands for a path below the folder."""

    @property
    def path(self) -> str:
        """Relative, canonical."""


T = TypeVar("T", bound=HasPath)


class Hashed(NamedTuple, Generic[T]):
    """The raw digest and size of a file as it is now, or why it cannot be read."""

    item: T
    digest: bytes
    size: int
    error: StorageError | None


class HashedBatch(NamedTuple, Generic[T]):
    """What was found for some items, as columns: a value for each file would cost as much again."""

    items: list[T]
    digests: list[bytes]
    """Empty for what is no readable file."""
    sizes: list[int]
    errors: dict[int, StorageError]

    def one(self, index: int) -> Hashed[T]:
        """What was found for one item."""
        return Hashed(
            self.items[index], self.digests[index], self.sizes[index], self.errors.get(index)
        )


class FolderHash:
    """Hashes files below one root on a few threads. Serves one thread."""

    def __init__(self, root: str, algorithm: str, jobs: int, *, follow: bool = False) -> None:
        """follow: read through symbolic links, which a folder that is compared must not have."""
        self._flags = _READ & ~os.O_NOFOLLOW if follow else _READ
        self._root = root
        self._algorithm = algorithm
        self._digest = digest_function(algorithm)
        self._jobs = max(1, jobs)
        self._own = local()
        self._pumps: list[Pump] = []

    def run(self, batches: Iterable[list[T]]) -> Iterator[HashedBatch[T]]:
        """Yield what was found for each batch of items, in order."""
        try:
            with ThreadPoolExecutor(self._jobs, "wbart-hash") as executor:
                under_way: deque[Future[HashedBatch[T]]] = deque()
                for batch in batches:
                    under_way.append(executor.submit(self._batch, batch))
                    if len(under_way) > 2 * self._jobs:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
        finally:
            for pump in self._pumps:
                pump.close()

    def _batch(self, batch: list[T]) -> HashedBatch[T]:
        hashed = HashedBatch(batch, [], [], {})
        buffer, parents = self._buffer(), _Parents(self._root)
        with parents:
            for index, item in enumerate(batch):
                folder, _, name = item.path.rpartition("/")
                try:
                    digest, size = self._one(name, parents.open(folder), buffer)
                except OSError as error:
                    digest, size = b"", 0
                    # A link or a folder is there, and it is no such file: that is no error.
                    if error.errno not in (errno.ELOOP, errno.EISDIR):
                        hashed.errors[index] = source_error(error, f"{self._root}/{item.path}")
                hashed.digests.append(digest)
                hashed.sizes.append(size)
        return hashed

    def _buffer(self) -> memoryview:
        found: memoryview | None = getattr(self._own, "buffer", None)
        if found is None:
            found = self._own.buffer = memoryview(bytearray(_BUFFER))
        return found

    def _one(self, name: str, parent: int, buffer: memoryview) -> tuple[bytes, int]:
        fd = os.open(name, self._flags, dir_fd=parent)
        try:
            size = os.readv(fd, [buffer])
            if size < _BUFFER:
                return self._digest(buffer[:size]), size
            return self._large(fd)
        finally:
            os.close(fd)

    def _large(self, fd: int) -> tuple[bytes, int]:
        os.lseek(fd, 0, os.SEEK_SET)
        pump: Pump | None = getattr(self._own, "pump", None)
        if pump is None:
            pump = self._own.pump = Pump(self._algorithm)
            self._pumps.append(pump)
        return pump.digest(fd)


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


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of a size that is worth a thread's while."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
