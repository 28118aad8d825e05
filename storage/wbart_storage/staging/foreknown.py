"""Large files that are hashed while the store that they go to is still being opened.

Opening a bucket takes Python's work on one core, and answers of the network. What is hashed
meanwhile is a guess: that the store's digests are the usual ones, and that nobody knows the file
already. A wrong one costs the time of a core that had nothing to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from itertools import islice
from stat import S_ISREG
from typing import NamedTuple, Self

from wbart_manifest.digest import Buffer
from wbart_storage.clock import Clock, SystemClock
from wbart_storage.disk import open_source
from wbart_storage.files.pump import Pump
from wbart_storage.files.stamp import changed, racy, stamp
from wbart_storage.staging.lent import Pieces
from wbart_storage.staging.sending import LARGE
from wbart_storage.workers import Workers

_ALGORITHM = "blake3"
_LOOKED_AT = 1_000
"""Files of a folder that are looked at: to walk a large one would keep the opening waiting."""


class Known(NamedTuple):
    """What hashing a file gave."""

    digest: bytes
    size: int
    pieces: Pieces


class Foreknown:
    """Hashes large files, one after the other, on a thread of its own, from now on until `close`.

    Those named, and those that lie in a folder that is named; but not what changed just now, and
    may again without looking otherwise. Safe to share between threads.
    """

    def __init__(self, paths: Iterable[str], clock: Clock | None = None) -> None:
        now = int((clock or SystemClock()).now() * 1e9)
        self._stop = _Stop()
        self._threads = Workers(1, "wbart-foreknown")
        self._known: dict[bytes, Future[Known]] = {}
        for path, status in _large(paths):
            if racy(changed(status), now):
                continue
            mark = stamp(status)
            self._known[mark] = self._threads.submit(self._hash, path, mark)

    def take(self, status: os.stat_result, algorithm: str) -> Known | None:
        """What is known of the file that looks like that, and looked so all the while; once.

        Waits for a file that is just being hashed; None for one whose turn has not come.
        """
        future = self._known.pop(stamp(status), None)
        if future is None or future.cancel() or algorithm != _ALGORITHM:
            return None
        try:
            return future.result()
        except (OSError, CancelledError):
            return None

    def close(self) -> None:
        """Hash no further."""
        self._stop.asked = True
        self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _hash(self, path: str, mark: bytes) -> Known:
        fd = open_source(path)
        pump = Pump(_ALGORITHM)
        try:
            pieces = Pieces(self._stop)
            digest, size = pump.digest(fd, pieces)
            if stamp(os.fstat(fd)) != mark:
                raise CancelledError
            return Known(digest, size, pieces)
        finally:
            pump.close()
            os.close(fd)


class _Stop:
    """A hasher that keeps nothing, and refuses to go on once it is asked to."""

    def __init__(self) -> None:
        self.asked = False

    def update(self, data: Buffer, /) -> None:
        if self.asked:
            raise CancelledError

    def digest(self) -> bytes:
        return b""


def _large(paths: Iterable[str]) -> Iterator[tuple[str, os.stat_result]]:
    for path in paths:
        for file in _files(path):
            try:
                status = os.stat(file)
            except OSError:
                continue  # whoever takes it in will tell
            if S_ISREG(status.st_mode) and status.st_size >= LARGE:
                yield file, status


def _files(path: str) -> list[str]:
    try:
        with os.scandir(path) as found:
            return sorted(each.path for each in islice(found, _LOOKED_AT))
    except OSError:
        return [path]
