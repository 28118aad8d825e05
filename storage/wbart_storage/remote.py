"""Objects on whatever fsspec can reach: buckets of S3, GCS and Azure, and the rest on trust.

fsspec caches listings and instances by default, and then serves what other machines have long
changed; so the file system is always built anew, without either. Exclusive create is
`pipe_file(mode="create")`, one conditional request on the three clouds; what it is worth
elsewhere is for `wbart_storage.probe` to say.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

from wbart_storage.clock import parse_time
from wbart_storage.disk import source_error
from wbart_storage.errors import ObjectMissing, StoreRefused
from wbart_storage.keys import check_key, check_prefix
from wbart_storage.objects import ObjectStat, check_range
from wbart_storage.translate import beyond_end, translate, translated

BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
"""Protocols whose create is one conditional request, and which list by prefix."""

_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")
# Elsewhere fsspec looks and then writes; at least the threads of a process must not race.
_one_by_one = threading.Lock()


class FsspecObjects:
    """An object store below a path of an fsspec file system.

    Data given to `create` must stay small (below 8 MiB): multipart uploads lose the condition.
    Local folders are refused, since fsspec's exclusive create is not exclusive there.
    """

    def __init__(self, fs: AbstractFileSystem, root: str) -> None:
        self.protocol: str = fs.protocol if isinstance(fs.protocol, str) else fs.protocol[0]
        if self.protocol in ("file", "local"):
            raise StoreRefused(f"{root}: a local folder is kept by LocalObjects, not by fsspec")
        # Typed by nobody: what fsspec says of its own types is wrong in places.
        self._fs: Any = uncached(fs)
        self._root: str = self._fs._strip_protocol(root).rstrip("/")
        self._in_bucket = self.protocol in BUCKETS
        if self._in_bucket and not self._root:
            raise StoreRefused(f"{root} names no bucket")
        self.place = f"{self.protocol}://{self._root.lstrip('/')}"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._fs, self._root)

    def create(self, key: str, data: bytes) -> None:
        path = self._path(key)
        alone: AbstractContextManager[object] = nullcontext() if self._in_bucket else _one_by_one
        with translated(key), alone:
            self._reach(path, lambda: self._fs.pipe_file(path, data, mode="create"))

    def put(self, key: str, source: bytes | Path) -> None:
        path = self._path(key)
        if isinstance(source, Path):
            _check_source(source)
            if self.protocol == "memory":  # its put_file shows the file while it grows
                source = source.read_bytes()
        with translated(key):
            if isinstance(source, Path):
                self._reach(path, lambda: self._fs.put_file(os.fspath(source), path))
            else:
                self._reach(path, lambda: self._fs.pipe_file(path, source))

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        check_range(start, end)
        path = self._path(key)
        if start == end:  # an empty range cannot be said in HTTP, and would fetch everything
            self.stat(key)
            return b""
        try:
            # An explicit start saves s3fs a HEAD before the GET.
            return bytes(self._fs.cat_file(path, start=start, end=end))
        except Exception as error:
            if beyond_end(error):
                return b""
            raise translate(error, key) from error

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        folder, slash, name = check_prefix(prefix).rpartition("/")
        place = f"{self._root}/{folder}" if slash else self._root
        try:
            found = self._listed(place, name, bool(delimiter))
        except FileNotFoundError as error:
            translation = translate(error, prefix)
            if not isinstance(translation, ObjectMissing):
                raise translation from error
            return iter(())
        except Exception as error:
            raise translate(error, prefix or self.place) from error
        return iter(self._stats(found, prefix))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            path = self._path(key)
            try:
                self._fs.rm_file(path)
            except Exception as error:
                translation = translate(error, key)
                if not isinstance(translation, ObjectMissing):
                    raise translation from error

    def stat(self, key: str) -> ObjectStat:
        path = self._path(key)
        with translated(key):
            info = self._fs.info(path)
        if info["type"] != "file":
            raise ObjectMissing(key)
        return ObjectStat(key, info["size"], _modified(info))

    def _path(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    def _reach(self, path: str, write: Callable[[], object]) -> None:
        """Write, making the folder first where there are folders and it is missing."""
        try:
            write()
        except FileNotFoundError:
            if self._in_bucket:
                raise
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            write()

    def _listed(self, place: str, name: str, fold: bool) -> Iterable[Mapping[str, Any]]:
        if fold:
            listed: Iterable[Mapping[str, Any]] = self._fs.ls(place, detail=True)
            return listed
        narrow = {"prefix": name} if name and self._in_bucket else {}
        found: Mapping[str, Mapping[str, Any]] = self._fs.find(place, detail=True, **narrow)
        return found.values()

    def _stats(self, found: Iterable[Mapping[str, Any]], prefix: str) -> Iterable[ObjectStat]:
        stats = []
        for info in found:
            key = info["name"].rstrip("/")[len(self._root) + 1 :]
            if not key.startswith(prefix) or not key:
                continue  # a sibling's, or a marker of the folder itself
            if info["type"] == "directory":
                stats.append(ObjectStat(f"{key}/", 0, 0.0))
            elif not info["name"].endswith("/"):
                stats.append(ObjectStat(key, info["size"], _modified(info)))
        return sorted(stats, key=lambda stat: stat.key)


def uncached(fs: AbstractFileSystem) -> AbstractFileSystem:
    """A new file system like fs that shares no instance and caches no listing."""
    options = {**fs.storage_options, "use_listings_cache": False, "skip_instance_cache": True}
    with translated(type(fs).__name__):
        return type(fs)(*fs.storage_args, **options)


def _check_source(source: Path) -> None:
    try:
        source.stat()
    except OSError as error:
        raise source_error(error, source) from error


def _modified(info: Mapping[str, Any]) -> float:
    found = next((info[name] for name in _TIMES if info.get(name) is not None), 0.0)
    if isinstance(found, datetime):
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return parse_time(found) if isinstance(found, str) else float(found)
