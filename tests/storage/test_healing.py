"""Healing: only the right bytes heal, and they heal what was damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.storage.blobstore import blake3, noise, put_pack, put_whole

from wbart_storage.blobs import Blobs
from wbart_storage.healing import heal
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.local import LocalObjects
from wbart_storage.memory import MemoryObjects
from wbart_storage.objects import ObjectStore
from wbart_storage.reader import StoreReader

FILES = {f"a/f{n}": noise(1000, n) for n in range(20)}


@pytest.fixture(params=["local", "memory"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> ObjectStore:
    (tmp_path / "store").mkdir()
    return LocalObjects(tmp_path / "store") if request.param == "local" else MemoryObjects()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    (root / "a").mkdir(parents=True)
    for path, data in FILES.items():
        (root / path).write_bytes(data)
    (root / "whole").write_bytes(noise(5000, 99))
    return root


def blobs(store: ObjectStore) -> Blobs:
    return Blobs(StoreReader(store), "blake3")


@pytest.mark.parametrize("found", [None, b"", b"short", noise(5000, 98)])
def test_a_whole_blob_is_healed(store: ObjectStore, folder: Path, found: bytes | None) -> None:
    wanted = put_whole(store, "whole", noise(5000, 99))
    key = blob_key(wanted.digest.hex())
    store.delete([key])
    if found is not None:
        store.put(key, found)

    assert heal(store, blobs(store), wanted, str(folder))
    assert blobs(store).read(wanted) == noise(5000, 99)


def test_members_of_a_pack_are_healed(store: ObjectStore, folder: Path, tmp_path: Path) -> None:
    packed = put_pack(store, tmp_path, FILES)
    name = packed[0].location.object
    pack = bytearray(store.get(pack_key(name.hex())))
    for number in (3, 7):
        pack[packed[number].location.offset + 5] ^= 1
    store.put(pack_key(name.hex()), bytes(pack))

    assert heal(store, blobs(store), packed[3], str(folder))
    assert heal(store, blobs(store), packed[7], str(folder))
    assert blake3(store.get(pack_key(name.hex()))) == name


@pytest.mark.parametrize("content", [b"", noise(5000, 98), None])
def test_other_bytes_heal_nothing(store: ObjectStore, folder: Path, content: bytes | None) -> None:
    wanted = put_whole(store, "whole", noise(5000, 99))
    key = blob_key(wanted.digest.hex())
    store.put(key, b"damaged")
    (folder / "whole").unlink()
    if content is not None:
        (folder / "whole").write_bytes(content)

    assert not heal(store, blobs(store), wanted, str(folder))
    assert store.get(key) == b"damaged"


def test_a_folder_in_its_place_heals_nothing(store: ObjectStore, folder: Path) -> None:
    wanted = put_whole(store, "a", b"bytes")
    assert not heal(store, blobs(store), wanted, str(folder))


@pytest.mark.parametrize("size", [None, 0, 500])
def test_a_pack_that_is_gone_or_cut_is_not_made_up(
    store: ObjectStore, folder: Path, tmp_path: Path, size: int | None
) -> None:
    packed = put_pack(store, tmp_path, FILES)
    key = pack_key(packed[0].location.object.hex())
    cut = store.get(key)[:size] if size is not None else b""
    store.delete([key])
    if size is not None:
        store.put(key, cut)

    assert not heal(store, blobs(store), packed[9], str(folder))
