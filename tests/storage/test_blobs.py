"""Blobs read back: each checked, few requests, and errors that name the path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.storage.blobstore import blake3, noise, put_pack, put_whole

from wbart_manifest.digest import Digest
from wbart_manifest.location import EMPTY, PACKED, RECIPE, WHOLE, Location
from wbart_storage.around.trace import Call, Trace
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import BlobCorrupt, BlobMissing, StoreUnsupported
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.objects import ObjectStore
from wbart_storage.reading import blobs as blobs_module
from wbart_storage.reading.blobs import Blobs, Wanted
from wbart_storage.reading.reader import StoreReader

FILES = {f"f{n:02}": noise(1000 + n, n) for n in range(20)}


class Source:
    """A store with a pack, whole blobs and an empty one; and the requests that reach it."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self.store = store
        self.calls: list[Call] = []
        self.packed = put_pack(store, folder, FILES)
        self.whole = put_whole(store, "whole", noise(50_000, 99))
        self.empty = put_whole(store, "empty", b"")
        self.blobs = Blobs(StoreReader(Trace(store, self.calls.append)), "blake3")

    def read(self, *wanted: Wanted) -> dict[str, bytes]:
        return {each.path: bytes(data) for each, data in self.blobs.read_many(wanted)}

    def damage(self, key: str, at: int) -> None:
        data = bytearray(self.store.get(key))
        data[at] ^= 1
        self.store.put(key, bytes(data))

    def cut(self, key: str, size: int) -> None:
        self.store.put(key, self.store.get(key, 0, size))


@pytest.fixture(params=["local", "memory"])
def source(tmp_path: Path, request: pytest.FixtureRequest) -> Source:
    (tmp_path / "store").mkdir()
    local = request.param == "local"
    return Source(LocalObjects(tmp_path / "store") if local else MemoryObjects(), tmp_path)


def test_every_kind_comes_back(source: Source) -> None:
    assert source.read(source.whole, *source.packed, source.empty) == {
        **FILES,
        "whole": noise(50_000, 99),
        "empty": b"",
    }


def test_neighbours_come_in_one_request(source: Source) -> None:
    assert source.read(*source.packed[::-1]) == FILES
    assert [call.name for call in source.calls] == ["get"]


def test_wide_gaps_are_not_read(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs_module, "GAP", 2500)
    wanted = [source.packed[n] for n in (0, 2, 9)]

    assert source.read(*wanted) == {each.path: FILES[each.path] for each in wanted}
    assert len(source.calls) == 2
    assert sum(call.size for call in source.calls) < 6000


def test_one_request_is_bounded(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs_module, "READ", 5000)
    assert source.read(*source.packed) == FILES
    assert max(call.size for call in source.calls) <= 5000


def test_the_same_bytes_may_be_wanted_by_two_paths(source: Source) -> None:
    twin = source.packed[3]._replace(path="twin")
    found = source.read(source.packed[3], twin)

    assert found == {"f03": FILES["f03"], "twin": FILES["f03"]}


def test_a_damaged_blob_names_its_path(source: Source) -> None:
    source.damage(blob_key(source.whole.digest.hex()), 7)
    with pytest.raises(BlobCorrupt) as caught:
        source.blobs.read(source.whole)

    assert caught.value.__notes__ == ["whole"]
    assert caught.value.wanted == Digest("blake3", source.whole.digest)
    assert caught.value.got != caught.value.wanted


def test_a_damaged_member_harms_no_other(source: Source) -> None:
    source.damage(
        pack_key(source.packed[0].location.object.hex()), source.packed[4].location.offset
    )
    with pytest.raises(BlobCorrupt) as caught:
        source.read(*source.packed)
    others = [each for each in source.packed if each.path != "f04"]

    assert caught.value.__notes__ == ["f04"]
    assert len(source.read(*others)) == 19


def test_what_is_damaged_can_be_read_unchecked(source: Source) -> None:
    source.damage(blob_key(source.whole.digest.hex()), 7)
    [(wanted, data)] = source.blobs.read_unchecked([source.whole])

    assert wanted == source.whole
    assert blake3(data) != source.whole.digest


@pytest.mark.parametrize("size", [0, 2000])
def test_a_short_object_is_corrupt(source: Source, size: int) -> None:
    source.cut(blob_key(source.whole.digest.hex()), size)
    source.cut(pack_key(source.packed[0].location.object.hex()), size)
    for wanted in (source.whole, source.packed[5]):
        with pytest.raises(BlobCorrupt):
            source.blobs.read(wanted)
    with pytest.raises(BlobCorrupt):
        list(source.blobs.pieces(source.whole))


def test_an_object_that_is_not_there_is_missing(source: Source) -> None:
    gone = blake3(b"gone")
    for location in (Location(WHOLE, length=4), Location(PACKED, gone, 10, 4)):
        wanted = Wanted("gone", 4, gone, location)
        with pytest.raises(BlobMissing) as caught:
            source.blobs.read(wanted)
        assert caught.value.digest == Digest("blake3", gone)


def test_an_epoch_is_part_of_the_key(source: Source) -> None:
    wanted = put_whole(source.store, "again", b"again", epoch=3)

    assert source.blobs.read(wanted) == b"again"
    with pytest.raises(BlobMissing):
        source.blobs.read(wanted._replace(location=Location(WHOLE, length=5)))


@pytest.mark.parametrize("location", [Location(RECIPE), Location(9), Location(WHOLE, codec=1)])
def test_what_a_newer_release_stored_is_unsupported(source: Source, location: Location) -> None:
    with pytest.raises(StoreUnsupported, match="odd"):
        source.blobs.key(Wanted("odd", 1, blake3(b"x"), location))


def pieces(source: Source, wanted: Wanted) -> Iterator[bytes]:
    yield from source.blobs.pieces(wanted)


@pytest.mark.parametrize("read", [100, 49_999, 50_000, 50_001])
def test_a_large_blob_comes_in_pieces(
    source: Source, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    monkeypatch.setattr(blobs_module, "READ", read)
    found = list(source.blobs.pieces(source.whole))

    assert b"".join(found) == noise(50_000, 99)
    assert max(map(len, found)) <= read
    assert b"".join(source.blobs.pieces(source.packed[2])) == FILES["f02"]
    assert b"".join(source.blobs.pieces(source.empty)) == b""


def test_the_last_piece_comes_only_after_the_check(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs_module, "READ", 10_000)
    source.damage(blob_key(source.whole.digest.hex()), 7)
    found = source.blobs.pieces(source.whole)
    assert len([next(found) for _ in range(4)]) == 4
    with pytest.raises(BlobCorrupt):
        next(found)


def test_a_local_store_gives_its_own_files(source: Source) -> None:
    local = isinstance(source.store, LocalObjects)
    file = source.blobs.file(source.whole)

    assert (file is not None) is local
    assert source.blobs.file(source.packed[0]) is None
    assert source.blobs.file(source.empty) is None
    if file is not None:
        with file:
            assert file.lasts
            assert Path(file.path).read_bytes() == noise(50_000, 99)


def test_an_empty_blob_is_checked_too(source: Source) -> None:
    lie = Wanted("lie", 0, blake3(b"not empty"), Location(EMPTY))
    with pytest.raises(BlobCorrupt):
        source.blobs.read(lie)
