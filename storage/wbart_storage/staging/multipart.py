"""One large file after the other, each in parts, several parts under way at once.

An upload that breaks off is gone on with by the next one that sends the same object (see
`uploads`); what the store cannot mend by waiting is let go of at once.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import md5
from pathlib import Path

from wbart_storage.disk import READING, source_error
from wbart_storage.errors import ObjectMissing, SourceChanged, StorageError
from wbart_storage.in_flight import as_done
from wbart_storage.objects import ObjectStore, Part, Parts
from wbart_storage.staging.lent import Pieces, changed
from wbart_storage.staging.uploads import Upload, Uploads

log = logging.getLogger(__name__)

PART = 8 << 20
"""Bytes of a part; more where an object would have too many of them."""
AT_ONCE = 6
_MOST_PARTS = 9_000  # S3 takes 10,000
_MIB = 1 << 20

Sent = Callable[[int], object]
"""Told how many bytes more the store has, from any thread."""


class Multipart:
    """Sends files in parts. Serves one thread, and uses several itself; close it."""

    def __init__(self, store: ObjectStore, parts: Parts, uploads: Uploads) -> None:
        self._store = store
        self._parts = parts
        self._uploads = uploads
        self._executor = ThreadPoolExecutor(AT_ONCE, "wbart-parts")

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown()

    def send(self, key: str, source: Path, sent: Sent, lent: Pieces | None = None) -> None:
        """Put the file at key. Memory is bounded, whatever its size.

        Of a lent one each part must hold what was read there before, or nothing becomes an
        object: SourceChanged.
        """
        fd, size = _open(source)
        try:
            try:
                self._put(key, source, fd, size, sent, lent)
            except ObjectMissing:
                # Somebody else let go of the upload: a rule of the bucket, or its owner.
                self._put(key, source, fd, size, sent, lent)
        finally:
            os.close(fd)

    def sweep(self) -> None:
        """Let go of what this machine has begun, and nobody has gone on with for a day."""
        for upload in self._uploads.stale():
            try:
                self._parts.abort(upload.key, upload.name)
                upload.forget()
                log.info("let go of an upload of %s that was broken off", upload.key)
            except StorageError as error:
                log.warning("cannot let go of a broken upload of %s: %s", upload.key, error)
            finally:
                upload.close()

    def _put(
        self, key: str, source: Path, fd: int, size: int, sent: Sent, lent: Pieces | None
    ) -> None:
        with self._upload(key, size) as (upload, there):
            if lent is not None and lent.size != size:
                raise changed(source)  # in here, so that what was sent of it is let go of
            parts = list(self._send(source, fd, size, upload, there, sent, lent))
            parts.sort(key=lambda part: part.number)
            self._complete(key, upload, parts, size)

    @contextmanager
    def _upload(self, key: str, size: int) -> Iterator[tuple[Upload, dict[int, Part]]]:
        """An upload that is begun or gone on with, and the parts of it that the store has."""
        upload = self._uploads.find(key)
        there: dict[int, Part] = {}
        if upload is not None:
            try:
                there = {part.number: part for part in self._parts.parts(key, upload.name)}
            except ObjectMissing:
                upload.forget()
                upload.close()
                upload = None
        if upload is None:
            part_size = max(PART, -(-size // (_MOST_PARTS * _MIB)) * _MIB)
            upload = self._begun(key, part_size)
        try:
            yield upload, there
        except StorageError as error:
            if not error.transient:
                self._let_go(upload)
            raise
        else:
            upload.forget()
        finally:
            upload.close()

    def _begun(self, key: str, part_size: int) -> Upload:
        name = self._parts.begin(key)
        try:
            return self._uploads.add(key, name, part_size)
        except BaseException:
            with suppress(StorageError):  # nobody would know of it
                self._parts.abort(key, name)
            raise

    def _let_go(self, upload: Upload) -> None:
        try:
            self._parts.abort(upload.key, upload.name)
            upload.forget()
        except StorageError as error:  # the one that comes next will try, too
            log.warning("cannot let go of the upload of %s: %s", upload.key, error)

    def _send(
        self,
        source: Path,
        fd: int,
        size: int,
        upload: Upload,
        there: dict[int, Part],
        sent: Sent,
        lent: Pieces | None,
    ) -> Iterator[Part]:
        step = upload.part_size

        def one(start: int) -> Part:
            number, data = start // step + 1, _read(fd, start, min(step, size - start), upload.key)
            if lent is not None and not lent.same(start, data):
                raise changed(source)
            part = there.get(number)
            if part is None or not _is(part, data):
                part = self._parts.part(upload.key, upload.name, number, data)
            sent(len(data))
            return part

        yield from as_done(self._executor, one, range(0, size, step), 2 * AT_ONCE)

    def _complete(self, key: str, upload: Upload, parts: list[Part], size: int) -> None:
        try:
            self._parts.complete(key, upload.name, parts)
        except ObjectMissing:
            # Completed before, and the answer was lost.
            if self._store.stat(key).size != size:
                raise


def _open(source: Path) -> tuple[int, int]:
    """A descriptor of the file, and its size: the only one that counts from then on."""
    try:
        fd = os.open(source, READING)
    except OSError as error:
        raise source_error(error, source) from error
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise changed(source)
    return fd, status.st_size


def _is(part: Part, data: bytes) -> bool:
    return part.size == len(data) and part.md5 == md5(data, usedforsecurity=False).digest()


def _read(fd: int, start: int, size: int, key: str) -> bytes:
    try:
        data = os.pread(fd, size, start)
    except OSError as error:
        raise source_error(error, key) from error
    if len(data) != size:
        raise SourceChanged(f"file was cut short as it was sent: {key}")
    return data
