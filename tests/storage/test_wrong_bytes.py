"""Bytes that were changed on their way from a distant store are read again, then believed wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from tests.storage.numbering import PREFIX, committed, new_intent, new_journal

from wbart_manifest.digest import Digest
from wbart_manifest.entry import Entry
from wbart_manifest.errors import ManifestCorrupt
from wbart_manifest.location import WHOLE, Location
from wbart_manifest.manifest import Manifest
from wbart_storage.blobs import Blobs, Wanted
from wbart_storage.errors import BlobCorrupt, JournalCorrupt
from wbart_storage.keys import blob_key, log_key
from wbart_storage.local import LocalObjects
from wbart_storage.memory import MemoryObjects
from wbart_storage.nodes import StoredNodes
from wbart_storage.objects import ObjectStat, ObjectStore
from wbart_storage.reader import StoreReader

DATA = bytes(range(256)) * 8
Spoil = Callable[[bytes], bytes]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


class Spoiling:
    """A store whose first answers to a get of keys that begin so are spoilt."""

    def __init__(self, inner: ObjectStore, prefix: str, times: int, spoil: Spoil = flipped) -> None:
        self.inner = inner
        self.reads = 0
        self._prefix, self._times, self._spoil = prefix, times, spoil

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = self.inner.get(key, start, end)
        if not key.startswith(self._prefix):
            return data
        self.reads += 1
        return self._spoil(data) if self.reads <= self._times else data

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        self.inner.put(key, source)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return self.inner.list(prefix, delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        self.inner.delete(keys)

    def stat(self, key: str) -> ObjectStat:
        return self.inner.stat(key)


def blob(store: ObjectStore) -> Wanted:
    digest = Digest.of(DATA)
    store.put(blob_key(digest.hex), DATA)
    return Wanted("a", len(DATA), digest.raw, Location(WHOLE))


def test_a_blob_that_comes_wrong_is_read_again() -> None:
    inner = MemoryObjects()
    wanted = blob(inner)

    assert Blobs(StoreReader(Spoiling(inner, "o/", 2)), "blake3").read(wanted) == DATA


def test_a_blob_that_stays_wrong_is_corrupt() -> None:
    inner = MemoryObjects()
    wanted = blob(inner)
    store = Spoiling(inner, "o/", 99)

    with pytest.raises(BlobCorrupt):
        Blobs(StoreReader(store), "blake3").read(wanted)

    assert 2 <= store.reads < 9


def test_a_local_store_is_not_read_again(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    wanted = blob(store)
    (tmp_path / blob_key(wanted.digest.hex())).chmod(0o644)
    (tmp_path / blob_key(wanted.digest.hex())).write_bytes(flipped(DATA))

    assert not StoreReader(store).doubt(blob_key(wanted.digest.hex()))
    with pytest.raises(BlobCorrupt):
        Blobs(StoreReader(store), "blake3").read(wanted)


def tree(store: ObjectStore) -> dict[str, object]:
    place = Location(WHOLE)
    entries = [Entry(f"{n:06d}", 1, bytes(31) + b"x", None, place) for n in range(4000)]
    return Manifest.build(StoredNodes(store), entries, "blake3").describe()


@pytest.mark.parametrize("spoil", [flipped, lambda data: data[:-7]])
def test_a_node_that_comes_wrong_is_read_again(spoil: Spoil) -> None:
    inner = MemoryObjects()
    described = tree(inner)
    nodes = StoredNodes(Spoiling(inner, "t/", 2, spoil))

    assert sum(1 for _ in Manifest.restore(nodes, described, "blake3").entries()) == 4000


def test_a_node_that_stays_wrong_is_corrupt() -> None:
    inner = MemoryObjects()
    described = tree(inner)
    nodes = StoredNodes(Spoiling(inner, "t/", 99))

    with pytest.raises(ManifestCorrupt):
        list(Manifest.restore(nodes, described, "blake3").entries())


@pytest.mark.parametrize("spoil", [flipped, lambda data: data[:-7]])
def test_a_record_that_comes_wrong_is_read_again(spoil: Spoil) -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    for _ in range(5):
        new_journal(inner).commit(new_intent(chance))
    first = log_key(PREFIX, 0)

    assert new_journal(Spoiling(inner, first, 1, spoil)).read() == committed(inner)


def test_a_record_that_stays_wrong_is_corrupt() -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    new_journal(inner).commit(new_intent(chance))

    with pytest.raises(JournalCorrupt):
        new_journal(Spoiling(inner, log_key(PREFIX, 0), 99, lambda data: data[:-7])).read()


def test_a_checkpoint_that_comes_wrong_is_read_again() -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    for _ in range(34):
        new_journal(inner).commit(new_intent(chance))
    store = Spoiling(inner, f"{PREFIX}ckpt/", 1)

    assert new_journal(store).read() == committed(inner)
    assert store.reads == 2
