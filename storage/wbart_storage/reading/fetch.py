"""Bringing blobs into a folder: many at once, each checked before it has its name.

Small blobs are read in the order in which they lie in the store, a batch at a time on a few
threads, since it is the creation of files that takes the time and the kernel does it in parallel.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from queue import Empty, SimpleQueue
from typing import Literal, NamedTuple, TypeVar

from wbart_manifest.location import WHOLE
from wbart_storage.errors import StorageError
from wbart_storage.files.folder import Folder, clone
from wbart_storage.files.pump import Pump
from wbart_storage.files.scribes import Scribes
from wbart_storage.files.stamp import look
from wbart_storage.in_flight import in_flight
from wbart_storage.reading.along import Along
from wbart_storage.reading.blobs import Blobs, Span, Wanted
from wbart_storage.reading.reader import LocalFile

LinkMode = Literal["copy", "reflink", "hardlink", "symlink"]
_BATCH_FILES = 2_000
_BATCH_BYTES = 7 << 20
"""With the headers of a pack's members it stays below what one range read asks for."""
_FEW = 4_000
"""Files up to which nothing is gained by processes that write them."""
_LARGE = 1 << 20
_DIRECT = 64 << 20
"""From this size on, writing past the page cache gains more than a reader loses who comes soon."""


class Fetched(NamedTuple):
    """A file that has been written, and how it looked then."""

    wanted: Wanted
    stamp: bytes
    changed: int
    """Nanoseconds since the epoch."""


class Fetch:
    """Writes blobs below one root. One object serves one thread, and uses several itself."""

    def __init__(self, blobs: Blobs, root: str, *, jobs: int, link: LinkMode = "copy") -> None:
        self._blobs = blobs
        self._root = root
        self._link = link
        self._jobs = max(1, jobs)
        self._scribes = Scribes(root, blobs.algorithm, jobs if jobs > 1 else 0)
        self._folders: SimpleQueue[Folder] = SimpleQueue()
        self._pumps: SimpleQueue[Pump] = SimpleQueue()

    def run(self, wanted: Iterable[Wanted]) -> Iterator[list[Fetched]]:
        """Write every wanted blob; yields what has been written, batch by batch, in order.

        The first error ends it: no file is half written, and files written so far stay.
        """
        try:
            with ThreadPoolExecutor(self._jobs, "wbart-fetch") as executor:
                batches = self._helped(_batches(wanted))
                yield from in_flight(executor, self._batch, batches, 2 * self._jobs + 1)
        finally:
            self._close()

    def _helped(self, batches: Iterable[list[Wanted]]) -> Iterator[list[Wanted]]:
        """The batches, with scribes called in as soon as they are worth it."""
        small = 0
        for batch in batches:
            small += len(batch)
            if small > _FEW:
                self._scribes.start()
            yield batch

    def _batch(self, batch: list[Wanted]) -> list[Fetched]:
        with self._folder() as folder:
            fetched = [self._large(folder, each) for each in batch if self._alone(each)]
            for span in self._blobs.spans(each for each in batch if not self._alone(each)):
                fetched += self._small(folder, span)
            return fetched

    def _small(self, folder: Folder, span: Span) -> Iterator[Fetched]:
        """Write the blobs of a span, by a scribe where one has the time."""
        orders = [(os.fsencode(each.path), *span.place(each), each.digest) for each in span.blobs]
        for each, written in zip(span.blobs, self._scribes.write(span.data, orders), strict=True):
            if written is None:
                data = self._blobs.checked(each, span.of(each))
                written = look(folder.write(each.path, data))
            yield Fetched(each, *written)

    def _alone(self, wanted: Wanted) -> bool:
        """Whether the blob is copied, or linked, as a file of its own."""
        links = self._link != "copy" and wanted.location.kind == WHOLE
        return wanted.size >= _LARGE or links

    def _large(self, folder: Folder, wanted: Wanted) -> Fetched:
        self._blobs.twice(wanted, partial(self._place, folder, wanted))
        status = folder.status(wanted.path)
        if status is None:
            raise StorageError(f"file vanished as it was written: {wanted.path}")
        return Fetched(wanted, *look(status))

    def _place(self, folder: Folder, wanted: Wanted) -> None:
        if self._link in ("hardlink", "symlink"):
            local = self._blobs.file(wanted)
            if local is not None and self._linked(folder, wanted, local):
                return
        with folder.replacing(wanted.path, direct=wanted.size >= _DIRECT) as target:
            self._write(wanted, target)
            size = os.fstat(target).st_size
            if size != wanted.size:  # from here on it is taken for right as it looks
                raise StorageError(f"{wanted.path}: wrote {size} bytes, not {wanted.size}")

    def _linked(self, folder: Folder, wanted: Wanted, local: LocalFile) -> bool:
        """Link to the file; not with a name to what may be dropped from a cache."""
        with local:
            if self._link == "symlink" and not local.lasts:
                return False
            self._check(wanted, local)
            folder.link(wanted.path, local.path, symbolic=self._link == "symlink")
        return True

    def _write(self, wanted: Wanted, target: int) -> None:
        along = Along(target, direct=wanted.size >= _DIRECT)
        local = self._blobs.file(wanted, along)
        with local or nullcontext():
            if along.whole:  # perhaps without a local file: a cache may fail after the last byte
                return
            along.restart()
            if local is not None:
                self._copy(wanted, local, target)
                return
            for piece in self._blobs.pieces(wanted):
                along.write(piece)

    def _copy(self, wanted: Wanted, local: LocalFile, target: int) -> None:
        with self._pump() as pump:
            cloned = clone(target, local.fd)
            got, _ = pump.digest(target) if cloned else pump.copy(local.fd, target)
            if got != wanted.digest:
                raise self._blobs.corrupt_digest(wanted, got)

    def _check(self, wanted: Wanted, local: LocalFile) -> None:
        with self._pump() as pump:
            got, _ = pump.digest(local.fd)
        if got != wanted.digest:
            raise self._blobs.corrupt_digest(wanted, got)

    @contextmanager
    def _folder(self) -> Iterator[Folder]:
        folder = _take(self._folders) or Folder(self._root)
        try:
            yield folder
        finally:
            self._folders.put(folder)

    @contextmanager
    def _pump(self) -> Iterator[Pump]:
        pump = _take(self._pumps) or Pump(self._blobs.algorithm)
        try:
            yield pump
        finally:
            self._pumps.put(pump)

    def _close(self) -> None:
        self._scribes.close()
        while (folder := _take(self._folders)) is not None:
            folder.close()
        while (pump := _take(self._pumps)) is not None:
            pump.close()


_T = TypeVar("_T")


def _take(queue: SimpleQueue[_T]) -> _T | None:
    try:
        return queue.get_nowait()
    except Empty:
        return None


def _batches(wanted: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """Small blobs together, large ones alone."""
    batch: list[Wanted] = []
    size = 0
    for each in wanted:
        if each.size >= _LARGE:
            yield [each]
            continue
        batch.append(each)
        size += each.size
        if len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
