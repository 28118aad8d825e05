"""The probe finds backends that break a promise, and tidies up behind itself."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from wbart_storage.around.readonly import ReadOnly
from wbart_storage.around.retry import Retry
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import (
    AccessDenied,
    ObjectExists,
    ObjectMissing,
    StorageError,
    StoreRefused,
)
from wbart_storage.objects import ObjectStat, ObjectStore
from wbart_storage.opening import open_objects
from wbart_storage.probe import ABLE, Abilities, admit, probe
from wbart_storage.store import create_store
from wbart_storage.testing import Fault, Faulty


class IgnoresCondition(MemoryObjects):
    """rclone, juicefs and obstore.fsspec: the precondition is dropped silently."""

    def create(self, key: str, data: bytes) -> None:
        self.put(key, data)


class LosesRaces(MemoryObjects):
    """Looks, then writes: in sequence it seems exclusive."""

    def create(self, key: str, data: bytes) -> None:
        if key in self._objects:
            raise ObjectExists(key)
        threading.Event().wait(0.01)
        self.put(key, data)


class RefusesButOverwrites(MemoryObjects):
    def create(self, key: str, data: bytes) -> None:
        there = key in self._objects
        self.put(key, data)
        if there:
            raise ObjectExists(key)


class IgnoresRange(MemoryObjects):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return super().get(key)


class ListsLate(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return iter([*super().list(prefix, delimiter)][1:])


class KeepsDeleted(MemoryObjects):
    def delete(self, keys: Iterable[str]) -> None:
        del keys


class MissesDeleted(MemoryObjects):
    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.get(key)
            super().delete([key])


class Unknown(MemoryObjects):
    protocol = "sftp"
    place = "sftp://host/x"


@pytest.mark.parametrize(
    ("store", "lacking"),
    [
        (MemoryObjects(), ()),
        (IgnoresCondition(), ("create",)),
        (LosesRaces(), ("create",)),
        (RefusesButOverwrites(), ("create",)),
        (IgnoresRange(), ("range",)),
        (ListsLate(), ("list",)),
        (KeepsDeleted(), ("delete",)),
        (MissesDeleted(), ("delete",)),
        (Retry(MemoryObjects()), ()),
        (open_objects("memory://probe/x"), ()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_probe_finds_what_a_backend_lacks(store: ObjectStore, lacking: tuple[str, ...]) -> None:
    assert probe(store).missing() == lacking


def test_a_refusal_that_overwrites_is_seen_without_a_race() -> None:
    assert not probe(RefusesButOverwrites(), rounds=0).create


def test_a_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    store.put("o/aa/x", b"kept")

    assert probe(store) == ABLE
    assert [stat.key for stat in store.list("")] == ["o/aa/x"]
    assert not (tmp_path / "hints" / "probe").exists()


def test_a_probe_that_breaks_off_leaves_nothing_behind() -> None:
    inner = MemoryObjects()
    found: list[str] = []
    for at in range(12):
        try:
            # What fails in the race only loses the race.
            assert not probe(Faulty(inner, at, Fault.BEFORE), racers=1, rounds=1).create
        except StorageError as error:
            found.append(str(error))

        assert list(inner.list("")) == []
    assert len(found) == 11
    assert {error.partition(" ")[0] for error in found} == {"planted"}


class Tears(IgnoresCondition):
    """rclone under a race: the object is half there, or not at all, and answers are odd."""

    def create(self, key: str, data: bytes) -> None:
        if threading.current_thread() is threading.main_thread():
            MemoryObjects.create(self, key, data)
            return
        self.delete([key])
        raise StorageError("an odd answer")


def test_odd_answers_in_a_race_are_a_reason_to_refuse() -> None:
    with pytest.raises(StoreRefused, match="lets a second writer overwrite"):
        admit(Tears())


def test_a_store_that_denies_the_race_is_denied() -> None:
    class Denies(MemoryObjects):
        def create(self, key: str, data: bytes) -> None:
            if threading.current_thread() is not threading.main_thread():
                raise AccessDenied("expired")
            super().create(key, data)

    with pytest.raises(AccessDenied):
        admit(Denies())


class ListsFolderByFolder(MemoryObjects):
    """Names in the order of their components, as trees of folders have them."""

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        found = super().list(prefix, delimiter)
        return iter(sorted(found, key=lambda stat: stat.key.split("/")))


def test_a_listing_in_another_order_than_bytes_is_a_reason_to_refuse() -> None:
    with pytest.raises(StoreRefused, match="bytewise"):
        admit(ListsFolderByFolder())


@pytest.mark.parametrize("protocol", ["sftp", "ftp", "smb", "webhdfs", "dir", "nobodys"])
def test_a_protocol_that_looks_and_then_writes_is_refused_unasked(protocol: str) -> None:
    with pytest.raises(StoreRefused, match=f"{protocol} first looks whether") as caught:
        create_store(f"{protocol}://nowhere.invalid/x")

    assert "single_writer" in caught.value.__notes__[0]


@pytest.mark.parametrize("protocol", ["http", "https", "github"])
def test_what_can_only_be_read_is_refused_for_one_writer_too(protocol: str) -> None:
    with pytest.raises(StoreRefused, match="nothing can be stored"):
        create_store(f"{protocol}://nowhere.invalid/x", single_writer=True)


@pytest.mark.parametrize("url", ["simplecache::s3://b/x", "dir::file:///tmp", "zip://x::s3://b/y"])
def test_chained_file_systems_are_refused_for_one_writer_too(url: str) -> None:
    with pytest.raises(StoreRefused, match="chained"):
        create_store(url, single_writer=True)


def test_a_create_whose_answer_is_lost_is_no_reason_to_refuse() -> None:
    # Calls 0 to 2 are the two creates and the get in sequence; 3 is the first racer.
    assert probe(Faulty(MemoryObjects(), 3, Fault.AFTER)).create


def test_a_trusted_backend_is_admitted() -> None:
    assert admit(MemoryObjects()) == ABLE


def test_an_unknown_protocol_is_refused_unless_one_writer_answers_for_it() -> None:
    with pytest.raises(StoreRefused, match="sftp://host/x: sftp first looks"):
        admit(Unknown())

    assert admit(Unknown(), single_writer=True) == ABLE


def test_a_backend_that_lacks_create_is_refused_unless_one_writer_answers_for_it() -> None:
    with pytest.raises(
        StoreRefused,
        match=r"^memory: the backend lets a second writer",
    ):
        admit(IgnoresCondition())

    assert admit(IgnoresCondition(), single_writer=True) == Abilities(False, True, True, True)


def test_one_writer_does_not_answer_for_the_rest() -> None:
    with pytest.raises(StoreRefused, match="list"):
        admit(ListsLate(), single_writer=True)


def test_a_store_that_says_nothing_of_itself_is_unknown() -> None:
    class Silent:
        def __init__(self) -> None:
            inner = MemoryObjects()
            self.create, self.put, self.get = inner.create, inner.put, inner.get
            self.list, self.delete, self.stat = inner.list, inner.delete, inner.stat

    with pytest.raises(StoreRefused, match="unknown first looks"):
        admit(Silent())


def test_a_read_only_store_is_denied_not_refused() -> None:
    with pytest.raises(AccessDenied):
        admit(ReadOnly(MemoryObjects()))


def test_missing_names_nothing_of_an_able_backend() -> None:
    assert ABLE.missing() == ()
    with pytest.raises(ObjectMissing):
        MemoryObjects().get("a")
