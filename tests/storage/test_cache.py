"""The cache: what it keeps is right, what it drops is not in use, and it is never in the way."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import pytest
from tests.descriptors import opened
from tests.storage.blobstore import blake3, make_pack, noise, put_pack, put_whole

from wbart_storage.around.trace import Call, Trace
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.cache import cache as cache_module
from wbart_storage.cache import partial
from wbart_storage.cache import reader as reader_module
from wbart_storage.cache.cache import Cache, default_room
from wbart_storage.cache.index import CacheIndex, CacheUnusable
from wbart_storage.cache.reader import CacheReader
from wbart_storage.clock import FixedClock
from wbart_storage.errors import (
    AccessDenied,
    BlobCorrupt,
    BlobMissing,
    CacheCorrupt,
    StorageError,
    StoreFull,
    StoreUnavailable,
)
from wbart_storage.files.buffered import write_all
from wbart_storage.files.pump import Pump
from wbart_storage.files.stamp import stamp
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.reading.ahead import READ
from wbart_storage.reading.along import Along
from wbart_storage.reading.blobs import Blobs, Wanted
from wbart_storage.reading.fetch import Fetch, LinkMode

BIG = noise(3 << 20, 1)
NOW = 1_700_000_000.0


class Bench:
    """A distant store with a cache before it, and the requests that reached the store."""

    def __init__(self, folder: Path, room: int = 1 << 30) -> None:
        self.folder = folder
        self.memory = MemoryObjects()
        self.calls: list[Call] = []
        self.store = Trace(self.memory, self.calls.append)
        self.clock = FixedClock(NOW)
        self.waits: list[float] = []
        self.room = room
        self.cache = self.again()

    def again(self) -> Cache:
        """The cache as another process sees it."""
        return Cache(
            self.folder / "local", "blake3", self.clock, lambda _: self.room, self.waits.append
        )

    def blobs(self) -> Blobs:
        return Blobs(CacheReader(self.store, self.cache), "blake3")

    def requests(self) -> list[str]:
        """The names of the requests since it was last asked."""
        names = [call.name for call in self.calls]
        self.calls.clear()
        return names

    def bring(self, data: bytes) -> Path:
        """Let the cache hold data, and return its file."""
        file = self.cache.bring(blake3(data), len(data), lambda a, b: data[a:b])
        assert file is not None
        with file:
            return Path(file.path)

    def names(self, folder: str) -> set[str]:
        """The names of the files below a folder of the cache."""
        return {path.name for path in (self.cache.folder / folder).rglob("*") if path.is_file()}

    def holds(self, *data: bytes) -> bool:
        return self.names("obj") == {blake3(each).hex() for each in data}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def damage(path: Path, *, quietly: bool = False) -> None:
    """Turn a byte over; quietly, so that the file looks as before to all but its bytes."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(100)
        byte = file.read(1)[0]
        file.seek(100)
        file.write(bytes([byte ^ 1]))
    path.chmod(0o444)


def trust(cache: Cache, path: Path) -> None:
    """Let the index say that the file is right as it looks now: bits rot without a trace."""
    with sqlite3.connect(cache.folder / "index.db") as database:
        database.execute(
            "UPDATE object SET stamp = ? WHERE digest = ?",
            (stamp(path.stat()), bytes.fromhex(path.name)),
        )
    database.close()


def test_a_blob_is_fetched_once(bench: Bench) -> None:
    wanted = put_whole(bench.memory, "big", BIG)

    assert [bench.blobs().read(wanted) for _ in range(3)] == [BIG] * 3
    assert bench.requests() == ["get"]


def test_another_process_finds_it(bench: Bench) -> None:
    bench.bring(BIG)
    file = bench.again().open(blake3(BIG))

    assert file is not None
    with file:
        assert os.read(file.fd, len(BIG) + 1) == BIG


def test_files_are_read_only_and_named_by_their_digests(bench: Bench) -> None:
    path = bench.bring(BIG)
    digest = blake3(BIG).hex()

    assert path == bench.cache.folder / "obj" / digest[:2] / digest
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert bench.names("part") == set()


def test_an_object_of_an_epoch_is_the_same_content(bench: Bench) -> None:
    bench.bring(BIG)
    wanted = put_whole(bench.memory, "big", BIG, epoch=7)

    assert bench.blobs().read(wanted) == BIG
    assert bench.requests() == []


def test_a_larger_object_than_one_request_comes_whole(bench: Bench) -> None:
    data = noise(2 * READ, 2)
    wanted = put_whole(bench.memory, "x", data)

    assert bench.blobs().read(wanted) == data
    assert bench.blobs().read(wanted) == data
    assert bench.requests() == ["get"] * 2


def test_a_pack_is_fetched_whole_when_an_eighth_is_wanted(bench: Bench) -> None:
    wanted = put_pack(bench.memory, bench.folder, {f"{n}": noise(1000, n) for n in range(100)})
    blobs = bench.blobs()

    assert blobs.read(wanted[50]) == noise(1000, 50)
    assert bench.requests() == ["get"]
    assert bench.names("obj") == set()

    list(blobs.read_many(wanted[:20]))
    assert bench.requests() == ["get"]
    assert bench.names("obj") == {wanted[0].location.object.hex()}

    again = {each.path: bytes(data) for each, data in bench.blobs().read_many(wanted)}
    assert again == {f"{n}": noise(1000, n) for n in range(100)}
    assert bench.requests() == []


def test_a_pack_is_fetched_once_by_many_threads(bench: Bench) -> None:
    wanted = put_pack(bench.memory, bench.folder, {f"{n}": noise(1000, n) for n in range(100)})
    blobs = bench.blobs()
    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(blobs.read, wanted * 3))

    assert found == [noise(1000, n) for n in range(100)] * 3
    large = [call for call in bench.calls if call.name == "get" and call.size > 100_000]
    assert len(large) == 1
    assert bench.waits == [partial._PAUSE] * len(bench.waits)


LARGE = {f"{n}": noise(900_000, n) for n in range(20)}


def test_a_large_pack_is_not_read_back_from_the_cache(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, blobs = put_pack(bench.memory, bench.folder, LARGE), bench.blobs()
    with monkeypatch.context() as patch:
        patch.setattr(reader_module, "_read", lambda *_: pytest.fail("read back"))
        found = {each.path: bytes(data) for each, data in blobs.read_many(wanted)}

    assert found == LARGE
    assert bench.requests()
    assert {each.path: bytes(data) for each, data in bench.blobs().read_many(wanted)} == LARGE
    assert bench.requests() == []


def test_a_pack_that_is_not_at_hand_any_more_is_read_from_the_cache(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_AT_HAND", 1)
    packs = []
    for n in range(3):
        files = {path: data + bytes([n]) for path, data in LARGE.items()}
        packs.append(put_pack(bench.memory, bench.folder, files))
    blobs = bench.blobs()
    for again in (False, True):
        for n, wanted in enumerate(packs):
            for each, data in blobs.read_many(wanted):
                assert data == LARGE[each.path] + bytes([n])
        assert (bench.requests() == []) is again


def test_a_pack_that_is_larger_than_usual_is_not_kept_in_memory(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_PACK", 4 << 20)
    wanted = put_pack(bench.memory, bench.folder, LARGE)
    reader = CacheReader(bench.store, bench.cache)
    found = {each.path: bytes(data) for each, data in Blobs(reader, "blake3").read_many(wanted)}

    assert found == LARGE
    assert not reader._recent
    assert bench.names("obj") == {wanted[0].location.object.hex()}


def test_memory_that_forgets_is_not_believed(bench: Bench) -> None:
    wanted = put_pack(bench.memory, bench.folder, LARGE)
    reader = CacheReader(bench.store, bench.cache)
    blobs = Blobs(reader, "blake3")
    blobs.read(wanted[0])
    list(blobs.read_many(wanted))
    [kept] = reader._recent.values()
    kept._pieces = [bytes(len(piece)) for piece in kept._pieces]

    assert {each.path: bytes(data) for each, data in blobs.read_many(wanted)} == LARGE


@pytest.mark.parametrize("link", ["copy", "hardlink", "symlink"])
def test_a_download_takes_its_files_from_the_cache(bench: Bench, link: LinkMode) -> None:
    wanted = [put_whole(bench.memory, "a/big", BIG), put_whole(bench.memory, "small", b"s" * 99)]
    for number in range(2):
        root = bench.folder / str(number)
        list(Fetch(bench.blobs(), str(root), jobs=2, link=link).run(wanted))
        assert (root / "a/big").read_bytes() == BIG
        assert (root / "small").read_bytes() == b"s" * 99
        assert not (root / "a/big").is_symlink()

    assert bench.requests() == ["get"] * 2
    linked = (bench.folder / "1/a/big").stat().st_nlink
    assert linked == (3 if link == "hardlink" else 1)


def test_a_file_that_looks_otherwise_is_read_again_and_trusted(bench: Bench) -> None:
    path = bench.bring(BIG)
    os.utime(path, (1, 1))
    wanted = put_whole(bench.memory, "big", BIG)

    assert bench.blobs().read(wanted) == BIG
    assert bench.requests() == []
    assert bench.names("bad") == set()


def test_a_damaged_file_is_set_aside_and_fetched_again(bench: Bench) -> None:
    path = bench.bring(BIG)
    damage(path)
    wanted = put_whole(bench.memory, "big", BIG)

    assert bench.blobs().read(wanted) == BIG
    assert bench.requests() == ["get"]
    assert bench.names("bad") == {path.name}
    assert path.read_bytes() == BIG


@pytest.mark.parametrize("link", ["copy", "hardlink"])
def test_rot_that_does_not_show_is_found_by_the_digest(bench: Bench, link: LinkMode) -> None:
    path = bench.bring(BIG)
    damage(path)
    trust(bench.cache, path)
    wanted = put_whole(bench.memory, "big", BIG)

    list(Fetch(bench.blobs(), str(bench.folder / "out"), jobs=1, link=link).run([wanted]))

    assert (bench.folder / "out/big").read_bytes() == BIG
    assert bench.requests() == ["get"]
    assert bench.names("bad") == {path.name}


def test_rot_in_a_pack_is_found_by_its_members(bench: Bench) -> None:
    wanted = put_pack(bench.memory, bench.folder, {f"{n}": noise(1000, n) for n in range(40)})
    list(bench.blobs().read_many(wanted))
    name = wanted[0].location.object.hex()
    path = bench.cache.folder / "obj" / name[:2] / name
    bench.requests()
    path.chmod(0o644)
    path.write_bytes(bytes(path.stat().st_size))
    trust(bench.cache, path)

    found = {each.path: bytes(data) for each, data in bench.blobs().read_many(wanted)}

    assert found == {f"{n}": noise(1000, n) for n in range(40)}
    assert bench.names("bad") == {name}
    assert len(bench.requests()) < 10


def test_a_disk_that_damages_everything_is_reported(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = put_whole(bench.memory, "big", BIG)
    finish = partial.Part.finish

    def rotting(part: partial.Part, target: Path) -> os.stat_result:
        finish(part, target)
        damage(target)
        return target.stat()

    monkeypatch.setattr(partial.Part, "finish", rotting)
    fetch = Fetch(bench.blobs(), str(bench.folder / "out"), jobs=1, link="hardlink")
    with pytest.raises(CacheCorrupt):
        list(fetch.run([wanted]))
    assert os.listdir(bench.folder / "out") == []


def test_a_blob_that_the_store_damaged_is_not_kept(bench: Bench) -> None:
    wanted = put_whole(bench.memory, "dir/big", BIG)
    bench.memory.put(blob_key(wanted.digest.hex()), BIG[:-1] + b"!")
    for use in (
        lambda: bench.blobs().read(wanted),
        lambda: list(Fetch(bench.blobs(), str(bench.folder / "out"), jobs=1).run([wanted])),
    ):
        with pytest.raises(BlobCorrupt) as caught:
            use()
        assert caught.value.__notes__ == ["dir/big"]
    assert bench.requests() == ["get"] * 9  # a distant store is asked again before it is blamed
    assert bench.holds()
    assert bench.names("part") == set()


def test_a_pack_that_the_store_damaged_gives_what_is_good(bench: Bench) -> None:
    files = {f"{n}": noise(1000, n) for n in range(40)}
    wanted = put_pack(bench.memory, bench.folder, files)
    key = pack_key(wanted[0].location.object.hex())
    pack = bytearray(bench.memory.get(key))
    pack[wanted[3].location.offset] ^= 1
    bench.memory.put(key, bytes(pack))

    assert bench.blobs().read(wanted[2]) == files["2"]
    with pytest.raises(BlobCorrupt) as caught:
        list(bench.blobs().read_many(wanted))
    assert caught.value.__notes__ == ["3"]
    assert bench.holds()


def test_a_blob_that_the_store_lacks_is_missing(bench: Bench) -> None:
    wanted = put_whole(MemoryObjects(), "big", BIG)
    with pytest.raises(BlobMissing):
        bench.blobs().read(wanted)
    with pytest.raises(BlobMissing):
        bench.blobs().file(wanted)


@pytest.mark.parametrize("error", [StoreUnavailable("later"), AccessDenied("no")])
def test_what_the_store_refuses_passes_through(bench: Bench, error: Exception) -> None:
    def refuse(start: int, end: int) -> bytes:
        raise error

    with pytest.raises(type(error)):
        bench.cache.bring(blake3(BIG), len(BIG), refuse)


def test_an_interrupted_fetch_is_continued(bench: Bench) -> None:
    data = noise(READ + 1000, 3)
    asked: list[int] = []

    def fetch(start: int, end: int) -> bytes:
        asked.append(start)
        if len(asked) == 2:
            raise StoreUnavailable("connection lost")
        return data[start:end]

    with pytest.raises(StoreUnavailable):
        bench.cache.bring(blake3(data), len(data), fetch)
    file = bench.again().bring(blake3(data), len(data), fetch)

    assert file is not None
    with file:
        assert os.pread(file.fd, len(data), 0) == data
    assert asked == [0, READ, READ]


def fetched(bench: Bench, wanted: Wanted) -> bytes:
    """What a download of the blob writes, and nothing else is written."""
    out = bench.folder / "out"
    list(Fetch(bench.blobs(), str(out), jobs=1).run([wanted]))
    assert os.listdir(out) == [wanted.path]
    return (out / wanted.path).read_bytes()


def test_a_blob_is_written_along_as_it_comes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = put_whole(bench.memory, "big", BIG)
    monkeypatch.setattr(Pump, "copy", lambda *_: pytest.fail("read back from the cache"))

    assert fetched(bench, wanted) == BIG
    assert bench.holds(BIG)


@pytest.mark.parametrize("left", [noise(READ + 1000, 3)[:READ], bytes(READ)], ids=["right", "torn"])
def test_what_a_part_holds_already_is_written_along(bench: Bench, left: bytes) -> None:
    data = noise(READ + 1000, 3)
    wanted = put_whole(bench.memory, "big", data)
    part = bench.cache.folder / "part" / blake3(data).hex()
    part.parent.mkdir(parents=True)
    part.write_bytes(left)

    assert fetched(bench, wanted) == data


def test_a_part_that_another_finished_is_copied(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, began = put_whole(bench.memory, "big", BIG), partial.begin

    def later(path: Path, algorithm: str, wait: Callable[[float], None]) -> partial.Part | None:
        monkeypatch.setattr(cache_module, "begin", began)
        bench.again().bring(blake3(BIG), len(BIG), lambda a, b: BIG[a:b])
        return began(path, algorithm, wait)

    monkeypatch.setattr(cache_module, "begin", later)
    assert fetched(bench, wanted) == BIG


def test_a_blob_that_comes_damaged_once_is_written_right(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, get = put_whole(bench.memory, "big", BIG), MemoryObjects.get
    spoilt = [BIG[:-1] + b"!"]
    monkeypatch.setattr(MemoryObjects, "get", lambda *args: spoilt.pop() if spoilt else get(*args))

    assert fetched(bench, wanted) == BIG


def test_a_full_disk_where_the_file_goes_is_not_the_cache_that_is_unusable(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(along: Along, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    wanted = put_whole(bench.memory, "big", BIG)
    monkeypatch.setattr(Along, "write", full)
    with pytest.raises(StoreFull):
        list(Fetch(bench.blobs(), str(bench.folder / "out"), jobs=1).run([wanted]))
    assert os.listdir(bench.folder / "out") == []


@pytest.mark.parametrize("lasting", [True, False], ids=["from then on", "once"])
@pytest.mark.parametrize("nth", range(8))
def test_an_index_that_fails_at_any_call_changes_nothing_in_what_is_fetched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, nth: int, lasting: bool
) -> None:
    """As when the disk of the cache is full to the last byte but those of the index."""
    wanted, database, calls = put_whole(bench.memory, "big", BIG), CacheIndex._database, count()

    def failing(index: CacheIndex) -> AbstractContextManager[sqlite3.Connection]:
        number = next(calls)
        if number == nth or (lasting and number > nth):
            raise CacheUnusable("disk is full")
        return database(index)

    bench.cache.ls()
    before = opened()
    monkeypatch.setattr(CacheIndex, "_database", failing)

    assert fetched(bench, wanted) == BIG
    assert opened() <= before


def test_a_file_of_another_size_does_not_get_its_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = put_whole(bench.memory, "big", BIG)
    monkeypatch.setattr(Fetch, "_write", lambda *args: write_all(args[-1], BIG * 2))

    with pytest.raises(StorageError, match="wrote 6291456 bytes, not 3145728"):
        fetched(bench, wanted)
    assert os.listdir(bench.folder / "out") == []


def test_a_file_that_the_cache_loses_at_once_was_written_along(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = put_whole(bench.memory, "big", BIG)
    monkeypatch.setattr(Cache, "open", lambda *_: None)

    assert fetched(bench, wanted) == BIG
    assert bench.requests() == ["get"] * -(-len(BIG) // READ)


def test_a_torn_part_is_begun_anew(bench: Bench) -> None:
    part = bench.cache.folder / "part" / blake3(BIG).hex()
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(1 << 20))

    assert bench.bring(BIG).read_bytes() == BIG


def test_whoever_wants_what_another_fetches_waits_for_it(bench: Bench) -> None:
    digest = blake3(BIG)
    rival = partial.begin(bench.cache.folder / "part" / digest.hex(), "blake3", bench.waits.append)
    assert rival is not None

    def meanwhile(seconds: float) -> None:
        bench.waits.append(seconds)
        if len(bench.waits) == 3:
            rival.write(BIG)
            rival.finish(bench.cache._files.path(digest))
            rival.close()

    patient = Cache(bench.cache.folder, "blake3", bench.clock, lambda _: 1 << 30, meanwhile)
    file = patient.bring(digest, len(BIG), lambda a, b: pytest.fail("it was there"))

    assert file is not None
    with file:
        assert os.pread(file.fd, len(BIG), 0) == BIG
    assert len(bench.waits) == 3
    assert bench.names("part") == set()


def test_a_part_that_is_finished_as_it_is_opened_is_left_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = blake3(BIG)
    part, done = bench.cache.folder / "part" / digest.hex(), bench.cache._files.path(digest)
    part.parent.mkdir(parents=True)
    done.parent.mkdir(parents=True)
    part.write_bytes(BIG)
    flock = fcntl.flock

    def finished_meanwhile(fd: int, kind: int) -> None:
        if kind & fcntl.LOCK_EX and not done.exists():
            part.rename(done)
        flock(fd, kind)

    monkeypatch.setattr(fcntl, "flock", finished_meanwhile)
    assert bench.bring(BIG).read_bytes() == BIG
    assert bench.waits == [partial._PAUSE]


def test_nobody_waits_for_ever(bench: Bench) -> None:
    digest = blake3(BIG)
    rival = partial.begin(bench.cache.folder / "part" / digest.hex(), "blake3", bench.waits.append)
    assert rival is not None
    wanted = put_whole(bench.memory, "big", BIG)

    assert bench.blobs().read(wanted) == BIG
    assert sum(bench.waits) == pytest.approx(partial._PATIENCE, abs=0.1)
    assert bench.holds()
    rival.close()


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path, room=5000)
    data = [noise(1000, n) for n in range(6)]
    for each in data[:5]:
        bench.bring(each)
        bench.clock.advance(100)
    bench.bring(data[0])
    bench.clock.advance(100)
    bench.bring(data[5])

    assert bench.holds(data[0], data[3], data[4], data[5])
    assert [held.size for held in bench.cache.ls()] == [1000] * 4


def test_what_is_in_use_is_not_dropped(tmp_path: Path) -> None:
    bench = Bench(tmp_path, room=2000)
    data = [noise(1000, n) for n in range(3)]
    bench.bring(data[0])
    held = bench.again().open(blake3(data[0]))
    assert held is not None
    with held:
        bench.clock.advance(100)
        bench.bring(data[1])
        bench.clock.advance(100)
        bench.bring(data[2])
        assert bench.holds(data[0], data[2])
        assert bench.cache.prune() == 1000
        assert bench.holds(data[0])
    assert bench.cache.prune() == 1000
    assert bench.holds()


def test_an_object_larger_than_the_cache_passes_by(tmp_path: Path) -> None:
    bench = Bench(tmp_path, room=len(BIG) - 1)
    wanted = put_whole(bench.memory, "big", BIG)
    list(Fetch(bench.blobs(), str(tmp_path / "out"), jobs=1).run([wanted]))

    assert (tmp_path / "out/big").read_bytes() == BIG
    assert bench.holds()


@pytest.mark.parametrize(("disk", "room"), [(10**12, 50 * 10**9), (10**11, 10**10)])
def test_the_default_is_50_gb_or_a_tenth_of_the_disk(disk: int, room: int) -> None:
    assert default_room(disk) == room


def test_prune_leaves_so_many_bytes(bench: Bench) -> None:
    data = [noise(1000, n) for n in range(4)]
    for each in data:
        bench.bring(each)
        bench.clock.advance(100)

    assert bench.cache.prune(2500) == 2000
    assert bench.holds(*data[2:])
    assert bench.cache.prune() == 2000
    assert bench.holds()


def test_prune_removes_what_is_unfinished_and_what_is_damaged(bench: Bench) -> None:
    damage(bench.bring(BIG))
    assert bench.cache.open(blake3(BIG)) is None
    parts = bench.cache.folder / "part"
    (parts / ("a" * 64)).write_bytes(b"half")
    live = partial.begin(parts / ("b" * 64), "blake3", bench.waits.append)
    assert live is not None
    bench.clock.advance(2 * 10**9)

    bench.cache.prune(10**9)

    assert bench.names("bad") == set()
    assert bench.names("part") == {"b" * 64}
    live.close()


def test_parts_that_nobody_came_back_for_go_after_a_day(bench: Bench) -> None:
    parts = bench.cache.folder / "part"
    parts.mkdir(parents=True)
    for name, age in (("a" * 64, 90_000), ("b" * 64, 80_000)):
        (parts / name).write_bytes(b"half")
        os.utime(parts / name, (NOW - age, NOW - age))
    bench.bring(BIG)

    assert bench.names("part") == {"b" * 64}


def test_files_that_the_index_does_not_know_are_counted_and_checked(bench: Bench) -> None:
    good, bad = noise(1000, 1), noise(1000, 2)
    bench.bring(good)
    damage(bench.bring(bad))
    bench.cache.close()
    (bench.cache.folder / "index.db").unlink()
    bench.cache = bench.again()

    assert sum(held.size for held in bench.cache.ls()) == 2000
    assert bench.cache.verify().damaged == (blake3(bad).hex(),)
    assert bench.cache.open(blake3(bad)) is None
    file = bench.cache.open(blake3(good))
    assert file is not None
    file.close()
    assert bench.cache.prune() == 1000


@pytest.mark.parametrize("repair", [False, True])
def test_verify_reads_everything(bench: Bench, repair: bool) -> None:
    paths = [bench.bring(noise(1000, n)) for n in range(5)]
    damage(paths[2])
    trust(bench.cache, paths[2])

    found = bench.cache.verify(repair=repair)

    assert (found.checked, found.size) == (5, 5000)
    assert found.damaged == (paths[2].name,)
    assert paths[2].exists() is not repair
    assert bench.cache.verify().damaged == (() if repair else (paths[2].name,))


def test_a_full_disk_costs_the_entry_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    wanted = [put_whole(bench.memory, f"{n}", noise(1000, n)) for n in range(3)]
    blobs = bench.blobs()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        found = [blobs.read(each) for each in wanted]

    assert found == [noise(1000, n) for n in range(3)]
    assert bench.holds()
    assert bench.names("part") == set()


def a_file(folder: Path) -> None:
    folder.write_text("no folder")


def an_index_that_is_none(folder: Path) -> None:
    (folder / "index.db").mkdir(parents=True)


def an_objects_folder_that_is_none(folder: Path) -> None:
    folder.mkdir()
    (folder / "obj").write_text("")


@pytest.mark.parametrize("spoil", [a_file, an_index_that_is_none, an_objects_folder_that_is_none])
def test_an_unwritable_disk_costs_the_entry_only(
    bench: Bench, spoil: Callable[[Path], None]
) -> None:
    spoil(bench.cache.folder)
    whole = [put_whole(bench.memory, f"w{n}", noise(1000, n)) for n in range(3)]
    packed = put_pack(bench.memory, bench.folder, {f"p{n}": noise(1000, n) for n in range(9)})
    root = bench.folder / "out"
    list(Fetch(bench.blobs(), str(root), jobs=2, link="hardlink").run(whole + packed))

    assert [(root / f"p{n}").read_bytes() for n in range(9)] == [noise(1000, n) for n in range(9)]
    assert (root / "w2").read_bytes() == noise(1000, 2)


def test_an_unusable_cache_is_named_to_those_who_look_after_it(bench: Bench) -> None:
    a_file(bench.cache.folder)
    for look in (bench.cache.ls, bench.cache.prune, bench.cache.verify):
        with pytest.raises(CacheUnusable, match=str(bench.cache.folder)):
            look()


def test_a_file_system_without_locks_caches_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = put_whole(bench.memory, "big", BIG)
    bench.bring(BIG)

    def no_locks(fd: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert bench.blobs().read(wanted) == BIG
    assert bench.requests() == []
    other = put_whole(bench.memory, "other", noise(1000))
    assert bench.blobs().read(other) == noise(1000)
    assert bench.cache.prune() == len(BIG)


INSERT = """
import sys
from pathlib import Path
from wbart_storage.cache.cache import Cache
from wbart_storage.clock import SystemClock
from wbart_manifest.digest import digest_function
folder, seed = Path(sys.argv[1]), int(sys.argv[2])
cache = Cache(folder, "blake3", SystemClock(), lambda _: 1 << 30)
for n in range(40):
    data = bytes([n]) * 20_000
    file = cache.bring(digest_function("blake3")(data), len(data), lambda a, b: data[a:b])
    assert file is not None
    with file:
        import os
        assert os.pread(file.fd, 30_000, 0) == data
    if n % 7 == seed:
        cache.prune(100_000)
"""


def test_processes_share_a_cache(bench: Bench) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", INSERT, str(bench.cache.folder)]
    processes = [subprocess.Popen([*command, str(seed)], env=env) for seed in range(4)]

    assert [process.wait() for process in processes] == [0] * 4
    assert bench.cache.verify().damaged == ()
    assert bench.names("part") == set()
    assert bench.names("bad") == set()


def test_a_pack_is_named_by_its_bytes(tmp_path: Path) -> None:
    name, _ = make_pack(tmp_path / "p.zip", [b"a", b"b"])
    assert name == blake3((tmp_path / "p.zip").read_bytes())
