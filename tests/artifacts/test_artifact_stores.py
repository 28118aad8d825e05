"""Stores that are read-only, newer, damaged, full, or another than the draft was begun for."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House, flip, listing

from wbart.artifact import Artifact
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_manifest.errors import ManifestCorrupt, WbartError
from wbart_storage.around.readonly import ReadOnly
from wbart_storage.errors import (
    AccessDenied,
    JournalCorrupt,
    ObjectMissing,
    StorageError,
    StoreFull,
    StoreMissing,
    StoreUnsupported,
)

LARGE = b"x" * 3_000_000


@pytest.fixture
def other(house: House) -> House:
    """A second store, in the same folder."""
    return House.build(house.folder, "other")


def read_only(house: House) -> House:
    store = house.workspace.store
    locked = replace(store, objects=ReadOnly(store.objects))
    return House(house.folder, Workspace(house.workspace.settings, locked), house.clock)


def test_a_read_only_store_is_read_but_not_written(house: House) -> None:
    house.version({"a": "1"})
    locked = read_only(house)
    before = house.objects("c")

    artifact = locked.load("data")
    assert listing(artifact.download("out")) == {"a": "1"}
    artifact.description = "text"
    for call in (artifact.save, lambda: artifact.delete(True), lambda: artifact.link("shelf")):
        with pytest.raises(AccessDenied, match="read-only"):
            call()
    with pytest.raises(AccessDenied, match="read-only"):
        locked.save(artifact.new_draft(), "best")

    assert house.objects("c") == before


def test_where_nothing_can_be_remembered_versions_are_saved_and_read_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cache").write_text("a file where the folder should be")
    house = House.build(tmp_path)
    root = house.tree("in", {"a": "1", "b/c": "2"})
    draft = house.draft()
    draft.add_dir(root)

    version = house.save(draft)

    assert listing(version.download("out")) == {"a": "1", "b/c": "2"}
    version.checkout("out")
    assert version.verify("out").ok
    assert "going on without it" in caplog.text


def test_a_new_version_in_a_read_only_store_is_refused_and_the_draft_stays(house: House) -> None:
    locked = read_only(house)
    draft = house.draft({"a": "1", "large": LARGE})

    with pytest.raises(AccessDenied, match="read-only"):
        locked.save(draft)

    assert draft.is_draft()
    assert listing(house.save(draft).download("out"))["a"] == "1"


def test_a_store_of_a_newer_format_is_refused_in_one_line(house: House) -> None:
    config = house.store / "wbart.json"
    document = json.loads(config.read_text())
    config.chmod(0o644)
    config.write_text(json.dumps({**document, "format": 99}))

    with pytest.raises(StoreUnsupported, match="format 99, newer than") as caught:
        Workspace.open(house.workspace.settings)

    assert "\n" not in str(caught.value)


def test_a_damaged_configuration_is_refused(house: House) -> None:
    config = house.store / "wbart.json"
    config.chmod(0o644)
    config.write_text("{")

    with pytest.raises(StorageError, match=r"wbart\.json is damaged"):
        Workspace.open(house.workspace.settings)


def test_a_place_without_a_store_is_not_made_one_unasked(house: House) -> None:
    settings = replace(house.workspace.settings, store=str(house.folder / "none"))

    with pytest.raises(StoreMissing, match="none"):
        Workspace.open(settings, create=False)

    assert not (house.folder / "none").exists()


def test_a_damaged_journal_is_named_and_nothing_is_committed(house: House) -> None:
    house.version({"a": "1"})
    (record,) = house.objects("c")
    flip(record, 10)
    fresh = House.build(house.folder)

    with pytest.raises(JournalCorrupt, match=r"journal damaged at c/ann/zoo/data/.*json"):
        fresh.load("data")
    with pytest.raises(JournalCorrupt):
        fresh.version({"a": "2"})

    assert len(house.objects("c")) == 1


@pytest.fixture
def many(house: House) -> Artifact:
    """A version whose manifest does not fit into its record."""
    return house.version({f"{number:04}": str(number) for number in range(1500)})


def test_a_damaged_manifest_is_found_and_nothing_is_written(house: House, many: Artifact) -> None:
    (node,) = house.objects("t")
    flip(node, 50)
    fresh = House.build(house.folder)

    for call in (fresh.load("data").download, fresh.load("data").verify_stored):
        with pytest.raises(ManifestCorrupt) as caught:
            call()
        assert "\n" not in str(caught.value)

    assert listing(house.folder / "artifacts") == {}


def test_a_missing_manifest_is_named(house: House, many: Artifact) -> None:
    house.objects("t")[0].unlink()

    with pytest.raises(ObjectMissing, match="no object t/"):
        House.build(house.folder).load("data").download()


@pytest.mark.parametrize("content", ["small", LARGE])
def test_a_full_disk_loses_nothing_and_the_draft_can_be_saved_later(
    house: House, monkeypatch: pytest.MonkeyPatch, content: str | bytes
) -> None:
    draft = house.draft({"a": content})
    really = os.rename

    def full(source: Any, target: Any, **more: Any) -> None:
        if f"{os.sep}o{os.sep}" in str(target):
            raise OSError(28, "No space left on device")
        really(source, target, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", full)
        patch.setattr(os, "link", full)
        patch.setattr(os, "replace", full)
        with pytest.raises(StoreFull, match=r"disk is full|No space left"):
            house.save(draft)

    assert house.objects("c") == []
    assert house.save(draft).version == "v0"
    assert draft.verify_stored().ok


def test_a_full_disk_while_a_file_is_added_leaves_the_draft_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, file = house.draft({"a": "1"}), house.file("large", LARGE)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        patch.setattr(os, "writev", full)
        with pytest.raises(StoreFull, match=r"disk is full|No space left"):
            draft.add_file(file)

    assert [entry.path for entry in draft.manifest] == ["a"]


def test_a_full_disk_while_downloading_leaves_no_half_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = house.version({"a": "1", "large": LARGE})

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreFull, match=r"disk is full|No space left"):
        artifact.download("out")

    assert os.listdir("out") == []


@pytest.mark.parametrize("count", [1, 40])
def test_a_draft_moves_to_the_store_that_it_is_saved_in(
    house: House, other: House, count: int
) -> None:
    small = {f"{number:02}": f"content {number}" for number in range(count)}
    draft = house.draft({**small, "empty": "", "large": LARGE}, digest_algorithm="MD5")
    draft.add_reference("ref://x/y", "ref")
    digest = draft.digest

    saved = other.save(draft)

    assert saved.digest == digest
    assert saved.verify_stored().ok
    assert saved.file_count == count + 3
    assert house.objects("c") + house.objects("o") + house.objects("k") == []
    saved.download("out", allow_missing_references=True)
    assert Path("out/large").read_bytes() == LARGE


def test_a_draft_of_a_version_moves_with_the_versions_files(house: House, other: House) -> None:
    files = {f"{number:02}": f"content {number}" for number in range(40)}
    draft = house.version({**files, "large": LARGE}).new_draft()
    draft.remove("03")
    with draft.new_file("new") as file:
        file.write("n")

    saved = other.save(draft)

    assert (saved.version, saved.file_count) == ("v0", 41)
    assert saved.verify_stored().ok


def test_a_draft_moves_to_a_store_with_another_digest(house: House, tmp_path: Path) -> None:
    from wbart_storage.store import create_store

    create_store(str(tmp_path / "sha"), digest="sha256", entity="ann")
    sha = House.build(house.folder, "sha")
    draft = house.draft({"a": "1", "large": LARGE})

    saved = sha.save(draft)

    assert saved.digest.startswith("sha256:")
    assert saved.verify_stored().ok
    assert listing(saved.download("out"))["a"] == "1"


def test_a_move_from_a_damaged_store_is_refused(house: House, other: House) -> None:
    draft = house.version({"large": LARGE}).new_draft()
    flip(house.objects("o")[0])

    with pytest.raises(WbartError, match=r"large|holds the bytes"):
        other.save(draft)

    assert other.objects("c") == []


def test_looking_at_a_draft_in_a_store_uses_its_digest(house: House, tmp_path: Path) -> None:
    from wbart.recording.surroundings import enter, leave
    from wbart_storage.store import create_store

    create_store(str(tmp_path / "sha"), digest="sha256")
    opened = Workspace.open(Settings(str(tmp_path / "sha"), tmp_path / "c", tmp_path / "d"))
    enter(opened)
    try:
        assert Artifact("a", "dataset").digest.startswith("sha256:")
    finally:
        leave(opened)
