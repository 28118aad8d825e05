"""The files of a cache: opened, checked, dropped and set aside, each with its row in the index."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xxhash

from wbart_storage.cache.index import CacheIndex, CacheUnusable, Held
from wbart_storage.cache.partial import Part
from wbart_storage.clock import Clock
from wbart_storage.files.pump import Pump
from wbart_storage.files.stamp import stamp
from wbart_storage.reading.reader import LocalFile

log = logging.getLogger(__name__)

_COARSE_SECONDS = 60
_BUFFER = 8 << 20
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class CacheFiles:
    """Read-only files named by their digests. Safe to share between threads and processes.

    Raises CacheUnusable for whatever the disk or the index refuses.
    """

    def __init__(self, folder: Path, algorithm: str, clock: Clock) -> None:
        self.folder = folder
        self.index = CacheIndex(folder / "index.db")
        self._algorithm = algorithm
        self._clock = clock

    def open(self, digest: bytes) -> LocalFile | None:
        """The file of that digest, if it is there and right; the caller closes it."""
        with self._opened(digest) as fd:
            if fd is None:
                return None
            _lock(fd, fcntl.LOCK_SH)
            if not self._is_good(digest, fd):
                return None
            # A second descriptor of the same open file: the lock is held until both are closed.
            return LocalFile(os.fspath(self.path(digest)), os.dup(fd), lasts=False)

    def take(self, digest: bytes, part: Part) -> None:
        """Give a finished part its name."""
        status = part.finish(self.path(digest))
        self.index.put(Held(digest, part.size, part.xxh3(), self._now, stamp(status)))

    def check(self, digest: bytes) -> bool:
        """Read a file in full; False if it was damaged, and has been set aside."""
        with self._opened(digest) as fd:
            return fd is None or self._is_right(digest, fd)

    def matches(self, held: Held) -> bool | None:
        """Whether a file has its checksum still; None when it has gone."""
        with self._opened(held.digest) as fd:
            if fd is None:
                return None
            if held.xxh3:
                return _xxh3(fd) == held.xxh3
            return self._read(fd)[0] == held.digest

    def drop(self, digest: bytes) -> bool:
        """Remove a file; False if it is in use."""
        with self._opened(digest) as fd:
            if fd is not None:
                if not _lock(fd, fcntl.LOCK_EX):
                    return False
                self.path(digest).unlink(missing_ok=True)
        self.index.remove(digest)
        return True

    def set_aside(self, digest: bytes) -> None:
        """Move a damaged file to where nobody takes it for the object."""
        path, bad = self.path(digest), self.folder / "bad"
        log.warning("cache: %s is damaged: set aside", path)
        with refusals(path):
            bad.mkdir(exist_ok=True)
            try:
                os.replace(path, bad / digest.hex())
            except FileNotFoundError:
                pass  # somebody else did
        self.index.remove(digest)

    def reconcile(self) -> None:
        """Let the index name just the files that are there."""
        known = {held.digest for held in self.index.by_use()}
        with refusals(self.folder):
            for path in self.folder.glob("obj/??/" + "[0-9a-f]" * 64):
                digest = bytes.fromhex(path.name)
                if digest in known:
                    known.remove(digest)
                    continue
                found = path.lstat()
                self.index.put(Held(digest, found.st_size, b"", int(found.st_mtime), b""))
        for digest in known:
            self.index.remove(digest)

    def path(self, digest: bytes) -> Path:
        """Where the file of that digest lies."""
        name = digest.hex()
        return self.folder / "obj" / name[:2] / name

    @property
    def _now(self) -> int:
        return int(self._clock.now())

    @contextmanager
    def _opened(self, digest: bytes) -> Iterator[int | None]:
        path = self.path(digest)
        with refusals(path):
            try:
                fd = os.open(path, _READ)
            except FileNotFoundError:
                yield None
                return
            try:
                yield fd
            finally:
                os.close(fd)

    def _is_good(self, digest: bytes, fd: int) -> bool:
        """By how it looks, else by its bytes."""
        known = self.index.get(digest)
        if known is None or known.stamp != stamp(os.fstat(fd)):
            return self._is_right(digest, fd)
        if self._now - known.used > _COARSE_SECONDS:
            self.index.touch(digest, self._now)
        return True

    def _is_right(self, digest: bytes, fd: int) -> bool:
        """Read it all: remember how it looks if it is right, set it aside if it is not."""
        status = os.fstat(fd)
        got, size, xxh3 = self._read(fd)
        if got != digest:
            self.set_aside(digest)
            return False
        self.index.put(Held(digest, size, xxh3, self._now, stamp(status)))
        return True

    def _read(self, fd: int) -> tuple[bytes, int, bytes]:
        """Digest, size and XXH3-128 of all of a file."""
        pump, xxh3 = Pump(self._algorithm), xxhash.xxh3_128()
        try:
            digest, size = pump.digest(fd, xxh3)
            os.lseek(fd, 0, os.SEEK_SET)
        finally:
            pump.close()
        return digest, size, xxh3.digest()


def _lock(fd: int, kind: int) -> bool:
    """Lock an open file as far as its file system can; False if another holds it."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # no locks here; what is open stays readable all the same
    return True


def _xxh3(fd: int) -> bytes:
    state, buffer = xxhash.xxh3_128(), memoryview(bytearray(_BUFFER))
    while count := os.readv(fd, [buffer]):
        state.update(buffer[:count])
    return state.digest()


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into CacheUnusable."""
    try:
        yield
    except OSError as error:
        raise CacheUnusable(f"cache is unusable: {path}: {error.strerror or error}") from error
