"""Objects on their way into the cache: `part/<digest>`, locked by whoever fills it.

The lock ends with its process, so what an interrupted download left is found, and continued, by
the next one that wants the same object; and whoever wants it meanwhile waits for it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import xxhash

from wbart_manifest.digest import hasher
from wbart_storage.cache.index import CacheUnusable
from wbart_storage.files.buffered import write_all
from wbart_storage.files.stream import Stream
from wbart_storage.reading.along import Follower

_PIECE = 8 << 20
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_PAUSE = 0.05
_PATIENCE = 30.0
"""Seconds that a part of somebody else may stand still before we stop to wait for it."""


class Part:
    """A part that is ours until `close`. Serves one thread."""

    def __init__(self, path: Path, fd: int, algorithm: str) -> None:
        self.path = path
        self.size = 0
        self._fd = fd
        self._algorithm = algorithm
        self._along: Follower | None = None
        self._stream: Stream | None = None
        self.restart(keep=True)

    def follow(self, along: Follower) -> None:
        """Let along have what is there and what comes, where that is worth it.

        Raises the operating system's own OSError for the other file, here and later.
        """
        if not along.follows(self._fd):
            return
        self._along, at = along, 0
        while at < self.size and (piece := os.pread(self._fd, _PIECE, at)):
            along.write(piece)
            at += len(piece)
        self._stream = Stream(self._fd)  # nobody reads back what along has got

    @property
    def is_followed(self) -> bool:
        """Whether another file has all that is here."""
        return self._along is not None

    def restart(self, *, keep: bool = False) -> None:
        """Begin anew: with nothing, or with what is there already."""
        self._digest = hasher(self._algorithm, threads=2)
        self._xxh3 = xxhash.xxh3_128()
        self.size = 0
        if self._along is not None:
            self._along.restart()
        if self._stream is not None:
            self._stream.end()
        try:
            if not keep:
                os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            while piece := os.read(self._fd, _PIECE):
                self._count(piece)
        except OSError as error:
            raise _unusable(error, self.path) from error

    def write(self, data: bytes) -> None:
        """Append data."""
        try:
            if self._stream is None:
                write_all(self._fd, data)
            else:
                self._stream.write(data)
        except OSError as error:
            self.drop()  # what was written is the room that was missing
            raise _unusable(error, self.path) from error
        if self._along is not None:
            self._along.write(data)
        self._count(data)

    def digest(self) -> bytes:
        """The raw digest of all so far."""
        return self._digest.digest()

    def xxh3(self) -> bytes:
        """The XXH3-128 of all so far."""
        return self._xxh3.digest()

    def finish(self, target: Path) -> os.stat_result:
        """Give the file its name, read-only; returns its status."""
        try:
            os.fchmod(self._fd, 0o444)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.path, target)
            return os.fstat(self._fd)
        except OSError as error:
            raise _unusable(error, target) from error

    def drop(self) -> None:
        """Remove what is there."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(error, self.path) from error

    def close(self) -> None:
        """Let go; what is there waits to be continued."""
        os.close(self._fd)

    def _count(self, data: bytes) -> None:
        self._digest.update(data)
        self._xxh3.update(data)
        self.size += len(data)


def begin(path: Path, algorithm: str, wait: Callable[[float], None]) -> Part | None:
    """The part at path, once nobody else fills it; None when somebody does and gets nowhere."""
    size, still = -1, 0.0
    while still < _PATIENCE:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(path, _FLAGS, 0o600)
        except OSError as error:
            raise _unusable(error, path) from error
        try:
            if _is_ours(fd, path):
                return Part(path, fd, algorithm)
            now = os.fstat(fd).st_size
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
        still = still + _PAUSE if now == size else 0.0
        size = now
        wait(_PAUSE)
    return None


def sweep(folder: Path, before: float) -> None:
    """Remove the parts that nobody fills and nobody wrote to since before (seconds)."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue  # finished or swept by somebody else
        try:
            if os.fstat(fd).st_mtime < before and _is_ours(fd, path):
                path.unlink(missing_ok=True)
        finally:
            os.close(fd)


def _is_ours(fd: int, path: Path) -> bool:
    """Lock the file; not ours either if it has lost its name to a finished object meanwhile."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError as error:
        raise _unusable(error, path) from error


def _unusable(error: OSError, path: Path) -> CacheUnusable:
    return CacheUnusable(f"cache is unusable: {path}: {error.strerror or error}")
