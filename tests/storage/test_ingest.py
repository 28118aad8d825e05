"""Taking files in: read once, recognised later, and never taken for what they are not."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Barrier

import pytest
import xxhash
from tests.storage.blobstore import blake3, noise
from tests.storage.staging import read_back, rigged, write_files

from wbart_manifest.errors import PathInvalid
from wbart_manifest.location import EMPTY, PACKED, WHOLE
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock, SystemClock
from wbart_storage.errors import AccessDenied, FolderUnsafe, SourceChanged, StoreFull
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.objects import ObjectStat, ObjectStore
from wbart_storage.progress import Event
from wbart_storage.reading.blobs import Wanted
from wbart_storage.staging import ingest as ingest_module
from wbart_storage.staging.ingest import Ingest, Second
from wbart_storage.staging.stage import Stage

FILES = {
    **{f"d{n % 3}/f{n:02}": noise(1000 + n, n) for n in range(40)},
    "big": noise(60_000, 99),
    "edge": noise(5_000, 98),
    "empty": b"",
}


class Later(SystemClock):
    """So late that every file is old, but not what waits on the stage."""

    def now(self) -> float:
        return super().now() + 1000


LATER = Later()


@pytest.fixture(params=["local", "memory"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> ObjectStore:
    (tmp_path / "store").mkdir()
    return LocalObjects(tmp_path / "store") if request.param == "local" else MemoryObjects()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "root", FILES)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    return tmp_path / "local"


class Reads:
    """Counts the files that are read for their bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        read, large = ingest_module._read, Stage.large

        def counting_read(path: str, seen: os.stat_result) -> tuple[bytes, os.stat_result]:
            self.paths.append(path)
            return read(path, seen)

        def counting_large(stage: Stage, path: str, also: object = None) -> object:
            self.paths.append(path)
            return large(stage, path, also)  # type: ignore[arg-type]

        monkeypatch.setattr(ingest_module, "_read", counting_read)
        monkeypatch.setattr(Stage, "large", counting_large)

    def take(self) -> int:
        count = len(self.paths)
        self.paths.clear()
        return count


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def put(store: ObjectStore, local: Path, root: Path) -> list[Wanted]:
    """Take a folder in and publish it."""
    with rigged(store, local, clock=LATER) as rig:
        wanted = rig.seal(rig.folder(root))
        rig.publish(wanted)
        return wanted


def test_everything_is_stored_in_order(store: ObjectStore, root: Path, local: Path) -> None:
    wanted = put(store, local, root)

    assert [each.path for each in wanted] == sorted(FILES)
    assert [each.digest for each in wanted] == [blake3(FILES[path]) for path in sorted(FILES)]
    assert read_back(store, wanted) == FILES


def test_size_decides_where_bytes_lie(store: ObjectStore, root: Path, local: Path) -> None:
    kinds = {each.path: each.location.kind for each in put(store, local, root)}

    assert kinds.pop("big") == kinds.pop("edge") == WHOLE
    assert kinds.pop("empty") == EMPTY
    assert set(kinds.values()) == {PACKED}


def test_packs_are_bounded(store: ObjectStore, root: Path, local: Path) -> None:
    packs = {each.location.object for each in put(store, local, root)} - {b""}

    assert len(packs) > 1
    assert all(store.stat(pack_key(name.hex())).size < 30_000 for name in packs)


def test_few_small_files_become_files(store: ObjectStore, tmp_path: Path, local: Path) -> None:
    files = {"a": b"1", "b": b"22"}
    wanted = put(store, local, write_files(tmp_path / "few", files))

    assert {each.location.kind for each in wanted} == {WHOLE}
    assert read_back(store, wanted) == files


def test_the_same_bytes_are_held_once(store: ObjectStore, tmp_path: Path, local: Path) -> None:
    files = {f"f{n}": noise(1000, n % 4) for n in range(20)}
    wanted = put(store, local, write_files(tmp_path / "twins", files))

    assert len({each.location for each in wanted}) == 4
    assert read_back(store, wanted) == files


def test_known_files_are_not_read_again(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    first = put(store, local, root)
    assert reads.take() == len(FILES)

    assert put(store, local, root) == first
    assert reads.take() == 0


def change(path: Path) -> None:
    path.write_bytes(b"other")


def change_quietly(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def exchange(path: Path) -> None:
    before = path.stat()
    (path.parent / "new").write_bytes(path.read_bytes()[::-1])
    os.replace(path.parent / "new", path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_whose_fingerprint_was_damaged_is_read_again(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    before = put(store, local, root)
    reads.take()
    with sqlite3.connect(next(local.rglob("state.db"))) as database:
        for path in ("big", "d1/f10"):
            database.execute("UPDATE file SET digest = ? WHERE path = ?", (blake3(b"!"), path))
    database.close()

    again = put(store, local, root)
    assert [each.digest for each in again] == [each.digest for each in before]
    assert reads.take() == 2


@pytest.mark.parametrize("alter", [change, change_quietly, exchange])
@pytest.mark.parametrize("name", ["d1/f10", "big"])
def test_a_changed_file_is_read_again(
    store: ObjectStore,
    root: Path,
    local: Path,
    reads: Reads,
    alter: Callable[[Path], None],
    name: str,
) -> None:
    put(store, local, root)
    reads.take()
    alter(root / name)
    wanted = put(store, local, root)

    assert reads.take() == 1
    assert read_back(store, wanted) == {**FILES, name: (root / name).read_bytes()}


def test_a_file_that_has_just_changed_is_not_trusted(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    young = max(path.stat().st_ctime for path in root.rglob("*"))
    for clock, expected in ((young + 1, len(FILES)), (young + 3, len(FILES)), (young + 9, 0)):
        with rigged(store, local, clock=FixedClock(clock)) as rig:
            rig.publish(rig.seal(rig.folder(root)))
        assert reads.take() == expected


def test_new_and_vanished_files_are_noticed(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    put(store, local, root)
    reads.take()
    (root / "big").unlink()
    write_files(root, {"d1/new": b"new", "zz": b"last"})
    wanted = put(store, local, root)

    expected = {**FILES, "d1/new": b"new", "zz": b"last"}
    del expected["big"]
    assert reads.take() == 2
    assert read_back(store, wanted) == expected
    with rigged(store, local) as rig:
        assert [each.path for each in rig.prints.below(str(root))] == sorted(expected)


def test_only_changes_are_taken_in_when_only_they_are_asked_for(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    put(store, local, root)
    reads.take()
    (root / "d0/f00").unlink()
    write_files(root, {"d1/f10": b"changed", "new": b"new"})
    gone: list[str] = []
    events: list[Event] = []
    with rigged(store, local, clock=LATER) as rig:
        batches = list(rig.ingest.changed(str(root), gone, events.append))

    assert [each.path for batch in batches for each in batch] == ["d1/f10", "new"]
    assert gone == ["d0/f00"]
    assert reads.take() == 2
    assert events[-1].files == len(FILES)


def test_what_the_store_lost_is_read_again(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    wanted = put(store, local, root)
    reads.take()
    lost = next(each for each in wanted if each.location.kind == PACKED).location.object
    store.delete([pack_key(lost.hex()), blob_key(blake3(FILES["big"]).hex())])

    assert read_back(store, put(store, local, root)) == FILES
    in_pack = sum(1 for each in wanted if each.location.object == lost)
    assert reads.take() == in_pack + 1


class Meeting(MemoryObjects):
    """Lets as many questions meet as are to be asked at once."""

    barrier: Barrier | None = None

    def stat(self, key: str) -> ObjectStat:
        if self.barrier is not None:
            self.barrier.wait(30)
        return super().stat(key)


def test_a_distant_store_is_asked_for_many_objects_at_once(
    root: Path, local: Path, reads: Reads
) -> None:
    store = Meeting()
    put(store, local, root)
    reads.take()
    objects = list(store.list(""))
    shutil.rmtree(local / "staging")
    store.barrier = Barrier(len(objects))

    with rigged(store, local, clock=LATER) as rig:
        taken = rig.folder(root)

    assert len(objects) > 3
    assert len(taken) == len(FILES)
    assert not reads.take()


def test_what_was_cut_off_in_the_store_is_read_again(
    store: ObjectStore, root: Path, local: Path
) -> None:
    wanted = put(store, local, root)
    pack = next(each for each in wanted if each.location.kind == PACKED).location.object
    for key in (pack_key(pack.hex()), blob_key(blake3(FILES["big"]).hex())):
        half = store.get(key, 0, store.stat(key).size // 2)
        store.delete([key])
        store.put(key, half)

    assert read_back(store, put(store, local, root)) == FILES


def test_another_name_for_known_bytes_is_not_stored_again(
    store: ObjectStore, root: Path, local: Path, tmp_path: Path
) -> None:
    first = {each.digest: each.location for each in put(store, local, root)}
    shutil.copytree(root, tmp_path / "copy")
    with rigged(store, local, clock=LATER) as rig:
        wanted = rig.seal(rig.folder(tmp_path / "copy"))
        sent = rig.publish(wanted)

    assert {each.digest: each.location for each in wanted} == first
    assert [key for key in sent if key.startswith("k/")] == []


def test_an_interrupted_upload_is_continued(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    with rigged(store, local, clock=LATER) as rig:
        rig.seal(rig.folder(root))  # and nothing is published
    assert reads.take() == len(FILES)

    assert read_back(store, put(store, local, root)) == FILES
    assert reads.take() == 0


def test_a_second_digest_comes_from_the_same_bytes(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    second = Second(b"X", lambda data: xxhash.xxh3_128(data).digest(), lambda: xxhash.xxh3_128())
    expected = [xxhash.xxh3_128(FILES[path]).digest() for path in sorted(FILES)]
    put(store, local, root)
    reads.take()
    for count in (len(FILES), 0):
        with rigged(store, local, clock=LATER, second=second) as rig:
            taken = rig.folder(root)
            rig.publish(rig.seal(taken))
        assert [each.second for each in taken] == expected
        assert reads.take() == count


def test_bytes_and_single_files_are_taken_in(
    store: ObjectStore, root: Path, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    with rigged(store, local, clock=LATER) as rig:
        taken = [
            rig.ingest.file("d0/f00"),
            rig.ingest.file(str(root / "big")),
            rig.ingest.data(b"bytes"),
        ]
        wanted = rig.seal(taken)
        rig.publish(wanted)

    assert read_back(store, wanted) == {"f00": FILES["d0/f00"], "big": FILES["big"], "": b"bytes"}


def test_progress_is_told(store: ObjectStore, root: Path, local: Path) -> None:
    events: list[Event] = []
    with rigged(store, local) as rig:
        list(rig.ingest.folder(str(root), events.append))

    assert events[-1] == Event("hash", len(FILES), sum(map(len, FILES.values())))


def altering(
    monkeypatch: pytest.MonkeyPatch, path: Path, times: int, alter: Callable[[Path], None]
) -> None:
    """Alter the file while it is read, so many times."""
    pread, readv = os.pread, os.readv
    left = times

    def strike(fd: int) -> None:
        nonlocal left
        if left and os.path.exists(path) and os.path.samestat(os.fstat(fd), path.stat()):
            left -= 1
            alter(path)

    def altered_pread(fd: int, size: int, at: int) -> bytes:
        data = pread(fd, size, at)
        strike(fd)
        return data

    def altered_readv(fd: int, buffers: list[memoryview]) -> int:
        count = readv(fd, buffers)
        if count:
            strike(fd)
        return count

    monkeypatch.setattr(os, "pread", altered_pread)
    monkeypatch.setattr(os, "readv", altered_readv)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def touch(path: Path) -> None:
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000))


@pytest.mark.parametrize("alter", [grow, touch])
@pytest.mark.parametrize("name", ["d1/f10", "big"])
def test_a_file_that_changes_while_it_is_read_is_read_again(
    store: ObjectStore,
    root: Path,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    alter: Callable[[Path], None],
) -> None:
    altering(monkeypatch, root / name, 1, alter)
    wanted = put(store, local, root)
    assert read_back(store, wanted) == {**FILES, name: (root / name).read_bytes()}


@pytest.mark.parametrize("name", ["d1/f10", "big"])
def test_a_file_that_never_rests_is_refused(
    tmp_path: Path,
    store: ObjectStore,
    root: Path,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    altering(monkeypatch, root / name, 99, touch)
    with pytest.raises(SourceChanged, match=name):
        put(store, local, root)
    assert not list(tmp_path.rglob(blake3(FILES[name]).hex())), "no copy of it waits on the stage"


@pytest.mark.parametrize("name", ["d1/f10", "big"])
def test_a_file_that_vanishes_is_named(
    store: ObjectStore, root: Path, local: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    opened: Callable[..., int] = os.open

    def vanish(path: str, *rest: int, **named: int) -> int:
        if str(path).endswith(name):
            os.unlink(path)
        return opened(path, *rest, **named)

    monkeypatch.setattr(os, "open", vanish)
    with pytest.raises(SourceChanged, match=f"vanished.*{name}"):
        put(store, local, root)


@pytest.mark.parametrize("name", ["d1/f10", "big"])
def test_a_file_that_may_not_be_read_is_named(
    store: ObjectStore, root: Path, local: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    opened: Callable[..., int] = os.open

    def refuse(path: str, *rest: int, **named: int) -> int:
        if str(path).endswith(name):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return opened(path, *rest, **named)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AccessDenied, match=name):
        put(store, local, root)


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
    os.chdir(here)


def make_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [make_fifo, make_socket])
def test_what_is_no_file_ends_a_folder(
    store: ObjectStore, root: Path, local: Path, make: Callable[[Path], None]
) -> None:
    make(root / "d1/odd")
    with pytest.raises(SourceChanged, match=r"not a regular file.*odd"):
        put(store, local, root)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("make", [make_fifo, make_socket, make_folder])
def test_what_is_no_file_is_not_taken_for_one(
    store: ObjectStore, tmp_path: Path, local: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "odd")
    with rigged(store, local) as rig, pytest.raises(SourceChanged, match="odd"):
        rig.ingest.file(str(tmp_path / "odd"))


def test_a_loop_of_links_ends_a_folder(store: ObjectStore, root: Path, local: Path) -> None:
    (root / "d1/loop").symlink_to("..")
    with pytest.raises(FolderUnsafe, match="loop"):
        put(store, local, root)


def test_a_name_that_is_not_utf_8_ends_a_folder(
    store: ObjectStore, root: Path, local: Path
) -> None:
    (root / os.fsdecode(b"d1/\xff")).write_bytes(noise(9000))
    with pytest.raises(PathInvalid, match="UTF-8"):
        put(store, local, root)


def test_linked_files_and_folders_are_taken_in(
    store: ObjectStore, root: Path, local: Path, tmp_path: Path
) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/folder").symlink_to(root)
    (tmp_path / "links/file").symlink_to(root / "big")
    wanted = put(store, local, tmp_path / "links")

    expected = {f"folder/{path}": data for path, data in FILES.items()}
    assert read_back(store, wanted) == {**expected, "file": FILES["big"]}


def full_after(count: int) -> Callable[[int, memoryview], int]:
    write = os.write
    left = count

    def refuse(fd: int, data: memoryview) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data)

    return refuse


def litter(store: ObjectStore, local: Path) -> list[str]:
    """Files of the stage and of the store that are neither finished nor remembered."""
    staging = store.staging() if isinstance(store, LocalObjects) else local / "staging"
    return [
        path.name for path in staging.rglob("*") if path.is_file() and path.parent.name != "ready"
    ]


@pytest.mark.parametrize("count", range(0, 8, 2))
def test_a_disk_that_fills_up_is_reported(
    store: ObjectStore, root: Path, local: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_after(count))
        with pytest.raises(StoreFull):
            put(store, local, root)
    assert litter(store, local) == []
    assert list(store.list("")) == []

    assert read_back(store, put(store, local, root)) == FILES


def test_a_pack_that_could_not_be_written_is_not_committed(
    root: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryObjects()
    with rigged(store, local, clock=LATER, pack_size=1 << 20) as rig:
        taken = rig.folder(root)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full_after(0))
            with pytest.raises(StoreFull):
                rig.seal(taken)
        with pytest.raises(StoreFull):
            rig.seal(taken)


def test_a_disk_that_is_really_full_is_reported(small_disk: Path, root: Path, local: Path) -> None:
    store = LocalObjects(small_disk / "store")
    write_files(root, {"huge": noise(500_000)})
    for _ in range(2):
        with pytest.raises(StoreFull, match="disk is full"):
            put(store, local, root)
        assert litter(store, local) == []
        assert [each.key for each in store.list("")] == []


def test_an_ingest_serves_both_the_folder_and_its_files(
    store: ObjectStore, root: Path, local: Path, reads: Reads
) -> None:
    put(store, local, root)
    reads.take()
    with rigged(store, local, clock=LATER) as rig:
        ingest: Ingest = rig.ingest
        taken = ingest.file(str(root / "big"))

    assert (taken.path, taken.digest) == ("big", blake3(FILES["big"]))
    assert reads.take() == 0
