"""Bytes that come piece by piece are on the disk as they came, however it is written to."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.storage.blobstore import noise

from wbart_storage.files import stream
from wbart_storage.files.direct import BLOCK
from wbart_storage.files.stream import Stream
from wbart_storage.reading.along import Kept

MIB = 1 << 20
PIECES = [
    [],
    [0],
    [1],
    [BLOCK],
    [5 * MIB],
    [4 * MIB, 4 * MIB, 3 * MIB + 17],
    [4 * MIB, 4 * MIB + 17, 3 * MIB, 5],
    [100, 100, 2 * MIB],
]


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def is_direct(fd: int) -> bool:
    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT)


@pytest.mark.parametrize("sizes", PIECES)
@pytest.mark.parametrize("before", [0, 5, BLOCK])
def test_what_comes_is_appended(tmp_path: Path, fd: int, sizes: list[int], before: int) -> None:
    os.write(fd, bytes(before))
    pieces = [noise(size, number) for number, size in enumerate(sizes)]
    writing = Stream(fd)
    for piece in pieces:
        writing.write(piece)

    assert (tmp_path / "file").read_bytes() == bytes(before) + b"".join(pieces)


def test_whole_blocks_go_past_the_page_cache(fd: int) -> None:
    writing = Stream(fd)
    writing.write(noise(MIB))
    assert is_direct(fd)
    writing.end()
    assert not is_direct(fd)


@pytest.mark.parametrize(("seconds", "waits"), [(0.3, True), (0.2, False)])
def test_a_slow_disk_is_not_waited_for(
    tmp_path: Path, fd: int, monkeypatch: pytest.MonkeyPatch, seconds: float, waits: bool
) -> None:
    monkeypatch.setattr(stream, "_TRIED", 2 * MIB)
    monkeypatch.setattr(stream, "_SLOW", 10 * MIB)
    moments = iter([0.0, seconds / 2, 9.0, 9.0 + seconds / 2])
    writing = Stream(fd, lambda: next(moments))
    pieces = [noise(MIB, number) for number in range(2)]
    for piece in pieces:
        assert is_direct(fd)
        writing.write(piece)

    assert is_direct(fd) is not waits
    if waits:
        writing.write(b"more")
        pieces.append(b"more")
    assert (tmp_path / "file").read_bytes() == b"".join(pieces)


def test_a_file_system_that_cannot_is_served(
    tmp_path: Path, fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fcntl.fcntl

    def refuse(fd: int, what: int, flags: int = 0) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return asked(fd, what, flags)

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    Stream(fd).write(noise(5 * MIB))
    assert (tmp_path / "file").read_bytes() == noise(5 * MIB)


def test_a_disk_without_memory_of_its_own_is_served(small_disk: Path) -> None:
    fd = os.open(small_disk / "file", os.O_RDWR | os.O_CREAT)
    try:
        Stream(fd).write(noise(100_000))
        assert (small_disk / "file").read_bytes() == noise(100_000)
        with pytest.raises(OSError, match="No space"):
            Stream(fd).write(noise(100_000))
    finally:
        os.close(fd)


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(0, 330), st.integers(0, 330))
def test_what_is_kept_gives_every_range(pieces: list[bytes], start: int, end: int) -> None:
    kept = Kept(400)
    kept.write(b"from an earlier try")
    kept.restart()
    for piece in pieces:
        kept.write(piece)

    assert kept.get(start, end) == b"".join(pieces)[start:end]
