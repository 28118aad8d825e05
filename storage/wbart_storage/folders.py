"""Folders of a local store: made on demand, and made durable once."""

from __future__ import annotations

import os
import sys


class Folders:
    """Remembers which folders below root exist, and which of them power loss may still take.

    Safe to share between threads and processes; a folder that vanishes is made again.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: set[str] = set()
        self._fresh: set[str] = set()

    def ensure(self, folder: str) -> None:
        """Make folder and its parents if they are missing."""
        if folder in self._known:
            return
        if not os.path.isdir(folder):
            self.ensure(os.path.dirname(folder))
            # Fresh before it is there: a thread that finds it must find it fresh, too.
            self._fresh.add(folder)
            try:
                os.mkdir(folder)
            except FileExistsError:
                if not os.path.isdir(folder):
                    raise
        self._known.add(folder)

    def forget(self, folder: str) -> None:
        """Take note that folder, or a parent of it, has vanished."""
        while folder in self._known:
            self._known.discard(folder)
            folder = os.path.dirname(folder)

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
