"""Faults at every step of a local write, and faults planted at every call of any store.

After each: nobody sees a part of an object, nothing unfinished is left, a second try succeeds.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wbart_storage.backends import folders, local
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import ObjectExists, StorageError, StoreFull, StoreUnavailable
from wbart_storage.objects import Adopts, Files, ObjectStore, Syncs, ability
from wbart_storage.testing import DATA, Fault, Faulty, faults

CALLS = ("open", "write", "fsync", "link", "replace", "mkdir", "close", "chmod", "unlink")
BIG = DATA * 100


class FullDisk:
    """Lets the system call numbered `at` fail; a write that fails leaves half of its bytes.

    Counts only calls made inside its `with` block.
    """

    def __init__(self, patch: pytest.MonkeyPatch, at: int, number: int) -> None:
        self.harmed = ""
        self._count = itertools.count()
        self._at = at
        self._number = number
        self._armed = False
        for name in CALLS:
            patch.setattr(os, name, self._failing(name, getattr(os, name)))

    def __enter__(self) -> None:
        self._armed = True

    def __exit__(self, *_: object) -> None:
        self._armed = False

    def _failing(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if not self._armed or self.harmed or next(self._count) != self._at:
                return real(*arguments, **options)
            self.harmed = name
            if name == "write":
                real(arguments[0], BIG[: len(BIG) // 2])
            if name == "close":
                real(*arguments)
            raise OSError(self._number, os.strerror(self._number))

        return call


@pytest.fixture
def store(tmp_path: Path) -> LocalObjects:
    (tmp_path / "store").mkdir()
    return LocalObjects(tmp_path / "store")


def every_fault(number: int) -> Iterator[tuple[int, FullDisk]]:
    """Fail at system call 0, 1, 2, … until a write comes through unharmed."""
    for at in itertools.count():
        with pytest.MonkeyPatch.context() as patch:
            disk = FullDisk(patch, at, number)
            yield at, disk
        if not disk.harmed:
            return


def unfinished(store: LocalObjects) -> list[Path]:
    return list(Path(store.place).rglob(".tmp-*"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_create_that_fails_anywhere_is_whole_or_absent(store: LocalObjects, number: int) -> None:
    harmed: set[str] = set()
    for at, disk in every_fault(number):
        key = f"c/{at}/slot"
        raised: list[StorageError] = []
        try:
            with disk:
                store.create(key, BIG)
        except StorageError as error:
            raised.append(error)
        assert len(raised) == bool(disk.harmed)
        assert all(isinstance(e, StoreFull) == (number == errno.ENOSPC) for e in raised)
        harmed.add(disk.harmed)
        if disk.harmed != "unlink":  # then the tidying itself was what failed
            assert unfinished(store) == []
        assert [store.get(stat.key) for stat in store.list(f"c/{at}/")] in ([], [BIG])
        try:
            store.create(key, BIG)
        except ObjectExists:
            assert store.get(key) == BIG
        for path in unfinished(store):
            path.unlink()

    assert harmed == {"open", "write", "fsync", "link", "mkdir", "close", "unlink", ""}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_put_that_fails_anywhere_leaves_old_or_new(store: LocalObjects, number: int) -> None:
    harmed: set[str] = set()
    store.put("hints/HEAD", DATA)
    for _, disk in every_fault(number):
        try:
            with disk:
                store.put("hints/HEAD", BIG)
        except StorageError:
            assert disk.harmed
        harmed.add(disk.harmed)
        assert unfinished(store) == []
        assert store.get("hints/HEAD") in (DATA, BIG)
        store.put("hints/HEAD", DATA)
    assert harmed == {"open", "write", "fsync", "replace", "close", ""}


def test_an_adoption_that_fails_anywhere_is_whole_or_absent(store: LocalObjects) -> None:
    harmed: set[str] = set()
    staged = store.staging() / "staged"
    for at, disk in every_fault(errno.ENOSPC):
        staged.write_bytes(BIG)
        key = f"o/{at}/blob"
        try:
            with disk:
                store.adopt(key, staged)
                store.sync([key])
        except StoreFull:
            assert disk.harmed
        harmed.add(disk.harmed)
        assert [store.get(stat.key) for stat in store.list(f"o/{at}/")] in ([], [BIG])
        staged.unlink(missing_ok=True)
        staged.write_bytes(BIG)
        store.adopt(key, staged)
        store.sync([key])
        assert store.get(key) == BIG
    assert harmed >= {"chmod", "link", "mkdir", "open", "fsync", ""}


def use(store: ObjectStore, tmp_path: Path) -> None:
    """Every call once, in an order in which each depends on the one before."""
    store.create("c/0", DATA)
    store.put("o/x", DATA)
    assert store.get("o/x") == DATA
    assert store.stat("o/x").size == len(DATA)
    adopts = ability(store, Adopts)
    if adopts is not None:
        staged = adopts.staging() / "staged"
        staged.write_bytes(DATA)
        adopts.adopt("o/y", staged)
    syncs = ability(store, Syncs)
    if syncs is not None:
        syncs.sync(["o/y"])
    assert [stat.key for stat in store.list("o/x")] == ["o/x"]
    store.delete(["o/x"])


def test_faults_strike_each_call_of_a_local_store_once(tmp_path: Path) -> None:
    numbers = itertools.count()
    struck: dict[Fault, list[str]] = {fault: [] for fault in Fault}
    for faulty in faults(lambda: LocalObjects(tmp_path / str(next(numbers)))):
        try:
            use(faulty, tmp_path)
        except (StoreUnavailable, StoreFull) as error:
            struck[faulty._fault].append(str(error))
        inner = faulty.inner
        for stat in inner.list("") if Path(inner.place).exists() else ():  # type: ignore[attr-defined]
            assert inner.get(stat.key) == DATA
    everything = ["create", "put", "get", "stat", "adopt", "sync", "list", "delete"]
    words = {
        fault: [text.split()[2].strip(":") for text in texts] for fault, texts in struck.items()
    }

    assert words[Fault.BEFORE] == words[Fault.AFTER] == everything
    assert words[Fault.FULL] == ["create", "put", "adopt", "sync"]


def test_a_lost_response_has_landed_and_a_fault_before_has_not() -> None:
    for fault, landed in ((Fault.AFTER, [DATA]), (Fault.BEFORE, []), (Fault.FULL, [])):
        inner = MemoryObjects()
        faulty = Faulty(inner, 0, fault)
        with pytest.raises(StoreFull if fault is Fault.FULL else StoreUnavailable):
            faulty.create("c/0", DATA)

        assert [inner.get(stat.key) for stat in inner.list("")] == landed
        assert faulty.harmed


def test_a_faulty_store_lends_what_its_inner_store_has(tmp_path: Path) -> None:
    local_store = LocalObjects(tmp_path)
    faulty = Faulty(local_store, at=99)
    adopts = ability(faulty, Adopts)
    assert adopts is not None

    assert adopts.staging() == tmp_path / ".stage"
    assert ability(faulty, Files) is local_store
    assert ability(Faulty(MemoryObjects(), 0), Adopts) is None


def test_the_fault_is_planted_in_the_modules_that_write() -> None:
    assert local.os is folders.os is os  # type: ignore[attr-defined]
