"""Reads a distant store through this machine's cache: for one download, say."""

from __future__ import annotations

import logging
import os
from threading import Lock

from wbart_storage.cache import Cache
from wbart_storage.cache_index import CacheUnusable
from wbart_storage.errors import CacheCorrupt
from wbart_storage.keys import split_epoch
from wbart_storage.objects import ObjectStore
from wbart_storage.reader import LocalFile

log = logging.getLogger(__name__)

_WORTH = 8
"""A pack is fetched whole once an eighth of it was asked for.

The files of a version come in the order of its packs, so an eighth of one seldom stays alone.
"""


class CacheReader:
    """Gives objects from the cache, brings in those that are worth it, and reads the rest.

    What the cache costs is never more than its help: where the disk refuses, the store is read.
    """

    def __init__(self, store: ObjectStore, cache: Cache) -> None:
        self._store = store
        self._cache = cache
        self._lock = Lock()
        self._direct: set[str] = set()
        self._asked: dict[str, tuple[int, int]] = {}
        self._doubted: set[bytes] = set()
        self._usable = True
        self._writable = True

    def get(self, key: str, start: int, end: int) -> bytes:
        file = self._held(key)
        if file is None and self._is_worth(key, end - start):
            file = self._bring(key, max(end, self._asked.get(key, (0, 0))[1]))
        if file is None:
            return self._store.get(key, start, end)
        with file:
            return _read(file, start, end)

    def file(self, key: str, size: int) -> LocalFile | None:
        return self._held(key) or self._bring(key, size)

    def doubt(self, key: str) -> bool:
        digest = _digest(key)
        try:
            damaged = self._usable and not self._cache.check(digest)
        except CacheUnusable as error:
            self._do_without(error)
            return True
        with self._lock:
            if damaged and digest in self._doubted:
                raise CacheCorrupt(f"the cache damages what it is given: {self._cache.folder}")
            if damaged:
                self._doubted.add(digest)
            return digest in self._doubted

    def _held(self, key: str) -> LocalFile | None:
        if not self._usable:
            return None
        try:
            return self._cache.open(_digest(key))
        except CacheUnusable as error:
            self._do_without(error)
            return None

    def _bring(self, key: str, size: int) -> LocalFile | None:
        if not (self._usable and self._writable) or key in self._direct:
            return None
        try:
            file = self._cache.bring(_digest(key), size, lambda a, b: self._store.get(key, a, b))
        except CacheUnusable as error:
            log.warning("%s: going on without new entries", error)
            self._writable = False
            return None
        if file is None:
            self._direct.add(key)
        return file

    def _is_worth(self, key: str, size: int) -> bool:
        if key.startswith("o/"):
            return True
        if key in self._direct or not (self._usable and self._writable):
            return False
        with self._lock:
            asked, whole = self._asked.get(key, (0, 0))
        whole = whole or self._store.stat(key).size
        with self._lock:
            asked = self._asked.get(key, (0, 0))[0] + size
            self._asked[key] = asked, whole
        return asked * _WORTH >= whole

    def _do_without(self, error: CacheUnusable) -> None:
        log.warning("%s: going on without it", error)
        self._usable = False


def _digest(key: str) -> bytes:
    """The raw digest that a blob's or a pack's key is made of: the cache knows no epochs."""
    return bytes.fromhex(split_epoch(key)[0].rpartition("/")[2].removesuffix(".zip"))


def _read(file: LocalFile, start: int, end: int) -> bytes:
    pieces = [os.pread(file.fd, end - start, start)]
    while pieces[-1] and (start := start + len(pieces[-1])) < end:
        pieces.append(os.pread(file.fd, end - start, start))  # one read returns at most 2 GiB
    return b"".join(pieces)
