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

_BATCH = 256
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

    def run(self, items: Iterable[T]) -> Iterator[list[Hashed[T]]]:
        """Yield what was found for each item, batch by batch, in order."""
        rest = iter(items)
        try:
            with ThreadPoolExecutor(self._jobs, "wbart-hash") as executor:
                under_way: deque[Future[list[Hashed[T]]]] = deque()
                while batch := list(islice(rest, _BATCH)):
                    under_way.append(executor.submit(self._batch, batch))
                    if len(under_way) > 2 * self._jobs:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
        finally:
            for pump in self._pumps:
                pump.close()

    def _batch(self, batch: list[T]) -> list[Hashed[T]]:
        buffer = self._buffer()
        return [self._one(item, buffer) for item in batch]

    def _buffer(self) -> memoryview:
        found: memoryview | None = getattr(self._own, "buffer", None)
        if found is None:
            found = self._own.buffer = memoryview(bytearray(_BUFFER))
        return found

    def _one(self, item: T, buffer: memoryview) -> Hashed[T]:
        full = f"{self._root}/{item.path}"
        try:
            fd = os.open(full, self._flags)
            try:
                size = os.readv(fd, [buffer])
                if size < _BUFFER:
                    return Hashed(item, self._digest(buffer[:size]), size, None)
                return self._large(item, fd)
            finally:
                os.close(fd)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EISDIR):
                return Hashed(item, b"", -1, None)  # it is there, and it is no such file
            return Hashed(item, b"", -1, source_error(error, full))

    def _large(self, item: T, fd: int) -> Hashed[T]:
        os.lseek(fd, 0, os.SEEK_SET)
        pump: Pump | None = getattr(self._own, "pump", None)
        if pump is None:
            pump = self._own.pump = Pump(self._algorithm)
            self._pumps.append(pump)
        digest, size = pump.digest(fd)
        return Hashed(item, digest, size, None)
