"""Reads a distant store through this machine's cache: for one download, say."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from wbart_storage.cache.cache import Cache
from wbart_storage.cache.index import CacheUnusable
from wbart_storage.errors import CacheCorrupt
from wbart_storage.keys import split_epoch
from wbart_storage.objects import ObjectStore
from wbart_storage.reading.ahead import ReadRange
from wbart_storage.reading.along import Follower, Kept
from wbart_storage.reading.blobs import GAP
from wbart_storage.reading.reader import LocalFile

log = logging.getLogger(__name__)

_WORTH = 8
"""A pack is fetched whole once an eighth of it was asked for.

The files of a version come in the order of its packs, so an eighth of one seldom stays alone.
"""
_PACK = 32 << 20
"""Bytes of a pack, as far as nobody has seen its end: asking for its size costs a request."""
_AT_HAND = 2
"""Packs in memory: a download reads them in turn, and leaves one as it begins the next."""
_SMALL = _PACK // _WORTH
"""A larger pack has an eighth that is enough to fetch it whole."""


class CacheReader:
    """Gives objects from the cache, brings in those that are worth it, and reads the rest.

    What the cache costs is never more than its help: where the disk refuses, the store is read.
    """

    def __init__(self, store: ObjectStore, cache: Cache) -> None:
        self._store = store
        self._cache = cache
        self._lock = Lock()
        self._direct: set[str] = set()
        self._asked: dict[str, int] = {}
        self._longer: dict[str, int] = {}
        self._turns: dict[str, Lock] = {}
        self._recent: OrderedDict[str, Kept] = OrderedDict()
        self._doubted: set[bytes] = set()
        self._usable = True
        self._writable = True

    def get(self, key: str, start: int, end: int) -> bytes:
        kept = self._recent.get(key)
        if kept is not None:
            return kept.get(start, end)
        file = self._held(key)
        if file is None and key.startswith("o/"):
            file = self._bring(key, end)
        elif file is None and self._can_bring(key):
            worth = _rounded(self._ask(key, end - start) * _WORTH)
            if worth >= _PACK or self._may_be_small(key, worth, end):
                with self._turn(key):
                    return self._gain(key, start, end, worth)
        if file is None:
            return self._store.get(key, start, end)
        with file:
            return _read(file, start, end)

    def file(self, key: str, size: int, along: Follower | None = None) -> LocalFile | None:
        return self._held(key) or self._bring(key, size, along=along)

    def doubt(self, key: str) -> bool:
        digest = _digest(key)
        self._recent.pop(key, None)
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
        return True  # what is sound here was damaged on its way from the store

    def _held(self, key: str) -> LocalFile | None:
        if not self._usable:
            return None
        try:
            return self._cache.open(_digest(key))
        except CacheUnusable as error:
            self._do_without(error)
            return None

    def _bring(
        self,
        key: str,
        size: int,
        fetch: ReadRange | None = None,
        *,
        guess: bool = False,
        along: Follower | None = None,
    ) -> LocalFile | None:
        if not self._can_bring(key):
            return None
        fetch = fetch or (lambda start, end: self._store.get(key, start, end))
        try:
            file = self._cache.bring(_digest(key), size, fetch, guess=guess, along=along)
        except CacheUnusable as error:
            log.warning("%s: going on without new entries", error)
            self._writable = False
            return None
        if file is None:
            self._direct.add(key)
        return file

    def _can_bring(self, key: str) -> bool:
        return self._usable and self._writable and key not in self._direct

    def _ask(self, key: str, size: int) -> int:
        """Count what was asked of a pack; the sum."""
        with self._lock:
            asked = self._asked.get(key, 0) + size
            self._asked[key] = asked
        return asked

    def _may_be_small(self, key: str, worth: int, end: int) -> bool:
        """Whether what is worth to be read of a pack may hold both what is asked and its end."""
        return end <= min(worth, _SMALL) and min(worth, _SMALL) >= 2 * self._longer.get(key, 0)

    def _gain(self, key: str, start: int, end: int, worth: int) -> bytes:
        """Read a range, and bring its pack in on the way. Done by one thread at a time."""
        kept = self._recent.get(key)  # perhaps another was quicker
        file = None if kept is not None else self._held(key)
        if kept is None and file is None and worth >= _PACK:
            kept, file = self._whole(key)
        if kept is not None:
            return kept.get(start, end)
        if file is None and self._may_be_small(key, worth, end):
            return self._beginning(key, min(worth, _SMALL))[start:end]
        if file is None:
            return self._store.get(key, start, end)
        with file:
            return _read(file, start, end)

    def _whole(self, key: str) -> tuple[Kept | None, LocalFile | None]:
        """Bring a whole pack in, and keep it at hand: what is asked for next lies in it, too."""
        kept = Kept(2 * _PACK)
        file = self._bring(key, _PACK, guess=True, along=kept)
        if not (kept.whole and kept.fits):
            return None, file
        if file is not None:
            file.close()
        with self._lock:
            self._recent[key] = kept
            if len(self._recent) > _AT_HAND:
                self._recent.popitem(last=False)
        return kept, None

    @contextmanager
    def _turn(self, key: str) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        with turn:
            yield

    def _beginning(self, key: str, size: int) -> bytes:
        """The beginning of a pack, in place of what is asked of it.

        A small pack comes whole so, and is kept, with one request and none for its size.
        """
        data = self._store.get(key, 0, size)
        if len(data) == size:
            self._longer[key] = size
        else:
            file = self._bring(key, len(data), lambda start, end: data[start:end])
            if file is not None:
                file.close()
        return data

    def _do_without(self, error: CacheUnusable) -> None:
        log.warning("%s: going on without it", error)
        self._usable = False


def _rounded(worth: int) -> int:
    """What is more than a gap that is read along is read up to a MiB: cheaper than a request."""
    return max(worth, 1 << 20) if worth >= GAP else worth


def _digest(key: str) -> bytes:
    """The raw digest that a blob's or a pack's key is made of: the cache knows no epochs."""
    return bytes.fromhex(split_epoch(key)[0].rpartition("/")[2].removesuffix(".zip"))


def _read(file: LocalFile, start: int, end: int) -> bytes:
    pieces = [os.pread(file.fd, end - start, start)]
    while pieces[-1] and (start := start + len(pieces[-1])) < end:
        pieces.append(os.pread(file.fd, end - start, start))  # one read returns at most 2 GiB
    return b"".join(pieces)
