"""Files that objects made of data wait in, until an artifact or a run has taken them."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from threading import Lock

_lock = Lock()
_homes: dict[int, Path] = {}
"""By process: what a fork inherits is its parent's to remove."""


def keep(data: bytes, extension: str) -> Path:
    """A file with these bytes, named by them; it lasts as long as the process."""
    name = f"{hashlib.md5(data, usedforsecurity=False).hexdigest()[:20]}{extension}"
    path = _home() / name
    if not path.exists():
        temporary = path.with_name(f"{name}.{os.urandom(4).hex()}")
        temporary.write_bytes(data)
        temporary.replace(path)
    return path


def _home() -> Path:
    with _lock:
        found = _homes.get(os.getpid())
        if found is None or not found.is_dir():
            found = _homes[os.getpid()] = Path(tempfile.mkdtemp(prefix="wbart-media-"))
            atexit.register(_remove, os.getpid(), found)
        return found


def _remove(owner: int, home: Path) -> None:
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)
