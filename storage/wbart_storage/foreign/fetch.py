"""One foreign object copied to a file: the one that was seen, in bounded memory, in order."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial

from msgspec.structs import replace

from wbart_storage.around.patience import patiently
from wbart_storage.errors import ObjectChanged, StoreUnavailable
from wbart_storage.files.buffered import write_all
from wbart_storage.foreign.foreign import Foreign, ForeignObjects, Reading, changed

PART = 8 << 20
"""Bytes asked for at once; a larger object is read in such ranges, several at a time."""
_AHEAD = 6


def is_large(seen: Foreign) -> bool:
    """Whether the object is read in ranges, and so keeps several connections busy by itself."""
    return seen.size is not None and seen.size > PART


def fetch(objects: ForeignObjects, seen: Foreign, fd: int) -> int:
    """Write the object to fd, an empty file, and return its size. Begins again where it may help.

    What was seen of it is compared with what comes, and an MD5 that the service tells, too.
    Raises ObjectChanged for another object, ObjectMissing for none.
    """

    def attempt() -> int:
        os.lseek(fd, 0, os.SEEK_SET)
        os.ftruncate(fd, 0)
        return _fetch(objects, seen, fd)

    try:
        return patiently(attempt, seen.uri)
    except _Spoiled:  # on the way, perhaps
        return patiently(attempt, seen.uri)


class _Spoiled(ObjectChanged):
    """Bytes came that are not those of the MD5 which came with them."""


def _fetch(objects: ForeignObjects, seen: Foreign, fd: int) -> int:
    reading = objects.open(seen, 0, PART)
    with closing(reading):
        return _copy(objects, seen, reading, fd)


def _copy(objects: ForeignObjects, seen: Foreign, reading: Reading, fd: int) -> int:
    _check(seen, reading)
    size = seen.size if reading.size is None else reading.size
    md5 = hashlib.md5(usedforsecurity=False)
    count = 0
    for piece in _all(objects, seen, reading, size):
        count += len(piece)
        if size is not None and count > size:  # it may have no end, and the disk has one
            raise ObjectChanged(seen.uri, f"its size was {size}, and more came")
        md5.update(piece)
        write_all(fd, piece)
    if size is not None and count != size:
        raise StoreUnavailable(f"{seen.uri}: {count} bytes came of {size}")
    if reading.md5 and md5.hexdigest() != reading.md5:
        raise _Spoiled(seen.uri, f"the MD5 of its bytes is {md5.hexdigest()}, not {reading.md5}")
    return count


def _check(seen: Foreign, reading: Reading) -> None:
    """Raise ObjectChanged unless the answer is about what was seen."""
    now = replace(
        seen,
        size=seen.size if reading.size is None else reading.size,
        etag=reading.etag or seen.etag,
        version=reading.version or seen.version,
    )
    if seen.size not in (None, now.size) or seen.tag not in ("", now.tag):
        raise changed(seen, now)


def _all(
    objects: ForeignObjects, seen: Foreign, first: Reading, size: int | None
) -> Iterator[bytes]:
    """The first answer, and the ranges behind it if it was one."""
    count = 0
    for piece in first.pieces:
        yield piece
        count += len(piece)
    if first.end not in (None, count):
        raise StoreUnavailable(f"{seen.uri}: {count} bytes came of {first.end}")
    if count != (first.end or PART) or size is None or size <= count:
        return
    pinned = replace(
        seen, etag=seen.etag or first.etag, version=seen.version or first.version, size=size
    )
    yield from _ranges(objects, pinned, range(count, size, PART))


def _ranges(objects: ForeignObjects, seen: Foreign, starts: range) -> Iterator[bytes]:
    pool = ThreadPoolExecutor(_AHEAD, "wbart-reference")
    try:
        waiting: deque[Future[bytes]] = deque()
        for start in starts:
            end = min(start + PART, starts.stop)
            waiting.append(pool.submit(_range, objects, seen, start, end))
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _range(objects: ForeignObjects, seen: Foreign, start: int, end: int) -> bytes:
    """The range, however many answers a service makes of it."""
    data = bytearray()
    while len(data) < end - start:
        ask = partial(_part, objects, seen, start + len(data), end)
        data += patiently(ask, seen.uri)
    return bytes(data)


def _part(objects: ForeignObjects, seen: Foreign, start: int, end: int) -> bytes:
    data = bytearray()
    with closing(objects.open(seen, start, end)) as reading:
        _check(seen, reading)
        wanted = (reading.end or end) - start
        for piece in reading.pieces:
            data += piece
            if len(data) > wanted:
                break
    if len(data) != wanted:
        raise StoreUnavailable(f"{seen.uri}: {len(data)} bytes came of {wanted}")
    return bytes(data)
