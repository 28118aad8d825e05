"""Digests of many files of a folder, read in full, at the speed of the machine.

Batches, not files, go to the workers. Threads do for a few large files; many small ones hold the
interpreter lock, so they go to processes where those can be had safely.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar

from wbart_storage.errors import StorageError
from wbart_storage.files.file_hash import COMPARED, FOLLOWED, FileHashes, hash_files

BATCH = 512
_MANY = 20_000
"""From this many files on, starting processes takes less time than they save."""
_SHARES = 8
_FEWEST, _MOST = 8, 2048
"""To hand a batch to a process costs half a millisecond; big files do not wait for each other."""


class HasPath(Protocol):
    """Anything that stands for a path below the folder."""

    @property
    def path(self) -> str:
        """Relative, canonical."""
        ...


T = TypeVar("T", bound=HasPath)


class Hashed(NamedTuple, Generic[T]):
    """The raw digest and size of a file as it is now, or why it cannot be read."""

    item: T
    digest: bytes
    size: int
    error: StorageError | None


class HashedBatch(NamedTuple, Generic[T]):
    """What was found for some items."""

    items: list[T]
    found: FileHashes

    def one(self, index: int) -> Hashed[T]:
        """What was found for one item."""
        found = self.found
        return Hashed(
            self.items[index], found.digests[index], found.sizes[index], found.errors.get(index)
        )


class FolderHash:
    """Hashes files below one root with a few workers. Serves one thread."""

    def __init__(
        self, root: str, algorithm: str, jobs: int, *, follow: bool = False, expected: int = 0
    ) -> None:
        """follow: read through symbolic links, which a folder that is compared must not have.

        expected: about how many files there will be.
        """
        self._root = root
        self._algorithm = algorithm
        self._flags = FOLLOWED if follow else COMPARED
        self._jobs = max(1, jobs)
        self._many = expected >= _MANY
        self.batch = max(_FEWEST, min(_MOST, expected // (_SHARES * self._jobs)))
        """How many files are best hashed at once: each worker gets some shares, if not small."""

    def run(self, batches: Iterable[list[T]]) -> Iterator[HashedBatch[T]]:
        """Yield what was found for each batch of items, in order."""
        with self._executor() as executor:
            under_way: deque[tuple[list[T], Future[FileHashes]]] = deque()
            for batch in batches:
                paths = [item.path for item in batch]
                under_way.append(
                    (
                        batch,
                        executor.submit(
                            hash_files, self._root, self._algorithm, self._flags, paths
                        ),
                    )
                )
                if len(under_way) > 4 * self._jobs:
                    yield _done(*under_way.popleft())
            while under_way:
                yield _done(*under_way.popleft())

    def _executor(self) -> Executor:
        if self._many and self._jobs > 1 and can_fork():
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context

            return ProcessPoolExecutor(self._jobs, get_context("fork"))
        return ThreadPoolExecutor(self._jobs, "wbart-hash")


def can_fork() -> bool:
    """Whether a fork is safe: on Linux, and while no other thread could hold a lock."""
    # The threads of obstore are not Python's, and so are not among those counted.
    alone = threading.active_count() == 1 and "obstore" not in sys.modules
    return sys.platform == "linux" and alone


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of a size that is worth a worker's while."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _done(batch: list[T], future: Future[FileHashes]) -> HashedBatch[T]:
    return HashedBatch(batch, future.result())
