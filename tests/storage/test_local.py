"""The local store: the contract, modes, durability, and every way in which a disk can refuse."""

from __future__ import annotations

import errno
import functools
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from tests.privileges import ordinary

from wbart_storage.backends import exclusive, folders
from wbart_storage.backends.local import LocalObjects
from wbart_storage.errors import (
    AccessDenied,
    LockTimeout,
    ObjectExists,
    ObjectMissing,
    SourceChanged,
    StoreFull,
    StoreMissing,
)
from wbart_storage.objects import ObjectStore
from wbart_storage.testing import DATA, StoreContract, race


class TestLocalObjects(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return made(tmp_path / "store")

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Callable[[], ObjectStore]:
        return functools.partial(LocalObjects, tmp_path / "store")


class TestFastLocalObjects(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return made(tmp_path / "store", durable=False)


class TestWithoutHardLinks(StoreContract):
    """exFAT, some FUSE and network file systems: renameat2 does what link cannot."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        monkeypatch.setattr(os, "link", refuse(errno.EPERM))
        return made(tmp_path / "store", durable=False)


class TestWithoutLinksAndExclusiveRename(StoreContract):
    """The last resort: a lock around looking and renaming."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        monkeypatch.setattr(os, "link", refuse(errno.EOPNOTSUPP))
        monkeypatch.setattr(exclusive, "rename_noreplace", refuse(errno.EINVAL))
        return made(tmp_path / "store", durable=False)


def made(root: Path, durable: bool = True) -> LocalObjects:
    root.mkdir()
    return LocalObjects(root, durable=durable)


def refuse(number: int) -> Callable[..., object]:
    def refusing(*_: object, **__: object) -> object:
        raise OSError(number, os.strerror(number))

    return refusing


@pytest.fixture
def store(tmp_path: Path) -> LocalObjects:
    return made(tmp_path / "store")


def everything(store: LocalObjects) -> list[str]:
    """All files below the root, hidden ones included."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), store.place)
        for folder, _, names in os.walk(store.place)
        for name in names
    )


def test_objects_are_read_only_files_at_their_keys(store: LocalObjects) -> None:
    store.put("o/ab/blob", DATA)
    store.create("c/x/log/0.json", DATA)
    staged = store.staging() / "s"
    staged.write_bytes(DATA)
    store.adopt("o/ab/adopted", staged)

    assert everything(store) == ["c/x/log/0.json", "o/ab/adopted", "o/ab/blob"]
    for key in everything(store):
        assert stat.S_IMODE(store.path(key).stat().st_mode) == 0o444


def test_the_stage_is_private(store: LocalObjects) -> None:
    assert stat.S_IMODE(store.staging().stat().st_mode) == 0o700
    assert store.staging() == Path(store.place, ".stage")


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("renames", [True, False])
def test_exactly_one_creator_wins_on_every_path(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch, links: bool, renames: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refuse(errno.ENOTSUP))
    if not renames:
        monkeypatch.setattr(exclusive, "rename_noreplace", refuse(errno.ENOSYS))
    for number in range(10):
        attempts = [bytes([n]) * 3000 for n in range(8)]

        winners = race(store, f"r/{number}", attempts, lambda: None)

        assert winners == [store.get(f"r/{number}")]
    assert [name for name in everything(store) if ".tmp" in name] == []


def test_the_kernel_refuses_to_rename_onto_a_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)

    with pytest.raises(FileExistsError):
        exclusive.rename_noreplace(str(tmp_path / "a"), str(tmp_path / "b"))
    exclusive.rename_noreplace(str(tmp_path / "a"), str(tmp_path / "c"))

    assert [path.name for path in sorted(tmp_path.iterdir())] == ["b", "c"]
    assert (tmp_path / "b").read_text() == "b"


def test_a_lock_that_is_held_for_too_long_is_reported(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EMLINK))
    monkeypatch.setattr(exclusive, "rename_noreplace", refuse(errno.EINVAL))
    monkeypatch.setattr(exclusive, "_LOCK_SECONDS", 0.01)
    store.put("c/x", DATA)
    lock = FileLock(os.path.join(store.place, "c", exclusive.LOCK_NAME))
    with lock, pytest.raises(LockTimeout):
        store.create("c/y", DATA)

    assert [stat.key for stat in store.list("")] == ["c/x"]


def test_a_link_whose_answer_was_lost_is_no_conflict(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def repeated(source: str, target: str) -> None:
        link(source, target)
        link(source, target)  # as NFS does when the first answer gets lost

    monkeypatch.setattr(os, "link", repeated)
    store.create("a/b", DATA)

    assert store.get("a/b") == DATA
    with pytest.raises(ObjectExists):
        store.create("a/b", DATA)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StoreFull),
        (errno.EDQUOT, StoreFull),
        (errno.EACCES, AccessDenied),
        (errno.EROFS, AccessDenied),
    ],
)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "mkdir"])
def test_a_refusing_disk_leaves_nothing_and_is_named(
    store: LocalObjects,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    expected: type[Exception],
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, call, refuse(number))
        for write in (store.create, store.put):
            with pytest.raises(expected, match=r"^a/b: ") as caught:
                write("a/b", DATA)
            assert "\n" not in str(caught.value)

    assert everything(store) == []
    store.create("a/b", DATA)
    assert store.get("a/b") == DATA


def test_root_is_made_by_the_first_write_and_missed_by_reads(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path / "not" / "there")
    for read in (
        lambda: store.get("a/b"),
        lambda: store.stat("a/b"),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StoreMissing, match="not/there"):
            read()

    store.create("a/b", DATA)

    assert store.get("a/b") == DATA


def test_a_relative_root_does_not_move_with_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = LocalObjects("here")
    monkeypatch.chdir("/")
    store.put("a", DATA)

    assert (tmp_path / "here" / "a").read_bytes() == DATA


def test_hidden_and_foreign_files_are_no_objects(store: LocalObjects) -> None:
    store.put("a/b", DATA)
    for name in (".DS_Store", "a/.tmp-1-2", "a/has blank", "a/ä", ".stage"):
        Path(store.place, name).write_bytes(b"x")

    assert [stat.key for stat in store.list("")] == ["a/b"]
    assert [stat.key for stat in store.list("a/", "/")] == ["a/b"]


def test_a_listing_survives_folders_that_vanish(store: LocalObjects) -> None:
    for number in range(4):
        store.put(f"l/{number}/x", b"x")
    listing = store.list("l/")
    first = next(listing)
    store.delete([f"l/{number}/x" for number in (1, 2)])
    Path(store.place, "l/2").rmdir()

    assert [first.key, *(stat.key for stat in listing)] == ["l/0/x", "l/3/x"]


def test_a_listing_survives_objects_that_vanish(store: LocalObjects) -> None:
    for number in range(4):
        store.put(f"l/{number}", b"x")
    listing = store.list("l/")
    first = next(listing)
    store.delete(["l/1", "l/2"])

    assert [first.key, *(stat.key for stat in listing)] == ["l/0", "l/3"]


def test_a_folder_that_vanished_is_made_again(store: LocalObjects) -> None:
    for write in (store.put, store.create):
        write("x/y/z", DATA)
        store.delete(["x/y/z"])
        Path(store.place, "x/y").rmdir()
        Path(store.place, "x").rmdir()
    staged = store.staging() / "s"
    staged.write_bytes(DATA)

    store.adopt("x/y/z", staged)

    assert store.get("x/y/z") == DATA


def test_adopting_keeps_the_durable_equal_and_heals_the_torn(store: LocalObjects) -> None:
    store.put("o/aa/whole", DATA)
    store.put("o/aa/torn", DATA[:100])
    before = store.path("o/aa/whole").stat().st_ino
    for key in ("o/aa/whole", "o/aa/torn"):
        staged = store.staging() / "s"
        staged.write_bytes(DATA)
        store.adopt(key, staged)

    assert store.path("o/aa/whole").stat().st_ino == before
    assert store.get("o/aa/torn") == DATA


def test_adopting_a_file_that_is_gone_says_so(store: LocalObjects) -> None:
    with pytest.raises(SourceChanged, match="gone"):
        store.adopt("o/aa/x", store.staging() / "gone")

    assert everything(store) == []


def test_syncing_what_is_not_there_says_which(store: LocalObjects) -> None:
    with pytest.raises(ObjectMissing, match="o/aa/x"):
        store.sync(["o/aa/x"])


class Synced:
    """Records which paths were synced, in order; the disk itself is left alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
        self.paths: list[str] = []
        self._root = os.path.realpath(root)
        monkeypatch.setattr(os, "fsync", self._note)

    def _note(self, descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        name = os.path.relpath(path, self._root)
        self.paths.append("unfinished" if ".tmp-" in name else name)


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux_only
def test_a_create_syncs_the_file_then_its_folder_and_new_parents(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = Synced(monkeypatch, store.place)
    store.create("c/d/0", DATA)
    store.create("c/d/1", DATA)

    assert synced.paths == ["unfinished", "c/d", "c", ".", "unfinished", "c/d"]


@linux_only
def test_a_fast_store_syncs_only_what_it_creates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made(tmp_path / "store", durable=False)
    synced = Synced(monkeypatch, store.place)
    store.put("o/aa/x", DATA)
    staged = store.staging() / "s"
    staged.write_bytes(DATA)
    store.adopt("o/aa/y", staged)
    store.sync(["o/aa/y"])
    assert synced.paths == []

    store.create("c/0", DATA)

    assert synced.paths == ["unfinished", "c", "."]


@linux_only
def test_sync_comes_to_files_first_and_to_each_folder_once(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = Synced(monkeypatch, store.place)
    keys = [f"o/{number % 2}/{number}" for number in range(6)]
    for key in keys:
        staged = store.staging() / "s"
        staged.write_bytes(DATA)
        store.adopt(key, staged)
    assert synced.paths == []

    store.sync(keys)

    assert sorted(synced.paths[:6]) == sorted(keys)
    assert {"o/0", "o/1", "o", "."} == set(synced.paths[6:])
    assert synced.paths[6:].count("o/0") == synced.paths[6:].count("o/1") == 1


def test_reading_a_local_store_loads_no_fsspec(store: LocalObjects) -> None:
    store.put("a/b", DATA)
    code = (
        "import sys\n"
        "from wbart_storage.opening import open_objects\n"
        f"assert len(open_objects({store.place!r}).get('a/b')) == {len(DATA)}\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in "
        "('fsspec', 'aiohttp', 'botocore', 'ctypes', 'asyncio')))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )

    assert child.stdout.strip() == "[]"


def test_a_folder_without_permission_is_denied(store: LocalObjects) -> None:
    Path(store.place).chmod(0o500)

    with ordinary(), pytest.raises(AccessDenied):
        store.put("a/b", DATA)


def test_more_than_one_read_is_put_together(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a/b", DATA)
    read = os.read
    monkeypatch.setattr(os, "read", lambda fd, size: read(fd, min(size, 1000)))

    assert store.get("a/b") == DATA
    assert store.get("a/b", 5, 5005) == DATA[5:5005]


def test_short_writes_are_finished(store: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:1000]))

    store.put("a/b", DATA)

    assert store.get("a/b") == DATA


def test_a_folder_known_to_one_thread_is_fresh_to_all(tmp_path: Path) -> None:
    kept = folders.Folders(str(tmp_path))
    kept.ensure(str(tmp_path / "a" / "b"))

    assert kept._fresh == {str(tmp_path / "a"), str(tmp_path / "a" / "b")}
    kept.settle(str(tmp_path / "a" / "b"))
    assert kept._fresh == set()


def test_a_second_user_of_a_store_has_a_stage_of_his_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = LocalObjects(tmp_path).staging()
    monkeypatch.setattr(os, "geteuid", lambda: 4711)

    second = LocalObjects(tmp_path).staging()

    assert (first.name, second.name) == (".stage", ".stage-4711")
    assert list(LocalObjects(tmp_path).list("")) == []


def test_a_folder_that_vanished_is_made_again_for_a_folder_that_is_new(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    store.put("hints/a/b/x", b"1")
    store.delete(["hints/a/b/x"])
    store.tidy(["hints/a/b/", "hints/a/"])

    store.put("hints/a/c/y", b"2")
    store.create("hints/a/b/x", b"3")

    assert [stat.key for stat in store.list("")] == ["hints/a/b/x", "hints/a/c/y"]
