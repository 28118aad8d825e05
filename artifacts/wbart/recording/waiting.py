"""Files of a run that wait on this machine's disk until they are in the store.

They are copies, since a script may change or delete a file as soon as it has logged it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from threading import Lock

from wbart_manifest.path import canonical
from wbart_storage.disk import disk_errors

_TEMPORARY = ".part-"


class Waiting:
    """A folder of files by the paths that the run will have them under.

    Safe to share between threads. What another process left in the folder is there, too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, int] = {}
        self._stored: set[str] = set()
        self._lock = Lock()
        self._copies = 0
        for local in folder.rglob("*") if folder.is_dir() else ():
            temporary = local.parent == folder and local.name.startswith(_TEMPORARY)
            if local.is_file() and not temporary:
                self._files[local.relative_to(folder).as_posix()] = local.stat().st_size

    @property
    def size(self) -> int:
        """Bytes that wait, at least one for each file."""
        with self._lock:
            return sum(max(size, 1) for size in self._files.values())

    def keep(self, file: Path | bytes, path: str) -> str:
        """Copy a file, whole when this returns; a path is named by its content, so once is enough.

        Raises what the disk raises, and PathInvalid.
        """
        path = canonical(path)
        with self._lock:
            if path in self._files or path in self._stored:
                return path
            self._copies += 1
            number = self._copies
        target = self._folder / path
        temporary = self._folder / f"{_TEMPORARY}{number}"
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(file, bytes):
                temporary.write_bytes(file)
            else:
                shutil.copyfile(file, temporary)
            size = temporary.stat().st_size
            os.replace(temporary, target)
        with self._lock:
            self._files[path] = size
        return path

    def files(self) -> dict[str, Path]:
        """What waits now, by path."""
        with self._lock:
            return {path: self._folder / path for path in self._files}

    def stored(self, paths: list[str]) -> None:
        """These are in the store, and told of: they need not be kept."""
        with self._lock:
            for path in paths:
                self._files.pop(path, None)
                self._stored.add(path)
        for path in paths:
            (self._folder / path).unlink(missing_ok=True)
