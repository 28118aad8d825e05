"""The cache: objects of a distant store as read-only files of this machine, named by digest.

`obj/<aa>/<digest>` is a whole blob or a whole pack, complete and right when it got its name. How
it looked then is remembered (`index.db`): while it looks the same it is trusted, else it is read
again, and set aside (`bad/`) if it is damaged. Whoever reads a file holds a lock of it (flock), so
eviction passes over what is in use.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from wbart_storage.cache.files import CacheFiles, refusals
from wbart_storage.cache.index import Held
from wbart_storage.cache.partial import Part, begin, sweep
from wbart_storage.clock import Clock
from wbart_storage.progress import Event, Progress, silent
from wbart_storage.reading.ahead import READ, ReadRange, ahead
from wbart_storage.reading.along import Follower
from wbart_storage.reading.reader import LocalFile

log = logging.getLogger(__name__)

_PART_SECONDS = 86_400.0

Room = Callable[[int], int]
"""From the size of the disk to what the cache may hold, both in bytes."""


def default_room(disk_size: int) -> int:
    """50 GB, or a tenth of a smaller disk."""
    return min(50_000_000_000, disk_size // 10)


@dataclass(frozen=True, slots=True)
class CacheCheck:
    """What `Cache.verify` found."""

    checked: int
    size: int
    """Bytes read."""
    damaged: tuple[str, ...]
    """Hex digests of the files that hold other bytes than they should."""


class Cache:
    """The cache of one store. Safe to share between threads and processes.

    Raises CacheUnusable for whatever the disk or the index refuses.
    """

    def __init__(
        self,
        folder: Path,
        algorithm: str,
        clock: Clock,
        room: Room = default_room,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = folder
        self._algorithm = algorithm
        self._clock = clock
        self._room = room
        self._wait = wait
        self._files = CacheFiles(folder, algorithm, clock)
        self._parts = folder / "part"
        self._swept = False

    @property
    def capacity(self) -> int:
        """Bytes that the cache may hold."""
        with refusals(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            return self._room(shutil.disk_usage(self.folder).total)

    def open(self, digest: bytes) -> LocalFile | None:
        """The file of that digest, if it is there and right; the caller closes it."""
        return self._files.open(digest)

    def bring(
        self,
        digest: bytes,
        size: int,
        fetch: ReadRange,
        *,
        guess: bool = False,
        along: Follower | None = None,
    ) -> LocalFile | None:
        """The file of that digest, fetched if need be; what fetch raises passes through.

        With guess, what is longer than size is read to its end. along gets what is fetched, too,
        and is told when that is whole. None if it is larger than the cache, is not what its name
        says, or somebody else has been fetching it for long.
        """
        held = self.open(digest)
        if held is not None or size > self.capacity:
            return held
        self._sweep_once()
        part = begin(self._parts / digest.hex(), self._algorithm, self._wait)
        if part is None:
            return None
        try:
            return self._brought(digest, part, _Wanted(size, guess, fetch, along))
        finally:
            part.close()

    def check(self, digest: bytes) -> bool:
        """Read a file in full; False if it was damaged, and has been set aside."""
        return self._files.check(digest)

    def ls(self) -> list[Held]:
        """All files, the least recently used first."""
        self._files.reconcile()
        return self._files.index.by_use()

    def prune(self, size: int = 0) -> int:
        """Drop what was used least recently, until size bytes are left; returns the bytes freed.

        What is in use stays. What is unfinished or damaged goes in any case.
        """
        self._files.reconcile()
        freed = self._evict(size)
        with refusals(self.folder):
            sweep(self._parts, self._clock.now() + 1)
        shutil.rmtree(self.folder / "bad", ignore_errors=True)
        return freed

    def verify(self, *, repair: bool = False, progress: Progress = silent) -> CacheCheck:
        """Read every file and compare its checksum; with repair the damaged are set aside."""
        size, checked, damaged = 0, 0, list[str]()
        for held in self.ls():
            right = self._files.matches(held)
            if right is None:
                continue
            checked += 1
            size += held.size
            if not right:
                damaged.append(held.digest.hex())
                if repair:
                    self._files.set_aside(held.digest)
            progress(Event("verify", checked, size))
        return CacheCheck(checked, size, tuple(damaged))

    def close(self) -> None:
        """Close the index; the next call opens it again."""
        self._files.index.close()

    def _brought(self, digest: bytes, part: Part, wanted: _Wanted) -> LocalFile | None:
        held = self.open(digest)  # perhaps somebody was quicker
        if held is not None:
            part.drop()
            return held
        if wanted.along is not None:
            part.follow(wanted.along)
        if not self._fill(part, digest, wanted):
            part.drop()
            return None
        if wanted.along is not None:
            wanted.along.whole = part.is_followed
        self._files.take(digest, part)
        held = self.open(digest)
        try:
            self._make_room()
        except BaseException:
            if held is not None:
                held.close()
            raise
        return held

    def _fill(self, part: Part, digest: bytes, wanted: _Wanted) -> bool:
        resumed = part.size > 0
        _append(part, wanted)
        if part.digest() != digest and resumed:
            part.restart()  # what was left was torn
            _append(part, wanted)
        return part.digest() == digest

    def _make_room(self) -> None:
        capacity = self.capacity
        if self._files.index.total() > capacity:
            self._evict(capacity * 4 // 5)

    def _evict(self, size: int) -> int:
        freed, left = 0, self._files.index.total()
        for held in self._files.index.by_use():
            if left <= size:
                break
            if self._files.drop(held.digest):
                left -= held.size
                freed += held.size
                log.info("cache: dropped %s (%d bytes)", held.digest.hex(), held.size)
        return freed

    def _sweep_once(self) -> None:
        if not self._swept:
            self._swept = True
            with refusals(self.folder):
                sweep(self._parts, self._clock.now() - _PART_SECONDS)


class _Wanted(NamedTuple):
    """What is to be fetched: how much, perhaps more, from where, and who else gets it."""

    size: int
    guess: bool
    fetch: ReadRange
    along: Follower | None


def _append(part: Part, wanted: _Wanted) -> None:
    """Fetch all that follows what is there."""
    for data in ahead(wanted.fetch, part.size, wanted.size):
        part.write(data)
    more = wanted.guess and part.size >= wanted.size
    while more:
        data = wanted.fetch(part.size, part.size + READ)
        part.write(data)
        more = len(data) == READ
