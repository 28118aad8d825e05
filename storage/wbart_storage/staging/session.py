"""Sessions: the private staging folders of drafts, and what becomes of them when a process dies.

A session folder is owned by the holder of its lock, so an unlocked one is an orphan and is
removed by whoever begins the next session. Finished packs and blobs lie in `ready/`, named by
their digests, where an interrupted upload that is begun again finds them.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wbart_storage.clock import Clock
from wbart_storage.disk import disk_errors
from wbart_storage.staging.uploads import Uploads
from wbart_storage.tokens import token_hex

if TYPE_CHECKING:
    from filelock import FileLock

READY = "ready"
READY_SECONDS = 86_400.0
"""How long finished packs and blobs of interrupted uploads wait to be asked for again."""


class Session:
    """A private folder below staging that lives as long as its lock is held."""

    def __init__(self, staging: Path, clock: Clock) -> None:
        self.ready = staging / READY
        self.uploads = Uploads(staging / "uploads", clock)
        self._clock = clock
        with disk_errors(staging):
            self.ready.mkdir(parents=True, exist_ok=True)
            self._sweep(staging)
            self.folder, self._lock = _begin(staging)
        self._numbers = count(1)
        self._kept: set[str] = set()

    def new_path(self) -> Path:
        """A fresh path in the session's folder."""
        return self.folder / f"{next(self._numbers)}.part"

    def keep(self, part: Path, name: str) -> Path:
        """Move a finished file to `ready/` under the name of its content."""
        kept = self.ready / name
        with disk_errors(kept):
            os.rename(part, kept)
        self._kept.add(name)
        return kept

    def kept(self) -> list[Path]:
        """The finished files of this session that still wait."""
        return [path for name in sorted(self._kept) if (path := self.ready / name).exists()]

    def made(self, name: str) -> bool:
        """Whether the finished file is this session's own."""
        return name in self._kept

    def find(self, name: str) -> Path | None:
        """A finished file of this or of an interrupted session; finding it renews its time."""
        kept = self.ready / name
        try:
            os.utime(kept)
        except OSError:  # only its time could not be renewed, if it is there
            return kept if kept.exists() else None
        return kept

    def close(self) -> None:
        """Remove the folder with all that is unfinished in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            with suppress(OSError):  # the next session sweeps what stays
                Path(self._lock.lock_file).unlink(missing_ok=True)
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _sweep(self, staging: Path) -> None:
        for lock in staging.glob("*.lock"):
            _remove_orphan(lock)
        oldest = self._clock.now() - READY_SECONDS
        for kept in self.ready.iterdir():
            try:
                if kept.stat().st_mtime < oldest:
                    kept.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # adopted or swept by somebody else


def _begin(staging: Path) -> tuple[Path, FileLock]:
    from filelock import FileLock, Timeout  # 8 ms of a start that reads only

    while True:
        name = token_hex(8)
        lock = FileLock(staging / f"{name}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            continue  # a sweep was between our making the file and our locking it
        if os.path.exists(lock.lock_file):
            break
        lock.release()
    folder = staging / name
    folder.mkdir(mode=0o700)
    return folder, lock


def _remove_orphan(path: Path) -> None:
    """Take the lock of a session: that works only when its process has ended."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except (Timeout, OSError):
        return
    try:
        shutil.rmtree(path.with_suffix(""), ignore_errors=True)
        path.unlink(missing_ok=True)
    finally:
        lock.release()
