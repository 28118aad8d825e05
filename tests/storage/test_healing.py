"""Healing: only the right bytes heal, they heal what was damaged, and nothing good is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.storage.blobstore import blake3, noise, put_pack, put_whole

from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.cache.cache import Cache
from wbart_storage.clock import FixedClock
from wbart_storage.good_copies import CachedCopies, FolderCopies, GoodCopies, MirroredCopies
from wbart_storage.healing import Healer
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.objects import ObjectStore
from wbart_storage.reading.blobs import Blobs, Wanted
from wbart_storage.reading.reader import StoreReader

FILES = {f"a/f{n}": noise(1000, n) for n in range(20)}
LARGE = noise(20_000_000, 99)


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


@pytest.fixture
def packed(store: ObjectStore, tmp_path: Path) -> list[Wanted]:
    return put_pack(store, tmp_path, FILES)


def blobs(store: ObjectStore) -> Blobs:
    return Blobs(StoreReader(store), "blake3")


def heal(
    store: ObjectStore,
    copies: GoodCopies,
    damaged: Iterable[Wanted],
    tmp_path: Path,
    members: Iterable[Wanted] = (),
) -> list[str]:
    """The paths that were healed."""
    place = tmp_path / "healing"
    place.mkdir(exist_ok=True)
    healer = Healer(store, blobs(store), copies, lambda pack: members, place)
    return [each.path for each in healer.heal(damaged)]


def key_of(packed: list[Wanted]) -> str:
    return pack_key(packed[0].location.object.hex())


def damage(store: ObjectStore, packed: list[Wanted], numbers: Iterable[int]) -> None:
    """Flip a byte of these members."""
    pack = bytearray(store.get(key_of(packed)))
    for number in numbers:
        pack[packed[number].location.offset + 5] ^= 1
    store.put(key_of(packed), bytes(pack))


def right(store: ObjectStore, packed: list[Wanted]) -> list[str]:
    return [
        each.path
        for each, data in blobs(store).read_unchecked(packed)
        if blake3(bytes(data)) == each.digest
    ]


@pytest.mark.parametrize("found", [None, b"", b"short", noise(5000, 98)])
def test_a_whole_blob_is_healed(
    store: ObjectStore, folder: Path, tmp_path: Path, found: bytes | None
) -> None:
    wanted = put_whole(store, "whole", noise(5000, 99))
    key = blob_key(wanted.digest.hex())
    store.delete([key])
    if found is not None:
        store.put(key, found)

    same = wanted._replace(path="again")
    healed = heal(store, FolderCopies(str(folder)), [wanted, same], tmp_path)
    assert healed == ["whole", "again"]
    assert blobs(store).read(wanted) == noise(5000, 99)


@pytest.mark.parametrize("numbers", [[3], [3, 7], range(20)])
def test_damaged_members_of_a_pack_are_healed_together(
    store: ObjectStore, folder: Path, tmp_path: Path, packed: list[Wanted], numbers: list[int]
) -> None:
    damage(store, packed, numbers)

    wanted = [packed[number] for number in reversed(numbers)]
    healed = heal(store, FolderCopies(str(folder)), wanted, tmp_path)
    assert sorted(healed) == sorted(each.path for each in wanted)
    assert blake3(store.get(key_of(packed))) == packed[0].location.object


@pytest.mark.parametrize("size", [None, 0, 700, 15_000])
def test_a_pack_that_is_gone_or_cut_is_built_anew(
    store: ObjectStore, folder: Path, tmp_path: Path, packed: list[Wanted], size: int | None
) -> None:
    cut = store.get(key_of(packed))[:size]
    store.delete([key_of(packed)])
    if size is not None:
        store.put(key_of(packed), cut)
    (folder / "a/f0").unlink(missing_ok=size == 15_000)

    copies = FolderCopies(str(folder))
    if size != 15_000:
        assert heal(store, copies, packed[9:], tmp_path, packed) == []
        (folder / "a/f0").write_bytes(FILES["a/f0"])
    healed = heal(store, copies, packed[9:], tmp_path, packed)
    assert len(healed) == 11
    assert blake3(store.get(key_of(packed))) == packed[0].location.object


def test_what_no_copy_mends_keeps_what_it_has(
    store: ObjectStore, folder: Path, tmp_path: Path, packed: list[Wanted]
) -> None:
    damage(store, packed, [3, 7, 11])
    before = store.get(key_of(packed))
    (folder / "a/f7").write_bytes(b"other")
    (folder / "a/f11").unlink()

    healed = heal(store, FolderCopies(str(folder)), [packed[n] for n in (3, 7, 11)], tmp_path)
    assert healed == ["a/f3"]
    after = store.get(key_of(packed))
    assert [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [
        packed[3].location.offset + 5
    ]
    assert len(right(store, packed)) == 18


class BadMoment:
    """A store that, once, gives wrong bytes of something that is fine."""

    def __init__(self, inner: ObjectStore, at: int) -> None:
        self.inner = inner
        self._at: int | None = at

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = bytearray(self.inner.get(key, start, end))
        if self._at is not None:
            data[self._at] ^= 1
            self._at = None
        return bytes(data)

    def put(self, key: str, source: bytes | Path) -> None:
        self.inner.put(key, source)

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def test_a_bad_moment_of_the_store_does_not_become_its_bytes(folder: Path, tmp_path: Path) -> None:
    inner = MemoryObjects()
    packed = put_pack(inner, tmp_path, FILES)
    damage(inner, packed, [3])
    before = inner.get(key_of(packed))
    store = BadMoment(inner, packed[15].location.offset)

    healed = heal(store, FolderCopies(str(folder)), [packed[3]], tmp_path)  # type: ignore[arg-type]
    assert healed == []
    assert inner.get(key_of(packed)) == before


@pytest.mark.parametrize("content", [b"", noise(5000, 98), None])
def test_other_bytes_heal_nothing(
    store: ObjectStore, folder: Path, tmp_path: Path, content: bytes | None
) -> None:
    wanted = put_whole(store, "whole", noise(5000, 99))
    key = blob_key(wanted.digest.hex())
    store.put(key, b"damaged")
    (folder / "whole").unlink()
    if content is not None:
        (folder / "whole").write_bytes(content)

    assert heal(store, FolderCopies(str(folder)), [wanted], tmp_path) == []
    assert store.get(key) == b"damaged"


def test_a_folder_in_its_place_heals_nothing(
    store: ObjectStore, folder: Path, tmp_path: Path
) -> None:
    wanted = put_whole(store, "a", b"bytes")
    store.put(blob_key(wanted.digest.hex()), b"other")

    assert heal(store, FolderCopies(str(folder)), [wanted], tmp_path) == []


def test_the_cache_heals_whole_blobs_and_packs(
    store: ObjectStore, tmp_path: Path, packed: list[Wanted]
) -> None:
    whole = put_whole(store, "whole", LARGE)
    cache = Cache(tmp_path / "cache", "blake3", FixedClock(), lambda disk: 10**9)
    for key, name in ((key_of(packed), packed[0].location.object), (None, whole.digest)):
        data = store.get(key or blob_key(name.hex()))
        held = cache.bring(name, len(data), lambda start, end, data=data: data[start:end])  # type: ignore[misc]
        assert held is not None
        held.close()
    store.delete([key_of(packed)])
    store.put(blob_key(whole.digest.hex()), b"damaged")

    healed = heal(store, CachedCopies(cache), [whole, *packed[4:6]], tmp_path)
    assert sorted(healed) == ["a/f4", "a/f5", "whole"]
    assert len(right(store, packed)) == 20
    assert blobs(store).read(whole) == LARGE
    cache.close()


@pytest.mark.parametrize("same_pack", [True, False])
def test_another_store_heals_whatever_packs_it_has(
    store: ObjectStore, tmp_path: Path, packed: list[Wanted], same_pack: bool
) -> None:
    mirror = MemoryObjects()
    if same_pack:
        put_pack(mirror, tmp_path, FILES)
        there: dict[str, Wanted] = {}
    else:
        there = {path: put_whole(mirror, path, data) for path, data in FILES.items()}
    damage(store, packed, range(2, 5))

    copies = MirroredCopies(mirror, blobs(mirror), lambda wanted: there.get(wanted.path))
    assert len(heal(store, copies, packed[2:5], tmp_path)) == 3
    assert blake3(store.get(key_of(packed))) == packed[0].location.object


def test_one_object_that_cannot_be_healed_leaves_the_others(
    store: ObjectStore, folder: Path, tmp_path: Path, packed: list[Wanted]
) -> None:
    whole = put_whole(store, "whole", noise(5000, 99))
    store.delete([key_of(packed), blob_key(whole.digest.hex())])

    assert heal(store, FolderCopies(str(folder)), [*packed[:2], whole], tmp_path) == ["whole"]


class Pieces:
    """The large blob, piece by piece."""

    def object(self, key: str) -> Iterator[bytes]:
        return iter(())

    def blob(self, wanted: Wanted) -> Iterator[bytes]:
        for start in range(0, len(LARGE), 1 << 20):
            yield LARGE[start : start + (1 << 20)]


def test_a_large_blob_passes_through_a_file(tmp_path: Path) -> None:
    puts: list[object] = []

    class Noting(MemoryObjects):
        def put(self, key: str, source: bytes | Path) -> None:
            puts.append(source)
            super().put(key, source)

    store = Noting()
    wanted = put_whole(MemoryObjects(), "whole", LARGE)

    assert heal(store, Pieces(), [wanted], tmp_path) == ["whole"]
    assert [type(source).__name__ for source in puts] == ["PosixPath"]
