"""Folders of a local store: made on demand, and made durable once."""

from __future__ import annotations

import os
import stat
import sys

from wbart_storage.clock import Clock, SystemClock

_YOUNG_SECONDS = 600.0
"""A folder that changed this lately may be one whose maker did not live to sync it."""


class Folders:
    """Remembers which folders below root exist, and which of them power loss may still take.

    Safe to share between threads and processes; a folder that vanishes is made again.
    """

    def __init__(self, root: str, clock: Clock | None = None) -> None:
        self._below = os.path.join(root, "")
        self._clock = clock or SystemClock()
        self._known: set[str] = set()
        self._fresh: set[str] = set()

    def ensure(self, folder: str) -> None:
        """Make folder and its parents if they are missing."""
        if folder in self._known:
            return
        age = self._age(folder)
        if age is not None:
            # Above the root nothing is ours to sync; "/" itself is young on a fresh machine.
            if age < _YOUNG_SECONDS and folder.startswith(self._below):
                self.ensure(os.path.dirname(folder))
                self._fresh.add(folder)
        else:
            self.ensure(os.path.dirname(folder))
            # Fresh before it is there: a thread that finds it must find it fresh, too.
            self._fresh.add(folder)
            try:
                os.mkdir(folder)
            except FileExistsError:
                if not os.path.isdir(folder):
                    raise
        self._known.add(folder)

    def _age(self, folder: str) -> float | None:
        """Seconds since the folder was changed last; None if it is not there."""
        try:
            status = os.stat(folder)
        except OSError:
            return None
        return self._clock.now() - status.st_mtime if stat.S_ISDIR(status.st_mode) else None

    def forget(self, folder: str) -> None:
        """Take note that folder, or a parent of it, has vanished."""
        # A parent may be known of a folder that is not: all of them are looked at again.
        while (parent := os.path.dirname(folder)) != folder:
            self._known.discard(folder)
            folder = parent

    def settle(self, folder: str) -> None:
        """Make the names in folder durable, and the folder itself if it is new."""
        sync_folder(folder)
        while folder in self._fresh:
            parent = os.path.dirname(folder)
            sync_folder(parent)
            self._fresh.discard(folder)
            folder = parent


def sync_folder(folder: str) -> None:
    """Make the names in folder survive power loss."""
    if os.name == "nt":  # a folder cannot be opened there; NTFS journals names by itself
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def sync_file(descriptor: int) -> None:
    """Make the bytes of an open file survive power loss."""
    if sys.platform == "darwin":
        import fcntl

        # fsync there stops at the drive's cache.
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)
