"""A run's latest rows on this machine's disk, until they are in the store.

A process that is killed leaves its spool, and whoever looks at the run next on this machine
brings it in (see `wbart.recording.recovery`). The folder belongs to the holder of its lock, which
ends with the process.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock, Timeout

from wbart.recording.path import RunPath
from wbart_storage.disk import disk_errors
from wbart_storage.keys import quote, unquote
from wbart_storage.tokens import token_hex

KILLED = "killed"
"""A file of this name says that the process was told to end."""
_FOLDER = "spool"
_CHUNK = 4 << 20
"""Bytes of rows that become one part at most, before compression."""


class Spool:
    """The spool of one run's writer: closed rows, and what is still open.

    Files: `rows.jsonl` grows and is what the next part is made of; `open.json` is replaced;
    `files/` has those of media, by the paths that the run will have them under.
    Serves two threads: one that adds rows, and one that takes them to the store.
    """

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self.folder = folder
        self._lock = lock
        self._rows = (folder / "rows.jsonl").open("a+b", buffering=0)
        self._taken = 0
        self._growing = Lock()

    @classmethod
    def begin(cls, local: Path, path: RunPath, writer: str) -> Spool:
        """A spool of its own for a writer of the run, below this machine's folder of the store."""
        folder = _home(local, path) / f"{writer}-{token_hex(4)}"
        with disk_errors(folder):
            folder.mkdir(parents=True)
            lock = _locked(folder)
            assert lock is not None, "nobody else knows the folder"
            spool = cls(folder, lock)
            spool.note({})
        return spool

    @property
    def media(self) -> Path:
        """The folder of the files that wait for the store."""
        return self.folder / "files"

    @property
    def size(self) -> int:
        """Bytes of closed rows that are not in the store yet."""
        return os.fstat(self._rows.fileno()).st_size - self._taken

    def append(self, lines: bytes) -> None:
        """Add closed rows, which outlive the process when this returns."""
        rest = memoryview(lines)
        with self._growing, disk_errors(self.folder):
            while rest:
                rest = rest[self._rows.write(rest) :]

    def note(self, open_: dict[str, Any]) -> None:
        """Replace what is open: the row that is not closed, the summary, the run time."""
        target = self.folder / "open.json"
        with disk_errors(target):
            temp = target.with_suffix(".tmp")
            temp.write_bytes(json.dumps(open_).encode())
            os.replace(temp, target)

    def open_(self) -> dict[str, Any]:
        """What was noted last; empty when it cannot be read."""
        try:
            found = json.loads((self.folder / "open.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def chunk(self) -> bytes:
        """The next whole rows that are not in the store yet, some megabytes at most."""
        with disk_errors(self.folder):
            data = os.pread(self._rows.fileno(), _CHUNK, self._taken)
            if b"\n" not in data:  # one row, longer than all limits
                data = os.pread(self._rows.fileno(), self.size, self._taken)
        return data[: data.rfind(b"\n") + 1]

    def stored(self, chunk: bytes) -> None:
        """The chunk is in the store: it need not be kept."""
        with self._growing, disk_errors(self.folder):
            self._taken += len(chunk)
            if self.size == 0:
                self._rows.truncate(0)
                self._taken = 0

    def close(self, *, remove: bool) -> None:
        """Let go of the folder; what is left in it waits to be brought in, unless removed."""
        self._rows.close()
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)  # the lock's file was in it
            _prune(self.folder.parent)


def orphans(local: Path, only: RunPath | None = None) -> Iterator[tuple[RunPath, str, Spool]]:
    """The spools of processes that are no more, each ours to close; with run and writer."""
    folders = [_home(local, only)] if only is not None else sorted(local.glob(f"{_FOLDER}/*/*/*"))
    for home in folders:
        for folder in sorted(home.glob("*-*")):
            try:
                lock = _locked(folder)
                if lock is not None:
                    path = RunPath(*(unquote(part) for part in home.parts[-3:]))
                    yield path, folder.name.partition("-")[0], Spool(folder, lock)
            except OSError:
                continue  # brought in by somebody else meanwhile, or not ours to read


def has_any(local: Path) -> bool:
    """Whether there is any spool at all, be it in use."""
    return (local / _FOLDER).is_dir()


def _home(local: Path, path: RunPath) -> Path:
    return local / _FOLDER / quote(path.entity) / quote(path.project) / quote(path.id)


def _locked(folder: Path) -> FileLock | None:
    if not folder.is_dir():
        return None
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def _prune(folder: Path) -> None:
    """Remove empty folders up to the one of all spools."""
    try:
        while folder.name != _FOLDER:
            folder.rmdir()
            folder = folder.parent
        folder.rmdir()
    except OSError:
        return  # another run's spool is there
