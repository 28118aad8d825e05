"""Opening the small SQLite databases that this machine keeps for itself.

They hold nothing that cannot be made again, so a damaged or foreign one is set aside and begun
anew, and power loss may cost the last entries (synchronous=OFF loses no consistency on a crash
of the process alone).
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

from wbart_storage.disk import disk_errors
from wbart_storage.errors import StorageError, StoreFull

log = logging.getLogger(__name__)
VERSION = 3
_WAIT_SECONDS = 30.0
_PAUSE_SECONDS = 0.01
_DAMAGED = {
    sqlite3.SQLITE_ERROR,  # no such table: the page that names the tables is damaged
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_NOTADB,
}


def connect(
    path: Path, schema: str, layout: int = VERSION, page_size: int = 4096
) -> sqlite3.Connection:
    """Open the database at path with the tables of schema, making both where they are missing.

    One of another layout is begun anew. Raises StorageError when the disk refuses.
    """
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        try:
            return _open_patiently(path, schema, layout, page_size)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            log.warning("local database %s is unusable (%s): beginning anew", path.name, error)
        _set_aside(path)
        return _open_patiently(path, schema, layout, page_size)
    except sqlite3.Error as error:
        raise StorageError(f"local database {path} is unusable: {error}") from error


def renew(
    path: Path,
    schema: str,
    database: sqlite3.Connection,
    error: sqlite3.DatabaseError,
    layout: int = VERSION,
    page_size: int = 4096,
) -> sqlite3.Connection:
    """Begin anew after an error in use, if it says that the file is damaged.

    Raises StoreFull or StorageError for any other error.
    """
    # Python itself says that a text is not UTF-8, and gives no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        raise StoreFull(f"disk is full: {path}") from error
    if code not in _DAMAGED:
        raise StorageError(f"local database {path} is unusable: {error}") from error
    log.warning("local database %s is damaged (%s): beginning anew", path.name, error)
    database.close()
    _set_aside(path)
    return connect(path, schema, layout, page_size)


def _open_patiently(path: Path, schema: str, layout: int, page_size: int) -> sqlite3.Connection:
    """SQLite waits for others by itself, but not while they turn a new database to WAL."""
    for _ in range(int(_WAIT_SECONDS / _PAUSE_SECONDS)):
        try:
            return _open(path, schema, layout, page_size)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_PAUSE_SECONDS)
    return _open(path, schema, layout, page_size)


def _open(path: Path, schema: str, layout: int, page_size: int) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False)
    try:
        database.execute(f"PRAGMA page_size = {page_size}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -8192")
        known = database.execute("PRAGMA user_version").fetchone()[0]
        if known not in (0, layout):
            raise sqlite3.DatabaseError(f"layout {known}, not {layout}")
        if known == 0:
            database.executescript(schema)
            database.execute(f"PRAGMA user_version = {layout}")
        database.commit()
    except BaseException:
        database.close()
        raise
    return database


def _set_aside(path: Path) -> None:
    with disk_errors(path):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
