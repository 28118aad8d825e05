"""Packs: what was put in comes out, by wbart and by any program that reads ZIP files."""

from __future__ import annotations

import errno
import os
import subprocess
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.storage.blobstore import blake3, make_pack, noise

from wbart_manifest.digest import digest_function
from wbart_storage.errors import StorageError, StoreFull
from wbart_storage.staging import pack as pack_module
from wbart_storage.staging.pack import PackWriter, read_directory

BLOBS = [noise(size, size) for size in (1, 10, 4095, 4096, 4097, 100_000)]


@pytest.fixture
def writer() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_any_program_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    make_pack(path, BLOBS)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [blake3(blob).hex() for blob in BLOBS]
        assert [archive.read(name) for name in archive.namelist()] == BLOBS
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_unzip_recovers_the_blobs(tmp_path: Path) -> None:
    make_pack(tmp_path / "p.zip", BLOBS)
    try:
        subprocess.run(["unzip", "-q", "p.zip", "-d", "out"], cwd=tmp_path, check=True)
    except FileNotFoundError:
        pytest.skip("no unzip on this machine")

    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert found == {blake3(blob).hex(): blob for blob in BLOBS}


def test_locations_point_at_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    name, locations = make_pack(path, BLOBS)
    data = path.read_bytes()

    assert name == blake3(data)
    assert [data[at.offset : at.offset + at.length] for at in locations] == BLOBS


def test_the_directory_names_the_members(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    _, locations = make_pack(path, BLOBS)
    members = list(read_directory(path.read_bytes()))

    assert [each.digest for each in members] == [blake3(blob) for blob in BLOBS]
    assert [(each.offset, each.size) for each in members] == [
        (at.offset, at.length) for at in locations
    ]


def test_the_same_members_give_the_same_pack(tmp_path: Path) -> None:
    first, _ = make_pack(tmp_path / "1.zip", BLOBS)
    second, _ = make_pack(tmp_path / "2.zip", BLOBS)
    other, _ = make_pack(tmp_path / "3.zip", BLOBS[::-1])

    assert first == second != other
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_more_members_than_16_bits_count(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    blobs = [b"%d" % n for n in range(66_000)]
    make_pack(path, blobs)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 66_000
        assert archive.read(blake3(b"65999").hex()) == b"65999"
    assert sum(1 for _ in read_directory(path.read_bytes())) == 66_000


def test_an_empty_pack_is_a_zip_file(tmp_path: Path) -> None:
    make_pack(tmp_path / "p.zip", [])
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        assert archive.namelist() == []
    assert list(read_directory((tmp_path / "p.zip").read_bytes())) == []


def test_sha256_names_packs_of_its_stores(tmp_path: Path, writer: ThreadPoolExecutor) -> None:
    sha256 = digest_function("sha256")
    pack = PackWriter(tmp_path / "p.zip", "sha256", writer)
    pack.add(sha256(b"x"), b"x")

    assert pack.close() == sha256((tmp_path / "p.zip").read_bytes())


@pytest.mark.parametrize("buffer", [4096, 8192, 1 << 20])
def test_buffers_of_any_size_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buffer: int
) -> None:
    expected, _ = make_pack(tmp_path / "1.zip", BLOBS)
    monkeypatch.setattr(pack_module, "_BUFFER", buffer)

    assert make_pack(tmp_path / "2.zip", BLOBS)[0] == expected
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_an_abandoned_pack_leaves_nothing(tmp_path: Path, writer: ThreadPoolExecutor) -> None:
    pack = PackWriter(tmp_path / "p.zip", "blake3", writer)
    for blob in BLOBS:
        pack.add(blake3(blob), blob)
    pack.abandon()
    pack.abandon()

    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_is_reported_and_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: ThreadPoolExecutor
) -> None:
    monkeypatch.setattr(pack_module, "_BUFFER", 8192)
    pack = PackWriter(tmp_path / "p.zip", "blake3", writer)

    def full(fd: int, data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StoreFull, match=r"p\.zip"):
            add_all(pack, [noise(5000, n) for n in range(10)])
    with pytest.raises(StoreFull):
        pack.close()


def add_all(pack: PackWriter, blobs: list[bytes]) -> None:
    for blob in blobs:
        pack.add(blake3(blob), blob)


def test_a_pack_is_not_written_over(tmp_path: Path, writer: ThreadPoolExecutor) -> None:
    (tmp_path / "p.zip").write_text("mine")
    with pytest.raises(StorageError):
        PackWriter(tmp_path / "p.zip", "blake3", writer)
    assert (tmp_path / "p.zip").read_text() == "mine"


@pytest.mark.parametrize("data", [b"", b"PK", bytes(200), noise(5000)])
def test_what_is_no_pack_has_no_directory(data: bytes) -> None:
    with pytest.raises(StorageError, match="directory"):
        list(read_directory(data))


def test_a_damaged_directory_is_reported_or_harmless(tmp_path: Path) -> None:
    make_pack(tmp_path / "p.zip", [b"a" * 10, b"b" * 10])
    good = (tmp_path / "p.zip").read_bytes()
    for at in range(len(good)):
        data = bytearray(good)
        data[at] ^= 0xFF
        try:
            members = list(read_directory(bytes(data)))
        except StorageError:
            continue
        assert all(isinstance(each.digest, bytes) for each in members)
