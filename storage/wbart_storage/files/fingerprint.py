"""Stat fingerprints: what a local file's bytes were when it last looked just like this.

Git's index does the same, with the same racy rule (Documentation/technical/racy-git): a
fingerprint taken within two seconds of the file's own time is not trusted, since a change in the
same tick of the clock would not show.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from xxhash import xxh3_64_digest

from wbart_manifest.location import Location
from wbart_storage.database import connect, renew
from wbart_storage.errors import StorageError
from wbart_storage.files.recall import Page

_PLACE = struct.Struct("<BBIQQ32s")
NOWHERE = Path(":memory:")
"""The path of fingerprints that are kept in memory only, each connection's for itself."""
_LAYOUT = 4
"""Before 4 a snapshot could hold a file that had no print, and was not missed when it went."""
_PAGE = 2048
_COLUMNS = 512
_SCHEMA = """
CREATE TABLE IF NOT EXISTS root (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,
  changes INTEGER NOT NULL DEFAULT 0, snapshot TEXT);
CREATE TABLE IF NOT EXISTS file (
  root INTEGER NOT NULL, path TEXT NOT NULL, stamp BLOB NOT NULL, digest BLOB NOT NULL,
  place BLOB, wandb BLOB NOT NULL, PRIMARY KEY (root, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (digest BLOB PRIMARY KEY, place BLOB NOT NULL) WITHOUT ROWID;
"""
# Rows come as columns, each one blob, in a single statement: SQLite works through them without
# the interpreter lock, which it would take and give twice a row from the thread that reads files.
_INSERT_FILES = """
INSERT OR REPLACE INTO file SELECT :root, value,
  substr(:stamp, 1 + key * :stamp_size, :stamp_size),
  substr(:digest, 1 + key * :digest_size, :digest_size),
  substr(:place, 1 + key * :place_size, :place_size),
  coalesce(substr(:wandb, 1 + key * :wandb_size, :wandb_size), x'')
FROM json_each(:paths)
"""
_INSERT_PLACES = """
WITH RECURSIVE row(key) AS (
  SELECT 0 UNION ALL SELECT key + 1 FROM row WHERE (key + 1) * :digest_size < length(:digest))
INSERT OR REPLACE INTO place SELECT
  substr(:digest, 1 + key * :digest_size, :digest_size),
  substr(:place, 1 + key * :place_size, :place_size)
FROM row
"""


class Print(NamedTuple):
    """One file's fingerprint: its stamp, the raw digest, and where a store holds the bytes."""

    path: str
    stamp: bytes
    digest: bytes
    place: bytes | None
    wandb: bytes


def pack_place(location: Location, digest: bytes) -> bytes:
    """Where the bytes of a digest are, as the database keeps it: with a seal over both.

    SQLite does not notice a flipped bit, and a version that believed one could never be read.
    """
    place = _PLACE.pack(
        location.kind,
        location.codec,
        location.epoch,
        location.offset,
        location.length,
        location.object,
    )
    return place + xxh3_64_digest(place + digest)


def unpack_place(place: bytes, digest: bytes) -> Location | None:
    """The location that `pack_place` packed; None when it or the digest was damaged since."""
    packed = place[: _PLACE.size]
    if xxh3_64_digest(packed + digest) != place[_PLACE.size :]:
        return None
    kind, codec, epoch, offset, length, name = _PLACE.unpack(packed)
    return Location(kind, name if any(name) else b"", offset, length, codec, epoch)


class Fingerprints:
    """What this machine remembers of local files and of where one store holds their bytes.

    A cache: it may be deleted at any time. Safe to share between processes; one object serves
    one thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = connect(path, _SCHEMA, _LAYOUT)

    def again(self) -> Fingerprints:
        """A second connection to the same database, for another thread."""
        return Fingerprints(self._path)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def below(self, root: str) -> Iterator[Print]:
        """The fingerprints of files below the folder root, sorted by path.

        Read page by page: a cursor left open would hold an old state, and to write beside one
        fails as soon as another process has written. Raises StorageError when the database is
        found damaged: half a walk would hide files that are gone.
        """
        after = ""
        while batch := self._rows(
            "SELECT path, stamp, digest, place, wandb FROM file"
            " WHERE root = (SELECT id FROM root WHERE path = ?) AND path > ?"
            " ORDER BY path LIMIT ?",
            (root, after, _PAGE),
            whole=True,
        ):
            yield from map(Print._make, batch)
            after = batch[-1][0]

    def digests_below(self, root: str) -> Iterator[Page]:
        """As `below`, but paths, stamps and digests alone, as columns: at half the cost."""
        after = ""
        while batch := self._rows(
            "SELECT path, stamp, digest FROM file"
            " WHERE root = (SELECT id FROM root WHERE path = ?) AND path > ?"
            " ORDER BY path LIMIT ?",
            (root, after, _COLUMNS),
            whole=True,
        ):
            paths, stamps, digests = map(list, zip(*batch, strict=True))
            yield paths, stamps, digests
            after = paths[-1]

    def find(self, root: str, path: str) -> Print | None:
        """The fingerprint of one file below root."""
        row = self._row(
            "SELECT path, stamp, digest, place, wandb FROM file"
            " WHERE root = (SELECT id FROM root WHERE path = ?) AND path = ?",
            (root, path),
        )
        return Print._make(row) if row else None

    def record(self, root: str, prints: Iterable[Print], gone: Iterable[str] = ()) -> None:
        """Remember the prints and forget the paths that are gone, in one transaction.

        A snapshot of the root ends with it.
        """
        with self._writing() as database:
            number = _root(database, root)
            database.execute(
                "UPDATE root SET changes = changes + 1, snapshot = NULL WHERE id = ?", (number,)
            )
            for _, alike in groupby(prints, _shape):
                database.execute(_INSERT_FILES, _columns(number, list(alike)))
            database.executemany(
                "DELETE FROM file WHERE root = ? AND path = ?", ((number, path) for path in gone)
            )

    def snapshot(self, root: str) -> str | None:
        """What `set_snapshot` kept for the root, if no print of it changed since."""
        row = self._row("SELECT snapshot FROM root WHERE path = ?", (root,))
        return row[0] if row else None

    def changes(self, root: str) -> int:
        """A number that grows whenever prints below root change."""
        row = self._row("SELECT changes FROM root WHERE path = ?", (root,))
        return row[0] if row else 0

    def set_snapshot(self, root: str, changes: int, snapshot: str) -> None:
        """Keep a text that holds as long as the prints below root are those of `changes`."""
        with self._writing() as database:
            database.execute(
                "UPDATE root SET snapshot = ? WHERE path = ? AND changes = ?",
                (snapshot, root, changes),
            )

    def record_places(self, places: Iterable[tuple[bytes, bytes]]) -> None:
        """Remember (digest, packed place) pairs: bytes that the store holds."""
        with self._writing() as database:
            for _, alike in groupby(sorted(places), lambda pair: (len(pair[0]), len(pair[1]))):
                digests, packed = zip(*alike, strict=True)
                database.execute(_INSERT_PLACES, _joined(digest=digests, place=packed))

    def place(self, digest: bytes) -> bytes | None:
        """Where the store is believed to hold the bytes of the digest."""
        row = self._row("SELECT place FROM place WHERE digest = ?", (digest,))
        return row[0] if row else None

    def has_places(self) -> bool:
        """Whether any place is known: asking for each of 100,000 new files costs half a second."""
        return self._row("SELECT 1 FROM place LIMIT 1", ()) is not None

    def forget_object(self, name: bytes) -> None:
        """Forget every place in a pack or recipe that turned out to be gone.

        All snapshots end with it, since files that are in them are not known any more.
        """
        with self._writing() as database:
            database.execute("UPDATE root SET changes = changes + 1, snapshot = NULL")
            for table in ("file", "place"):
                database.execute(f"DELETE FROM {table} WHERE substr(place, 23, 32) = ?", (name,))

    def _row(self, query: str, values: tuple[object, ...]) -> Any:
        found = self._rows(query, values)
        return found[0] if found else None

    def _rows(self, query: str, values: tuple[object, ...], *, whole: bool = False) -> list[Any]:
        """What is found; nothing in a damaged database, which is begun anew.

        With whole, the damage is an error all the same.
        """
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            self._db = renew(self._path, _SCHEMA, self._db, error, _LAYOUT)
            if whole:
                lost = f"local database {self._path} was damaged and is begun anew: try again"
                raise StorageError(lost) from error
            return []

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; in a damaged database it is lost with all the others."""
        try:
            with self._db:
                yield self._db
        except sqlite3.DatabaseError as error:
            self._db = renew(self._path, _SCHEMA, self._db, error, _LAYOUT)


def _root(database: sqlite3.Connection, root: str) -> int:
    database.execute("INSERT OR IGNORE INTO root (path) VALUES (?)", (root,))
    row: tuple[int] = database.execute("SELECT id FROM root WHERE path = ?", (root,)).fetchone()
    return row[0]


def _shape(each: Print) -> tuple[int, int, int, int]:
    """How long the columns of a print are; those that are alike can go in one statement."""
    place = -1 if each.place is None else len(each.place)
    return len(each.stamp), len(each.digest), place, len(each.wandb)


def _columns(root: int, prints: Sequence[Print]) -> dict[str, object]:
    paths, stamps, digests, places, seconds = zip(*prints, strict=True)
    return {
        "root": root,
        "paths": msgspec.json.encode(paths).decode(),
        **_joined(stamp=stamps, digest=digests, place=places, wandb=seconds),
    }


def _joined(**columns: Sequence[bytes | None]) -> dict[str, object]:
    """Each column as one blob, None for a column of None, with the size of one of its values."""
    joined: dict[str, object] = {}
    for name, values in columns.items():
        known = [each for each in values if each is not None]
        joined[name] = b"".join(known) if known else None
        joined[f"{name}_size"] = len(known[0]) if known else 0
    return joined
