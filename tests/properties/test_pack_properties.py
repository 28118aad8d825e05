"""Packs of any blobs: every reader of ZIP files and our own find in them what was put there."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.storage.blobstore import blake3, make_pack

from wbart_storage.errors import StorageError
from wbart_storage.staging.pack import read_directory

BLOBS = st.lists(st.binary(min_size=1, max_size=20_000), max_size=30, unique=True)
SOME = settings(max_examples=60)
"""Each example syncs a file, so they are fewer than usual."""


def packed(blobs: list[bytes]) -> tuple[bytes, bytes, list[bytes]]:
    """A pack of the blobs: its name, its bytes, and the bytes where the locations point."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "p.zip")
        name, locations = make_pack(path, blobs)
        data = path.read_bytes()
    return name, data, [data[at.offset : at.offset + at.length] for at in locations]


@SOME
@given(BLOBS)
def test_the_standard_library_reads_every_pack(blobs: list[bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(packed(blobs)[1])) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            blake3(blob).hex(): blob for blob in blobs
        }


@SOME
@given(BLOBS)
def test_locations_and_directory_give_back_what_was_put(blobs: list[bytes]) -> None:
    name, data, found = packed(blobs)

    assert found == blobs
    assert blake3(data) == name
    assert [
        (each.digest, data[each.offset : each.offset + each.size]) for each in read_directory(data)
    ] == [(blake3(blob), blob) for blob in blobs]


@SOME
@given(BLOBS)
def test_the_same_blobs_give_the_same_pack(blobs: list[bytes]) -> None:
    assert packed(blobs) == packed(blobs)


@SOME
@given(BLOBS, st.data())
def test_bytes_that_are_no_pack_are_refused(blobs: list[bytes], data: st.DataObject) -> None:
    pack = packed(blobs)[1]
    cut = data.draw(st.integers(0, len(pack) - 1))
    with pytest.raises(StorageError):
        list(read_directory(pack[:cut]))


@given(st.binary(max_size=500))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        members = list(read_directory(data))
    except StorageError:
        return
    assert all(len(member) == 4 for member in members)


@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip on this machine")
@settings(max_examples=15)
@given(BLOBS.filter(bool))
def test_unzip_recovers_every_blob(blobs: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_pack(Path(folder, "p.zip"), blobs)
        subprocess.run(["unzip", "-q", "p.zip", "-d", "out"], cwd=folder, check=True)
        found = {path.name: path.read_bytes() for path in Path(folder, "out").iterdir()}
    assert found == {blake3(blob).hex(): blob for blob in blobs}
