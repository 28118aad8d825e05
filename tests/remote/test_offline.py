"""A distant store without a network: what this machine has of it can be used, and no more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.artifacts.house import listing, loaded
from tests.servers import Server

from wbart.artifact import Artifact
from wbart.errors import ArtifactNotFound, NotCached
from wbart.recording.surroundings import enter, leave
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.errors import Offline
from wbart_storage.store import create_store

FILES = {**{f"{n:04}": f"content {n}" for n in range(400)}, "large": "x" * 3_000_000}


@dataclass
class Place:
    """A bucket with two versions of `data`, and this machine's settings for it."""

    settings: Settings

    def opened(self, *, offline: bool = False) -> Workspace:
        return Workspace.open(replace(self.settings, offline=offline))


@pytest.fixture
def place(serving: Callable[[str], Server], tmp_path: Path) -> Iterator[Place]:
    server = serving("ministack")
    url = server.bucket()
    create_store(url, storage_options=server.options)
    elsewhere = Settings(
        store=url,
        cache_dir=tmp_path / "elsewhere",
        data_dir=tmp_path,
        entity="ann",
        project="zoo",
        storage_options=server.options,
    )
    workspace = Workspace.open(elsewhere)
    enter(workspace)
    try:
        _log(workspace, FILES)
        _log(workspace, {**FILES, "0000": "changed"})
        yield Place(replace(elsewhere, cache_dir=tmp_path / "cache"))
    finally:
        leave(workspace)


def _log(workspace: Workspace, files: dict[str, str], name: str = "data") -> Artifact:
    draft = Artifact(name, "dataset")
    for path, text in files.items():
        with draft.new_file(path) as file:
            file.write(text)
    draft._save(workspace, "ann", "zoo")
    return draft


def test_what_was_downloaded_is_there_offline(place: Place, tmp_path: Path) -> None:
    loaded(place.opened(), "data:v1").download(tmp_path / "on")

    found = loaded(place.opened(offline=True), "data")
    assert (found.name, found.file_count) == ("data:v1", 401)
    assert listing(found.download(tmp_path / "off")) == {**FILES, "0000": "changed"}
    assert found.verify(tmp_path / "off").ok


def test_what_is_not_here_is_told(place: Place, tmp_path: Path) -> None:
    with pytest.raises(NotCached, match="never opened"):
        place.opened(offline=True)
    loaded(place.opened(), "data:v1").download(tmp_path / "on", path_prefix="large")

    offline = place.opened(offline=True)
    with pytest.raises(NotCached, match="ann/zoo/other was never read"):
        loaded(offline, "other")
    with pytest.raises(ArtifactNotFound):
        loaded(offline, "data:v7")
    with pytest.raises(Offline):
        loaded(offline, "data:v0").download(tmp_path / "off", path_prefix="0000")
    assert [state.name for state in offline.catalog.states("ann", "zoo")] == ["data"]


def test_nothing_is_written_offline(place: Place) -> None:
    loaded(place.opened(), "data")
    offline = place.opened(offline=True)
    held = loaded(offline, "data")
    held.tags = ["x"]
    with pytest.raises(Offline, match="not written to"):
        held.save()

    found = loaded(place.opened(), "data")
    assert found.tags == []


def test_the_state_is_that_of_the_last_look(place: Place) -> None:
    loaded(place.opened(), "data")
    writer = Workspace.open(replace(place.settings, cache_dir=place.settings.cache_dir / "other"))
    _log(writer, {"x": "y"})

    assert loaded(place.opened(offline=True), "data").version == "v1"
    assert loaded(place.opened(), "data").version == "v2"
    assert loaded(place.opened(offline=True), "data").version == "v2"


def test_a_long_log_is_remembered_from_its_checkpoint_on(place: Place) -> None:
    writer = place.opened()
    for number in range(70):
        op = {"op": "tag", "version": 0, "add": [f"t{number}"], "remove": []}
        writer.catalog.commit("ann", "zoo", "data", op)
    shutil.rmtree(place.settings.cache_dir)
    tags = loaded(place.opened(), "data:v0").tags

    assert len(tags) == 70
    offline = place.opened(offline=True)
    assert loaded(offline, "data:v0").tags == tags
    seen = offline.store.local / "seen" / "c" / "ann" / "zoo" / "data" / "log"
    assert len(list(seen.rglob("*.json"))) < 20


def test_a_disk_that_refuses_costs_only_offline_use(place: Place) -> None:
    place.settings.cache_dir.mkdir()
    store = place.opened().store
    (store.local / "seen").parent.mkdir(exist_ok=True)
    (store.local / "seen").write_text("in the way")

    assert loaded(place.opened(), "data").version == "v1"
