"""A store, opened: what is local, what is cached, and what this machine keeps of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest
from tests.storage.blobstore import noise, put_whole
from tests.storage.staging import write_files

from wbart_storage.cache.cache import default_room
from wbart_storage.errors import ObjectExists, StoreMissing
from wbart_storage.objects import Files, ability
from wbart_storage.reading.fetch import Fetch
from wbart_storage.store import Store, create_store, is_local, open_store

DISTANT = "memory://wbart-test-store"


@pytest.fixture
def distant(tmp_path: Path) -> Iterator[Store]:
    create_store(DISTANT)
    yield open_store(DISTANT, cache=tmp_path / "cache", tool="test", cache_room=lambda _: 10**6)
    fsspec.filesystem("memory").rm("/wbart-test-store", recursive=True)


@pytest.fixture
def near(tmp_path: Path) -> Store:
    create_store(str(tmp_path / "store"), digest="sha256", entity="team")
    return open_store(str(tmp_path / "store"), cache=tmp_path / "cache", tool="test")


@pytest.mark.parametrize(
    ("url", "expected"),
    [("/a", True), ("a/b", True), ("file:///a", True), ("local:///a", True), ("s3://b/a", False)],
)
def test_a_folder_of_this_machine_is_local(url: str, expected: bool) -> None:
    assert is_local(url) is expected


def test_a_store_says_what_it_is(near: Store, tmp_path: Path) -> None:
    assert near.algorithm == "sha256"
    assert near.config.entity == "team"
    assert near.local == tmp_path / "cache" / near.config.store_id
    assert near.cache_room is default_room


def test_a_store_is_made_once(near: Store) -> None:
    with pytest.raises(ObjectExists):
        create_store(near.url)


def test_where_there_is_no_store_there_is_none(tmp_path: Path) -> None:
    for url in (str(tmp_path), str(tmp_path / "gone"), "memory://nothing-here"):
        with pytest.raises(StoreMissing):
            open_store(url, cache=tmp_path / "cache", tool="test")


def test_a_local_store_has_no_cache(near: Store, tmp_path: Path) -> None:
    wanted = put_whole(near.objects, "big", noise(5000))

    assert ability(near.objects, Files) is not None
    assert near.cache is None
    assert near.reading() is near.blobs is near.reading(skip_cache=True)
    assert list(Fetch(near.reading(), str(tmp_path / "out"), jobs=1).run([])) == []
    assert not near.local.exists()
    assert near.blobs.key(wanted)


def test_a_distant_store_is_read_through_the_cache(distant: Store) -> None:
    wanted = put_whole(distant.objects, "big", noise(5000))
    assert distant.cache is not None

    assert distant.reading(skip_cache=True).read(wanted) == noise(5000)
    assert distant.blobs.read(wanted) == noise(5000)
    assert distant.cache.ls() == []

    assert distant.reading().read(wanted) == noise(5000)
    assert [held.digest for held in distant.cache.ls()] == [wanted.digest]
    distant.objects.delete([distant.blobs.key(wanted)])
    assert distant.reading().read(wanted) == noise(5000)


def test_the_cache_has_the_room_that_it_was_given(distant: Store) -> None:
    assert distant.cache is not None
    assert distant.cache.capacity == 10**6
    assert distant.cache.folder == distant.local


def test_the_stage_lies_on_the_stores_own_file_system(near: Store, tmp_path: Path) -> None:
    stage = near.stage()
    assert stage.session.folder.is_relative_to(tmp_path / "store" / ".stage")
    stage.close()


def test_the_stage_of_a_distant_store_lies_beside_its_cache(distant: Store, tmp_path: Path) -> None:
    stage = distant.stage()
    assert stage.session.folder.is_relative_to(distant.local)
    prints = distant.fingerprints()
    with ThreadPoolExecutor(1) as executor:
        ingest = distant.ingest(stage, prints, executor, None)
        root = write_files(tmp_path / "root", {"big": noise(3 << 20)})
        taken = ingest.file(str(root / "big"))
        assert stage.publish(distant.objects, [], [taken.digest]) != []
        ingest.close()
    stage.close()
    prints.close()
    assert distant.objects.stat(f"o/{taken.digest.hex()[:2]}/{taken.digest.hex()}").size == 3 << 20
