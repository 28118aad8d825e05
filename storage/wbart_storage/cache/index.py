"""What a cache remembers of its files: size, checksum, last use, and how each looked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from wbart_storage.database import connect
from wbart_storage.errors import StorageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  digest BLOB PRIMARY KEY, size INTEGER NOT NULL, xxh3 BLOB NOT NULL, used INTEGER NOT NULL,
  stamp BLOB NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = "digest, size, xxh3, used, stamp"


class CacheUnusable(StorageError):
    """The cache cannot be read or written now; whoever can goes on without it."""


class Held(NamedTuple):
    """One file of a cache."""

    digest: bytes
    size: int
    xxh3: bytes
    """XXH3-128, taken as the file was written; empty when nobody knows it."""
    used: int
    """Last use in seconds since the epoch, a minute or so behind."""
    stamp: bytes
    """How the file looked when its bytes were last known to be right; empty: never."""


class CacheIndex:
    """The rows of one cache. It may be deleted at any time. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._opened: sqlite3.Connection | None = None

    def get(self, digest: bytes) -> Held | None:
        """What is known of one file."""
        with self._database() as database:
            row = database.execute(
                f"SELECT {_COLUMNS} FROM object WHERE digest = ?", (digest,)
            ).fetchone()
        return Held._make(row) if row else None

    def put(self, held: Held) -> None:
        """Remember a file, in place of what was known of it."""
        with self._database() as database:
            database.execute("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?)", held)

    def touch(self, digest: bytes, seconds: int) -> None:
        """Note a use."""
        with self._database() as database:
            database.execute("UPDATE object SET used = ? WHERE digest = ?", (seconds, digest))

    def remove(self, digest: bytes) -> None:
        """Forget a file."""
        with self._database() as database:
            database.execute("DELETE FROM object WHERE digest = ?", (digest,))

    def by_use(self) -> list[Held]:
        """All files, the least recently used first."""
        with self._database() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM object ORDER BY used, digest")
            return list(map(Held._make, rows))

    def total(self) -> int:
        """Bytes of all files."""
        with self._database() as database:
            row = database.execute("SELECT coalesce(sum(size), 0) FROM object").fetchone()
        return int(row[0])

    def close(self) -> None:
        """Close the database; the next call opens it again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """The database for one thread at a time, in one transaction."""
        with self._lock:
            try:
                if self._opened is None:
                    self._opened = connect(self._path, _SCHEMA)
                with self._opened:
                    yield self._opened
            except (sqlite3.Error, StorageError) as error:
                raise CacheUnusable(f"cache is unusable: {self._path}: {error}") from error
