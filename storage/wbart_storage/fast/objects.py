"""Objects through obstore: the client in Rust, an extra, at a fraction of the CPU time a request.

Never through `obstore.fsspec`, which drops the mode of a put and so overwrites on a create. There
is no `Parts` here: obstore sends the parts of a file itself, and tells nobody how far it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import obstore

from wbart_storage.disk import source_error
from wbart_storage.errors import ObjectMissing, StorageError
from wbart_storage.keys import check_key, check_prefix
from wbart_storage.objects import ObjectStat, check_range
from wbart_storage.obstore_errors import OUT_OF_RANGE
from wbart_storage.services.arrival import etag_of, until_right
from wbart_storage.translate import beyond_end, translate, translated

MOST_CREATED = 8 << 20
"""Bytes of data that `create` takes: as many as through fsspec."""

_PART_SIZE = 8 << 20
_PARTS_AT_ONCE = 4
_MOST_PARTS = 10_000
_AT_ONCE = 1000
"""Keys of one page of a listing, and of one delete."""


_Page = list[ObjectStat]


class ObstoreObjects:
    """An object store in an obstore store, whose prefix is the root.

    Data given to `create` must be small, at most MOST_CREATED bytes, else StorageError.
    Not to be used after a fork: see `wbart_storage.fast.client`.
    """

    def __init__(
        self,
        store: Any,
        protocol: str,
        place: str,
        keeps_folders: Callable[[], bool] = lambda: False,
        plain: bool = False,
    ) -> None:
        """keeps_folders tells whether the server goes on listing folders that are empty.

        plain: nothing on the way there guards the bytes, as TLS does; so we look at what arrived.
        """
        self._plain = plain
        self._store = store
        self.protocol = protocol
        self.place = place
        self._keeps_folders = keeps_folders

    def create(self, key: str, data: bytes) -> None:
        check_key(key)
        if len(data) > MOST_CREATED:
            raise StorageError(f"{key}: {len(data)} bytes are too many for an exclusive create")

        def send(mode: Literal["create", "overwrite"]) -> bool:
            answer = obstore.put(self._store, key, data, mode=mode, use_multipart=False)
            return self._arrived(key, answer, data)

        with translated(key):
            until_right(
                key, lambda: send("create"), lambda: send("overwrite"), lambda: self.delete([key])
            )

    def put(self, key: str, source: bytes | Path) -> None:
        check_key(key)
        size = _size(source) if isinstance(source, Path) else len(source)
        part = max(_PART_SIZE, -(-size // _MOST_PARTS))

        def send() -> bool:
            answer = obstore.put(
                self._store, key, source, chunk_size=part, max_concurrency=_PARTS_AT_ONCE
            )
            return self._arrived(key, answer, source, part)

        with translated(key):
            until_right(key, send, send, lambda: self.delete([key]))

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        check_range(start, end)
        check_key(key)
        if start == end:  # an empty range cannot be said in HTTP
            self.stat(key)
            return b""
        try:
            return self._read(key, start, end)
        except Exception as error:
            if beyond_end(error) or OUT_OF_RANGE.search(str(error)):
                return b"" if start >= self.stat(key).size else self._read_again(key, start, end)
            raise translate(error, key) from error

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        folder, _, name = check_prefix(prefix).rpartition("/")
        found = self._folded(folder) if delimiter else self._all(folder, name)
        return (stat for stat in _ordered(found, self.place) if stat.key.startswith(prefix))

    def delete(self, keys: Iterable[str]) -> None:
        left = map(check_key, keys)
        while some := [*islice(left, _AT_ONCE)]:
            try:
                obstore.delete(self._store, some)
            except FileNotFoundError:  # which of them, and whether the others are gone, is open
                self._delete_each(some)
            except Exception as error:
                raise translate(error, some[0]) from error

    def stat(self, key: str) -> ObjectStat:
        check_key(key)
        with translated(key):
            return _stat(obstore.head(self._store, key))

    def _read(self, key: str, start: int, end: int | None) -> bytes:
        if start == 0 and end is None:
            return bytes(obstore.get(self._store, key).bytes())
        wanted: Any = {"offset": start} if end is None else (start, end)
        return bytes(obstore.get(self._store, key, options={"range": wanted}).bytes())

    def _read_again(self, key: str, start: int, end: int | None) -> bytes:
        """The object has grown meanwhile, or the client found a right answer wrong."""
        with translated(key):
            return self._read(key, 0, None)[start:end]

    def _arrived(
        self, key: str, answer: Mapping[str, Any], source: bytes | Path, part: int | None = None
    ) -> bool:
        """Whether the store has what was sent: by its ETag if that is of MD5s, else by reading."""
        if not self._plain:
            return True
        etag = str(answer.get("e_tag")).strip('"').lower()
        if etag == etag_of(source, part if "-" in etag else None):
            return True
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            start = 0
            while piece := file.read(_PART_SIZE):
                if self._read(key, start, start + len(piece)) != piece:
                    return False
                start += len(piece)
        return self.stat(key).size == start

    def _delete_each(self, keys: Iterable[str]) -> None:
        for key in keys:
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError as error:
                translation = translate(error, key)
                if not isinstance(translation, ObjectMissing):
                    raise translation from error
            except Exception as error:
                raise translate(error, key) from error

    def _all(self, folder: str, name: str) -> Iterator[_Page]:
        # A prefix means whole components here, so what comes before the name is passed over.
        offset = f"{folder}/{name[:-1]}" if len(name) > 1 else None
        with translated(folder or self.place):
            pages = obstore.list(self._store, folder or None, offset=offset, chunk_size=_AT_ONCE)
        while True:
            try:
                with translated(folder or self.place):
                    page = next(pages, None)
            except ObjectMissing:
                return
            if page is None:
                return
            yield [stat for stat in map(_stat, page) if self._is_object(stat)]

    def _folded(self, folder: str) -> Iterator[_Page]:
        try:
            with translated(folder or self.place):
                found = obstore.list_with_delimiter(self._store, folder or None)
        except ObjectMissing:
            return
        folders = found["common_prefixes"]
        if folders and self._keeps_folders():
            folders = [each for each in folders if any(self._all(each, ""))]
        stats = [ObjectStat(f"{path}/", 0, 0.0) for path in folders]
        stats += [stat for stat in map(_stat, found["objects"]) if self._is_object(stat)]
        yield stats

    def _is_object(self, stat: ObjectStat) -> bool:
        """Whether it is no marker of a folder: a slash at the end of a key is not told."""
        if stat.size:
            return True
        try:
            self.stat(stat.key)
        except ObjectMissing:
            return False
        return True


def _size(source: Path) -> int:
    try:
        return source.stat().st_size
    except OSError as error:
        raise source_error(error, source) from error


def _stat(meta: Mapping[str, Any]) -> ObjectStat:
    # A HEAD tells whole seconds, and a listing should tell the same.
    return ObjectStat(meta["path"], meta["size"], meta["last_modified"].timestamp() // 1)


def _ordered(pages: Iterable[_Page], place: str) -> Iterator[ObjectStat]:
    """The keys of all pages in order; a service may have another one within a page."""
    last = ""
    for page in pages:
        page.sort(key=lambda stat: stat.key)
        for stat in page:
            if stat.key < last:
                raise StorageError(f"{place} lists {stat.key} after {last}")
            if stat.key != last:
                last = stat.key
                yield stat
