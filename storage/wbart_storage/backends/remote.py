"""Objects on whatever fsspec can reach: buckets of S3, GCS and Azure, and the rest on trust.

Exclusive create is one conditional request on the three clouds; what it is worth elsewhere is
for `wbart_storage.probe` to say. How each kind of backend is spoken to stands in its Service.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

from fsspec import AbstractFileSystem

from wbart_storage.backends.connection import Connection
from wbart_storage.disk import source_error
from wbart_storage.errors import ObjectMissing, StorageError, StoreRefused
from wbart_storage.keys import check_key, check_prefix
from wbart_storage.objects import ObjectStat, Parts, check_range
from wbart_storage.services.arrival import until_right
from wbart_storage.services.kinds import BUCKETS, parts_of
from wbart_storage.services.service import DELETE_AT_ONCE, Page
from wbart_storage.translate import beyond_end, translate, translated

MOST_CREATED = 8 << 20
"""Bytes of data that `create` takes: beyond, services fall back to uploads without a condition."""

_PAGE_TRIES = 3
_Ability = TypeVar("_Ability")


class FsspecObjects:
    """An object store below a path of an fsspec file system; fs itself is only a pattern.

    Data given to `create` must be small, at most MOST_CREATED bytes, else StorageError.
    Local folders are refused, since fsspec's exclusive create is not exclusive there.
    """

    def __init__(self, fs: AbstractFileSystem | Connection, root: str) -> None:
        connection = fs if isinstance(fs, Connection) else Connection.like(fs)
        self.protocol = connection.protocol
        if self.protocol in ("file", "local"):
            raise StoreRefused(f"{root}: a local folder is kept by LocalObjects, not by fsspec")
        self.connection = connection
        self._service = connection.service
        self._root: str = connection.fs._strip_protocol(root).rstrip("/")
        if self.protocol in BUCKETS and not self._root:
            raise StoreRefused(f"{root} names no bucket")
        self.place = f"{self.protocol}://{self._root.lstrip('/')}"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.connection, self._root)

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        found = parts_of(self.protocol, lambda: self._fs, self._root) if wanted is Parts else None
        return cast(_Ability, found) if found is not None else None

    def create(self, key: str, data: bytes) -> None:
        path = self._path(key)
        if len(data) > MOST_CREATED:
            raise StorageError(f"{key}: {len(data)} bytes are too many for an exclusive create")
        self._until_right(
            key,
            lambda: self._service.upload(self._fs, path, data, True),
            lambda: self._service.upload(self._fs, path, data, False),
        )

    def put(self, key: str, source: bytes | Path) -> None:
        path = self._path(key)
        if isinstance(source, Path):
            _check_source(source)

        def send() -> bool:
            if isinstance(source, Path):
                return self._service.upload_file(self._fs, path, source)
            return self._service.upload(self._fs, path, source, False)

        self._until_right(key, send, send)

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
        return self._listed(check_prefix(prefix), delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        left = map(check_key, keys)
        while some := tuple(islice(left, DELETE_AT_ONCE)):
            with translated(some[0]):
                self._service.delete(self._fs, self._root, some)

    def stat(self, key: str) -> ObjectStat:
        check_key(key)
        with translated(key):
            return self._service.stat(self._fs, self._root, key)

    @property
    def _fs(self) -> Any:
        return self.connection.fs

    def _until_right(self, key: str, send: Callable[[], bool], again: Callable[[], bool]) -> None:
        with translated(key):
            until_right(key, send, again, lambda: self.delete([key]))

    def _path(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    def _listed(self, prefix: str, delimiter: str) -> Iterator[ObjectStat]:
        """Page by page, so that nobody holds ten million keys."""
        last, token = "", None
        while True:
            page = self._page(prefix, delimiter, token)
            for found in page.stats:
                if found.key < last:
                    raise StorageError(f"{self.place} lists {found.key} after {last}")
                if found.key != last and found.key.startswith(prefix):
                    last = found.key
                    yield found
            if page.following is None:
                return
            token = page.following

    def _page(self, prefix: str, delimiter: str, token: Any) -> Page:
        """One page. Tried again here, too: whoever holds us could only begin at the first one."""
        for tries_left in reversed(range(_PAGE_TRIES)):
            try:
                with translated(prefix or self.place):
                    return self._service.page(self._fs, self._root, prefix, delimiter, token)
            except ObjectMissing:
                break
            except StorageError as error:
                if not (error.transient and tries_left):
                    raise
        return Page((), None)


def _check_source(source: Path) -> None:
    try:
        if stat.S_ISDIR(source.stat().st_mode):  # s3fs and adlfs store nothing, and say nothing
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(source))
    except OSError as error:
        raise source_error(error, source) from error
