"""How one kind of backend is spoken to, where fsspec is too general: a Service a kind.

Buckets of S3, GCS and Azure have their own; all else goes through what every fsspec file system
can do. Nothing here loads a client library: each Service does that when it connects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from wbart_storage.clock import parse_time
from wbart_storage.objects import ObjectStat

PART_SIZE = 16 << 20
"""Bytes of one part of a large upload, at least."""
PARTS_AT_ONCE = 4
"""Parts of one object in flight: with PART_SIZE it bounds the memory of a transfer."""
CONNECTIONS = 64
"""Connections of one file system, at most."""
CONNECT_SECONDS = 5
READ_SECONDS = 15
"""How long a silent server is waited for; `Retry` is above, and tries again."""

UNCACHED: Mapping[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
"""Options of every file system: fsspec's caches serve what others have long changed."""
Connected = Callable[[], Any]
"""Gives the file system of this process."""


class Below:
    """Does something below a root of the file system that is connected at the moment."""

    def __init__(self, fs: Connected, root: str) -> None:
        self._connected = fs
        self._root = root

    @property
    def _fs(self) -> Any:
        return self._connected()


class Page(NamedTuple):
    """A stretch of a listing; keys count from the root, in order."""

    stats: Sequence[ObjectStat]
    following: Any
    """What asks for the next page; None at the end."""


class Service(Protocol):
    """The calls of one kind of backend; fs is what `connect` returned. Keeps no state.

    root is where the store lies, without protocol and final slash. Foreign exceptions come out
    as they are: `FsspecObjects` translates them.
    """

    def connect(self, kind: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """A new file system with bounded patience; of the kind if one is given."""
        ...

    def upload(self, fs: Any, path: str, data: bytes, exclusive: bool) -> bool:
        """Put data at path; FileExistsError or the like if exclusive and taken.

        False when it lies there now, and the answer says that it is not what was sent.
        """
        ...

    def upload_file(self, fs: Any, path: str, source: Path) -> bool:
        """As `upload`, the bytes of a local file, without holding all of them in memory."""
        ...

    def stat(self, fs: Any, root: str, key: str) -> ObjectStat:
        """Size and time of one object, with one request; FileNotFoundError or the like."""
        ...

    def page(self, fs: Any, root: str, prefix: str, delimiter: str, token: Any) -> Page:
        """The page that token asks for (None: the first) of the keys with that prefix."""
        ...

    def delete(self, fs: Any, root: str, keys: Sequence[str]) -> None:
        """Delete up to DELETE_AT_ONCE objects; missing ones are no error."""
        ...


DELETE_AT_ONCE = 1000
"""Keys that `Service.delete` is given at a time."""


def stats_below(
    base: str, objects: Sequence[ObjectStat], folders: Sequence[str]
) -> list[ObjectStat]:
    """A page's objects and common prefixes in one order, with base taken off their keys.

    Markers of folders (keys that end in a slash) are no objects.
    """
    found = [(stat.key, stat) for stat in objects if not stat.key.endswith("/")]
    found += [(folder, ObjectStat(folder, 0, 0.0)) for folder in folders]
    found.sort(key=lambda each: each[0])
    return [ObjectStat(key[len(base) :], stat.size, stat.modified) for key, stat in found]


def split_root(root: str) -> tuple[str, str]:
    """The bucket, and what all keys in it begin with."""
    bucket, _, base = root.partition("/")
    return bucket, f"{base}/" if base else ""


def seconds(found: object) -> float:
    """A time as file systems tell it, in seconds since the epoch."""
    if isinstance(found, datetime):
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return parse_time(found) if isinstance(found, str) else float(cast(float, found or 0.0))
