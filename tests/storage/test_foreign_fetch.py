"""One foreign object copied: in order, in bounded memory, the one that was seen and no other."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
import tracemalloc
from collections.abc import Iterator
from itertools import repeat

import pytest
from msgspec.structs import replace

from wbart_storage.around import patience
from wbart_storage.errors import ObjectChanged, StorageError, StoreUnavailable
from wbart_storage.foreign import fetch as foreign_fetch
from wbart_storage.foreign.fetch import fetch
from wbart_storage.foreign.foreign import Foreign, Reading


class Far:
    """An object whose answers a test can spoil."""

    def __init__(self, data: bytes, etag: str = '"t"') -> None:
        self.data = data
        self.seen = Foreign("s3://b/k", "k", len(data), etag)
        self.asked: list[tuple[int, int | None, str]] = []
        self.spoiled: list[int] = []
        """Starts of ranges that come short, once each."""
        self.closed = 0
        self._lock = threading.Lock()

    def look(self, name: str, version: str = "") -> Foreign:
        return self.seen

    def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
        data = self.data[start:end]
        with self._lock:
            self.asked.append((start, end, seen.etag))
            if start in self.spoiled:
                self.spoiled.remove(start)
                data = data[:-1]
        md5 = hashlib.md5(self.data).hexdigest()
        return Reading(iter((data,)), len(self.data), self.seen.etag, "", md5, self._close)

    def _close(self) -> None:
        with self._lock:
            self.closed += 1


@pytest.fixture
def fd() -> Iterator[int]:
    made = os.memfd_create("target")
    yield made
    os.close(made)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 100)


def content(fd: int) -> bytes:
    return os.pread(fd, 1 << 30, 0)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000, 1234])
def test_any_size_comes_whole_and_every_answer_is_closed(fd: int, size: int) -> None:
    far = Far(os.urandom(size))

    assert fetch(far, far.seen, fd) == size

    assert content(fd) == far.data
    assert len(far.asked) == far.closed == max(1, -(-size // 100))


def test_what_came_short_is_asked_for_again(fd: int) -> None:
    far = Far(os.urandom(1000))
    far.spoiled = [0, 300, 900]

    fetch(far, far.seen, fd)

    assert content(fd) == far.data


def test_what_stays_short_is_given_up(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "BUDGET", 0.0)
    far = Far(os.urandom(1000))
    far.spoiled = [500]

    with pytest.raises(StoreUnavailable, match="99 bytes came of 100"):
        fetch(far, far.seen, fd)


def test_another_tag_or_size_is_another_object(fd: int) -> None:
    far = Far(b"hello")

    with pytest.raises(ObjectChanged, match="its ETag was old and is t"):
        fetch(far, replace(far.seen, etag='"old"'), fd)
    with pytest.raises(ObjectChanged, match="its size was 6 and is 5"):
        fetch(far, replace(far.seen, size=6), fd)

    assert content(fd) == b""
    assert far.closed == 2


def test_what_has_no_end_stops_where_more_came_than_was_recorded(fd: int) -> None:
    class Endless(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            return Reading(repeat(b"12345"), None, self.seen.etag)

    far = Endless(b"0123456789")
    with pytest.raises(ObjectChanged, match="its size was 10, and more came"):
        fetch(far, far.seen, fd)

    assert len(content(fd)) <= 10


def test_a_range_without_end_is_given_up(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "BUDGET", 0.0)

    class Endless(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            reading = super().open(seen, start, end)
            return replace_pieces(reading, repeat(b"1" * 60)) if start else reading

    far = Endless(os.urandom(1000))
    with pytest.raises(StoreUnavailable, match="120 bytes came of 100"):
        fetch(far, far.seen, fd)


def replace_pieces(reading: Reading, pieces: Iterator[bytes]) -> Reading:
    return dataclasses.replace(reading, pieces=pieces)


@pytest.mark.parametrize("most", [1, 7, 50, 99, 100])
def test_ranges_shorter_than_asked_for_are_continued_where_they_end(fd: int, most: int) -> None:
    class Capped(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            stop = min(start + most, end or len(self.data), len(self.data))
            return dataclasses.replace(super().open(seen, start, stop), end=stop)

    far = Capped(os.urandom(345))
    fetch(far, far.seen, fd)

    assert content(fd) == far.data


def test_a_range_that_ends_before_it_says_is_no_whole_object(
    fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "BUDGET", 0.0)

    class Lying(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            return dataclasses.replace(super().open(seen, start, end), end=50)

    far = Lying(os.urandom(345))
    with pytest.raises(StoreUnavailable, match="100 bytes came of 50"):
        fetch(far, far.seen, fd)


def test_an_object_that_changes_between_ranges_is_never_mixed(fd: int) -> None:
    class Changing(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            if start:
                self.seen = replace(self.seen, etag='"new"')
            return super().open(seen, start, end)

    far = Changing(os.urandom(1000))

    with pytest.raises(ObjectChanged, match="its ETag was t and is new"):
        fetch(far, replace(far.seen, etag=""), fd)


def test_other_bytes_than_the_md5_are_another_object(fd: int) -> None:
    class Flipped(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            reading = super().open(seen, start, end)
            flipped = (bytes([piece[0] ^ 1]) + piece[1:] for piece in reading.pieces)
            return Reading(flipped, reading.size, reading.etag, "", reading.md5)

    far = Flipped(os.urandom(1000))

    with pytest.raises(ObjectChanged, match="the MD5 of its bytes is"):
        fetch(far, far.seen, fd)


def test_a_size_that_was_not_known_is_no_difference(fd: int) -> None:
    far = Far(b"hello")

    assert fetch(far, replace(far.seen, size=None, etag=""), fd) == 5


def test_memory_does_not_grow_with_the_object(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1 << 20)

    class Endless(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            assert end is not None
            count = min(end, 256 << 20) - start
            return Reading(iter((bytes(count),)), 256 << 20, '"t"')

    sink = os.open("/dev/null", os.O_WRONLY)
    monkeypatch.setattr(os, "ftruncate", lambda fd, size: None)
    tracemalloc.start()
    try:
        assert fetch(Endless(b""), Foreign("u", "k", 256 << 20, '"t"'), sink) == 256 << 20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        os.close(sink)

    assert peak < 16 << 20


def test_an_error_that_no_patience_helps_comes_at_once(fd: int) -> None:
    class Broken(Far):
        def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
            self.asked.append((start, end, ""))
            raise StorageError("no")

    far = Broken(b"hello")
    with pytest.raises(StorageError, match="no"):
        fetch(far, far.seen, fd)

    assert len(far.asked) == 1
