"""Where good copies of damaged objects may be: a folder, the cache, another store.

Nothing of it is believed: who heals with it checks every byte.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Protocol

from wbart_storage.cache.cache import Cache
from wbart_storage.disk import disk_errors
from wbart_storage.keys import split_epoch
from wbart_storage.objects import ObjectStore
from wbart_storage.reading.blobs import READ, Blobs, Wanted


class GoodCopies(Protocol):
    """Gives bytes piece by piece, as they are found; nothing for what it has not."""

    def object(self, key: str) -> Iterator[bytes]:
        """A whole object of the store that is healed. Raises StorageError."""
        ...

    def blob(self, wanted: Wanted) -> Iterator[bytes]:
        """One blob, wherever it lies. Raises StorageError."""
        ...


class FolderCopies:
    """The files of a folder, found by their paths."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def object(self, key: str) -> Iterator[bytes]:
        return iter(())

    def blob(self, wanted: Wanted) -> Iterator[bytes]:
        path = os.path.join(self._folder, wanted.path)
        with disk_errors(path), open(path, "rb") as file:
            while piece := file.read(READ):
                yield piece


class CachedCopies:
    """What this machine has cached of the store: whole blobs and whole packs."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def object(self, key: str) -> Iterator[bytes]:
        name = split_epoch(key)[0].rpartition("/")[2].removesuffix(".zip")
        held = self._cache.open(bytes.fromhex(name))
        if held is None:
            return
        with held, disk_errors(held.path):
            start = 0
            while piece := os.pread(held.fd, READ, start):
                yield piece
                start += len(piece)

    def blob(self, wanted: Wanted) -> Iterator[bytes]:
        return iter(())


class MirroredCopies:
    """Another store: objects of the same key, or what find says that it has of a blob."""

    def __init__(
        self, objects: ObjectStore, blobs: Blobs, find: Callable[[Wanted], Wanted | None]
    ) -> None:
        self._objects = objects
        self._blobs = blobs
        self._find = find

    def object(self, key: str) -> Iterator[bytes]:
        return read_object(self._objects, key)

    def blob(self, wanted: Wanted) -> Iterator[bytes]:
        found = self._find(wanted)
        return iter(()) if found is None else self._blobs.pieces(found)


def read_object(objects: ObjectStore, key: str) -> Iterator[bytes]:
    """The bytes of an object piece by piece. Raises ObjectMissing."""
    start, whole = 0, True
    while whole:
        piece = objects.get(key, start, start + READ)
        yield piece
        start, whole = start + len(piece), len(piece) == READ
