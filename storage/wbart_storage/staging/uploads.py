"""Uploads in parts that this machine has begun: remembered, so that none is lost or left behind.

One small file each, locked by whoever sends. The lock ends with its process: then the next one
that has the same object to send goes on, and what nobody asks for in a day is let go of.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from wbart_storage.clock import Clock
from wbart_storage.disk import disk_errors
from wbart_storage.tokens import token_hex

KEPT_SECONDS = 86_400.0
"""How long a broken upload waits to be gone on with."""
_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


class Upload:
    """An upload that is ours until `close`."""

    def __init__(self, path: Path, fd: int, key: str, name: str, part_size: int) -> None:
        self.key = key
        self.name = name
        """What the store calls it."""
        self.part_size = part_size
        self._path = path
        self._fd = fd

    def forget(self) -> None:
        """There is nothing to go on with."""
        with disk_errors(self._path):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it; what is remembered waits for the next one."""
        os.close(self._fd)


class Uploads:
    """What one folder remembers. Safe to share between threads and processes.

    The files may let their readers write to the store (as a session's name does on some): they
    are for their owner alone.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def add(self, key: str, name: str, part_size: int) -> Upload:
        """Remember an upload that was just begun."""
        path = self._folder / f"{token_hex(8)}.json"
        told = {"key": key, "upload": name, "part_size": part_size}
        with disk_errors(path):
            self._folder.mkdir(parents=True, exist_ok=True)
            temp = path.with_suffix(".new")
            fd = os.open(temp, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.write(fd, json.dumps(told).encode())
                os.rename(temp, path)  # whole, and locked, from the moment it has its name
            except BaseException:
                os.close(fd)
                temp.unlink(missing_ok=True)
                raise
        return Upload(path, fd, key, name, part_size)

    def find(self, key: str) -> Upload | None:
        """An upload of that object which its process left unfinished."""
        for upload, _ in self._free():
            if upload.key == key:
                return upload
            upload.close()
        return None

    def stale(self) -> Iterator[Upload]:
        """The uploads that nobody has gone on with for a day; the caller closes each."""
        oldest = self._clock.now() - KEPT_SECONDS
        for upload, used in self._free():
            if used < oldest:
                yield upload
            else:
                upload.close()

    def _free(self) -> Iterator[tuple[Upload, float]]:
        for path in sorted(self._folder.glob("*.json")):
            try:
                fd = os.open(path, _FLAGS)
            except OSError:
                continue  # finished by somebody else
            upload = _locked(path, fd)
            if upload is None:
                os.close(fd)
            else:
                yield upload, os.fstat(fd).st_mtime


def _locked(path: Path, fd: int) -> Upload | None:
    """The upload that the open file tells of, if nobody sends it and it is still wanted."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(fd), os.stat(path)):
            return None
        told = json.loads(os.pread(fd, 1 << 16, 0))
        return Upload(path, fd, str(told["key"]), str(told["upload"]), int(told["part_size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
