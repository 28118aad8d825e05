"""A store that demands of its writers what this release does not know can be read, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.artifacts.house import House, listing, loaded

from wbart.artifact import Artifact
from wbart.calls import init
from wbart.copying.copy import copy
from wbart.projects.collection import ArtifactCollection
from wbart.recording.surroundings import enter, leave
from wbart.workspace import Workspace
from wbart_storage.errors import StoreUnsupported
from wbart_storage.journal.seal import seal_of

FILES = {"a": "1", "b/c": "2"}


@pytest.fixture
def newer(house: House) -> Workspace:
    """The house's store with a version in it, opened after a newer release has changed it."""
    house.version(FILES, "best").link("shelf")
    path = house.store / "wbart.json"
    document = json.loads(path.read_text())
    document["features"]["write"] = ["tomorrow"]
    document["sum"] = seal_of(document, "wbart-store-sum-v1", "blake3")
    path.write_text(json.dumps(document))
    return Workspace.open(house.workspace.settings)


def objects(house: House) -> list[str]:
    return list(listing(house.store))


def test_it_can_be_read(newer: Workspace) -> None:
    found = loaded(newer, "shelf")

    assert listing(found.download("out")) == FILES
    assert found.verify_stored().ok
    assert found.source_artifact.aliases == ["best", "latest"]


def _save(workspace: Workspace) -> None:
    draft = loaded(workspace, "data").new_draft()
    draft.remove("a")
    draft.save()


def _rename(workspace: Workspace) -> None:
    collection = ArtifactCollection.at(workspace, "ann", "zoo", "data")
    collection.name = "other"
    collection.save()


def _retag(workspace: Workspace) -> None:
    found = loaded(workspace, "data")
    found.tags = ["x"]
    found.save()


def _add(workspace: Workspace) -> None:
    Artifact("data", "dataset").add_file(Path("file"))


def _run(workspace: Workspace) -> None:
    with init(project="zoo", settings=workspace.settings):
        pass


def _copy(workspace: Workspace) -> None:
    other = House.build(Path("elsewhere").absolute())
    enter(other.workspace)
    try:
        found = other.version({"x": "y"}, name="new")
    finally:
        leave(other.workspace)
    copy(found, workspace.settings.store)


@pytest.mark.parametrize(
    "write",
    [
        _save,
        _rename,
        _retag,
        _add,
        _run,
        _copy,
        lambda workspace: loaded(workspace, "data").delete(delete_aliases=True),
        lambda workspace: loaded(workspace, "data").link("rack"),
        lambda workspace: loaded(workspace, "shelf").unlink(),
        lambda workspace: ArtifactCollection.at(workspace, "ann", "zoo", "data").delete(),
    ],
)
def test_every_writer_is_told_why_and_nothing_changes(
    house: House, newer: Workspace, write: Callable[[Workspace], None]
) -> None:
    before = objects(house)
    house.file("file")
    enter(newer)
    try:
        with pytest.raises(StoreUnsupported, match="needs the feature 'tomorrow'"):
            write(newer)
    finally:
        leave(newer)
    assert objects(house) == before


def test_no_door_is_open(newer: Workspace) -> None:
    objects = newer.store.objects
    with pytest.raises(StoreUnsupported, match="'tomorrow'"):
        objects.create("c/x", b"")
    with pytest.raises(StoreUnsupported, match="'tomorrow'"):
        objects.put("o/aa/x", b"")
    with pytest.raises(StoreUnsupported, match="'tomorrow'"):
        objects.delete(["wbart.json"])
