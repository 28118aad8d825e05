"""The pump: digests and copies are those of the bytes, for any size and any source."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import xxhash
from tests.storage.blobstore import blake3, noise

from wbart_storage.files.direct import create_direct
from wbart_storage.files.pump import Pump

BUFFER = 16_384
SIZES = [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER, 3 * BUFFER + 5]


@pytest.fixture
def pump() -> Iterator[Pump]:
    made = Pump("blake3", BUFFER)
    yield made
    made.close()


@pytest.fixture
def source(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    path = tmp_path / "source"
    path.write_bytes(noise(request.param))
    fd = os.open(path, os.O_RDONLY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize(("source", "size"), [(n, n) for n in SIZES], indirect=["source"])
def test_the_digest_is_that_of_the_bytes(pump: Pump, source: int, size: int) -> None:
    xxh3 = xxhash.xxh3_128()

    assert pump.digest(source, xxh3) == (blake3(noise(size)), size)
    assert xxh3.digest() == xxhash.xxh3_128(noise(size)).digest()


@pytest.mark.parametrize(("source", "size"), [(n, n) for n in SIZES], indirect=["source"])
def test_the_copy_has_the_bytes(pump: Pump, source: int, size: int, tmp_path: Path) -> None:
    target = create_direct(tmp_path / "copy")
    xxh3 = xxhash.xxh3_128()

    assert pump.copy(source, target, xxh3) == (blake3(noise(size)), size)
    os.close(target)
    assert (tmp_path / "copy").read_bytes() == noise(size)
    assert xxh3.digest() == xxhash.xxh3_128(noise(size)).digest()


def test_one_pump_does_many_files(pump: Pump, tmp_path: Path) -> None:
    for size in reversed(SIZES):
        path = tmp_path / str(size)
        path.write_bytes(noise(size, 9))
        fd = os.open(path, os.O_RDONLY)
        assert pump.digest(fd) == (blake3(noise(size, 9)), size)
        os.close(fd)


def test_reading_begins_where_the_descriptor_is(pump: Pump, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(noise(50_000))
    fd = os.open(tmp_path / "f", os.O_RDONLY)
    os.lseek(fd, 12_345, os.SEEK_SET)

    assert pump.digest(fd) == (blake3(noise(50_000)[12_345:]), 50_000 - 12_345)
    os.close(fd)


@pytest.mark.parametrize("source", [3 * BUFFER], indirect=True)
def test_a_target_that_refuses_ends_it(
    pump: Pump, source: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = create_direct(tmp_path / "copy")

    def full(fd: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            pump.copy(source, target)
    os.close(target)


def test_a_source_that_comes_in_drops_is_read_to_its_end(pump: Pump) -> None:
    reading, writing = os.pipe()
    os.write(writing, noise(10_000))
    os.close(writing)

    assert pump.digest(reading) == (blake3(noise(10_000)), 10_000)
    os.close(reading)
