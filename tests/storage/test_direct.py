"""Writes past the page cache: the bytes arrive, whatever the file system can do."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.storage.blobstore import noise

from wbart_storage.errors import StorageError
from wbart_storage.files import direct
from wbart_storage.files.direct import (
    BLOCK,
    aligned_buffer,
    create_direct,
    sync_files,
    write_direct,
)

SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, 5 * BLOCK + 77]


def aligned(data: bytes) -> memoryview:
    buffer = aligned_buffer(max(len(data), 1))
    buffer[: len(data)] = data
    return buffer[: len(data)]


def write(path: Path, *pieces: bytes) -> bytes:
    """What a file holds once the pieces are written directly."""
    fd = create_direct(path)
    try:
        for piece in pieces:
            write_direct(fd, aligned(piece))
    finally:
        os.close(fd)
    return path.read_bytes()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_there(tmp_path: Path, size: int) -> None:
    assert write(tmp_path / "f", noise(size)) == noise(size)


@pytest.mark.parametrize("size", SIZES)
def test_pieces_follow_each_other(tmp_path: Path, size: int) -> None:
    pieces = [noise(4 * BLOCK, 1), noise(2 * BLOCK, 2), noise(size, 3)]
    assert write(tmp_path / "f", *pieces) == b"".join(pieces)


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("mine")
    with pytest.raises(FileExistsError):
        create_direct(tmp_path / "f")


def test_a_file_system_that_refuses_to_open_directly_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Callable[..., int] = os.open

    def refuse(path: str, flags: int, *rest: int) -> int:
        if flags & os.O_DIRECT:
            os.close(opened(path, flags & ~os.O_DIRECT, *rest))  # some leave the file behind
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return opened(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    data = noise(5 * BLOCK + 7)
    assert write(tmp_path / "f", data) == data


def refusing_write(after: int, short: int) -> Callable[[int, memoryview], int]:
    """As os.write; but direct ones are cut short so often, then refused."""
    written = os.write
    left = after

    def refuse(fd: int, data: memoryview) -> int:
        nonlocal left
        if not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT:
            return written(fd, data)
        if left == 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        left -= 1
        return written(fd, data[:short])

    return refuse


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_file_system_that_refuses_to_write_directly_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(os, "write", refusing_write(after, BLOCK))
    data = noise(5 * BLOCK + 7)
    assert (
        write(
            tmp_path / "f",
            data,
        )
        == data
    )


def test_no_direct_writes_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "_DIRECT", 0)
    data = noise(5 * BLOCK + 7)
    assert write(tmp_path / "f", data) == data


def test_other_refusals_pass_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "f", noise(BLOCK))


@pytest.mark.parametrize("count", [0, 1, 50])
def test_files_are_synced(tmp_path: Path, count: int) -> None:
    paths = [tmp_path / str(n) for n in range(count)]
    for path in paths:
        path.write_text("x")
    sync_files(paths)
    assert [path.read_text() for path in paths] == ["x"] * count


def test_a_file_that_another_has_taken_needs_no_sync(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("x")
    sync_files([tmp_path / "gone", tmp_path / "here"])
    assert (tmp_path / "here").exists()


def test_a_file_that_cannot_be_synced_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").write_text("x")

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match="bad"):
        sync_files([tmp_path / "bad"])
