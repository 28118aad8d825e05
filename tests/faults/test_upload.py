"""An upload fails at every call to the store: nothing half is seen, and the next try succeeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.storage.blobstore import blake3, noise
from tests.storage.staging import read_back, rigged, write_files

from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import StorageError
from wbart_storage.keys import CONFIG_KEY
from wbart_storage.objects import ObjectStore
from wbart_storage.reading.blobs import Wanted
from wbart_storage.testing.faulty import Fault, Faulty

FILES = {**{f"f{n:02}": noise(1000, n) for n in range(50)}, "b": noise(60_000, 99), "e": b""}


class Attempt(NamedTuple):
    """One place for a store, with a folder to upload."""

    store: ObjectStore
    root: Path
    local: Path
    early: bool


@pytest.fixture(params=["local", "memory", "early"])
def attempt(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[int], Attempt]:
    root = write_files(tmp_path / "root", FILES)

    def begin(number: int) -> Attempt:
        place = tmp_path / f"{number}"
        local = request.param == "local"
        store = LocalObjects(place) if local else MemoryObjects()
        store.put(CONFIG_KEY, b"{}")
        return Attempt(store, root, tmp_path / f"{number}.local", request.param == "early")

    return begin


def upload(store: ObjectStore, at: Attempt) -> list[Wanted]:
    """One upload, from a fresh stage."""
    with rigged(store, at.local, early=at.early) as rig:
        wanted = rig.seal(rig.folder(at.root))
        rig.publish(wanted)
        return wanted


def whole(store: ObjectStore) -> Mapping[str, bytes]:
    """Every object but the configuration; each is what its name says."""
    found = {each.key: store.get(each.key) for each in store.list("") if each.key != CONFIG_KEY}
    for key, data in found.items():
        assert blake3(data).hex() == Path(key).stem
    return found


@pytest.mark.parametrize("fault", list(Fault))
def test_an_upload_that_fails_is_done_by_the_next(
    attempt: Callable[[int], Attempt], fault: Fault
) -> None:
    points = 0
    while True:
        at = attempt(points)
        faulty = Faulty(at.store, points, fault)
        try:
            upload(faulty, at)
        except StorageError:
            assert faulty.harmed
        whole(at.store)
        assert read_back(at.store, upload(at.store, at)) == FILES
        if not faulty.harmed:
            break
        points += 1
    assert points >= 3


@pytest.mark.parametrize("fault", list(Fault))
def test_a_second_publish_of_the_same_stage_goes_on(
    attempt: Callable[[int], Attempt], fault: Fault
) -> None:
    points = 0
    while True:
        at = attempt(points)
        faulty = Faulty(at.store, points, fault)
        with rigged(faulty, at.local) as rig:
            wanted = rig.seal(rig.folder(at.root))
            try:
                rig.publish(wanted)
            except StorageError:
                assert faulty.harmed
                rig.publish(wanted)
            rig.stage.tidy(at.store)
            assert list(rig.stage.session.ready.iterdir()) == []
        assert read_back(at.store, wanted) == FILES
        if not faulty.harmed:
            break
        points += 1
    assert points >= 3
