"""Bytes that were changed on their way from a distant store are read again, then believed wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from tests.storage.blobstore import noise, put_whole
from tests.storage.numbering import (
    PREFIX,
    committed,
    letters,
    new_intent,
    new_journal,
    outpaced,
    write_letter,
)

from wbart_manifest.digest import Digest
from wbart_manifest.entry import Entry
from wbart_manifest.errors import ManifestCorrupt
from wbart_manifest.location import WHOLE, Location
from wbart_manifest.manifest import Manifest
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import BlobCorrupt, JournalCorrupt, StoreUnavailable
from wbart_storage.keys import blob_key, log_key, log_seq
from wbart_storage.objects import ObjectStat, ObjectStore
from wbart_storage.reading import blobs as blobs_module
from wbart_storage.reading.blobs import Blobs, Wanted
from wbart_storage.reading.fetch import Fetch
from wbart_storage.reading.nodes import StoredNodes
from wbart_storage.reading.reader import StoreReader

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


class Noisy(Spoiling):
    """A store on whose way a share of all answers loses a bit somewhere."""

    def __init__(self, inner: ObjectStore, share: float) -> None:
        super().__init__(inner, "o/", 0)
        self._share, self._chance = share, random.Random(5)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = bytearray(super().get(key, start, end))
        if self._chance.random() < self._share:
            data[self._chance.randrange(len(data))] ^= 1 << self._chance.randrange(8)
        return bytes(data)


def test_a_large_blob_comes_right_though_no_reading_of_all_of_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs_module, "READ", 1 << 16)
    inner, data = MemoryObjects(), noise(200 << 16)
    wanted = put_whole(inner, "a", data)
    store = Noisy(inner, 0.2)

    fetch = Fetch(Blobs(StoreReader(store), "blake3"), str(tmp_path), jobs=2)
    assert [each.wanted.path for [each] in fetch.run([wanted])] == ["a"]

    assert (tmp_path / "a").read_bytes() == data
    assert store.reads < 4 * 200, "twice or three times each, after a first reading"


def test_a_store_of_which_no_two_readings_agree_is_not_blamed() -> None:
    inner = MemoryObjects()
    wanted = put_whole(inner, "a", noise(100_000))

    with pytest.raises(StoreUnavailable, match="its bytes change on the way; 8 readings"):
        Blobs(StoreReader(Noisy(inner, 1.0)), "blake3").read(wanted)


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


def version_flipped(data: bytes) -> bytes:
    return data.replace(b'"v":1', b'"v":3')


def newest_string_flipped(data: bytes) -> bytes:
    """A record that is none the less a record but for its seal."""
    assert b'"actor":"' in data
    return data.replace(b'"actor":"', b'"actor":"!')


@pytest.mark.parametrize("spoil", [flipped, newest_string_flipped, version_flipped])
def test_the_newest_record_is_not_believed_as_it_came(spoil: Spoil) -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    for _ in range(3):
        new_journal(inner).commit(new_intent(chance))
    store = Spoiling(inner, log_key(PREFIX, 2), 1, spoil)

    new_journal(store).commit(new_intent(chance))

    assert store.reads == 2
    assert len(committed(inner)) == 4


@pytest.mark.parametrize("spoil", [flipped, newest_string_flipped])
def test_the_winner_of_a_slot_is_not_believed_as_it_came(spoil: Spoil) -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    store = Spoiling(inner, log_key(PREFIX, 1), 1, spoil)
    journal = new_journal(store)
    journal.commit(new_intent(chance))
    new_journal(inner).commit(new_intent(chance))

    journal.commit(new_intent(chance))

    assert store.reads == 2
    assert len(committed(inner)) == 3


class Doubtful(Spoiling):
    """A store whose answers to a create of a record are lost."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        if log_seq(key) is not None:
            raise StoreUnavailable("no answer")


def test_our_own_record_is_known_though_it_is_spoilt_when_read_back() -> None:
    inner, intent = MemoryObjects(), new_intent(random.Random(1))

    assert new_journal(Doubtful(inner, log_key(PREFIX, 0), 1)).commit(intent)[0] == 0
    assert committed(inner) == [intent.txid]


@pytest.mark.parametrize("spoil", [flipped, newest_string_flipped])
def test_a_letter_that_comes_wrong_is_read_again(spoil: Spoil) -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    new_journal(inner).commit(new_intent(chance))
    intent = new_intent(chance)
    write_letter(inner, intent)
    store = Spoiling(inner, letters(inner)[0], 1, spoil)

    new_journal(outpaced(inner, 3, through=store)).commit(new_intent(chance))

    assert store.reads == 2
    assert intent.txid in committed(inner)


def test_a_letter_that_stays_wrong_is_never_committed() -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    new_journal(inner).commit(new_intent(chance))
    intent = new_intent(chance)
    write_letter(inner, intent)
    store = Spoiling(inner, letters(inner)[0], 99, newest_string_flipped)

    new_journal(outpaced(inner, 3, through=store)).commit(new_intent(chance))

    assert intent.txid not in committed(inner)


def test_a_checkpoint_that_comes_wrong_is_read_again() -> None:
    inner, chance = MemoryObjects(), random.Random(1)
    for _ in range(34):
        new_journal(inner).commit(new_intent(chance))
    store = Spoiling(inner, f"{PREFIX}ckpt/", 1)

    assert new_journal(store).read() == committed(inner)
    assert store.reads == 2
