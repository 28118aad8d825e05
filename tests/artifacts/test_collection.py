from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.api import Api
from wbart.errors import ArtifactNotFound, CollectionNotFound, CommError
from wbart.projects.collection import ArtifactCollection
from wbart.recording.liverun import Run


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def run(world: World) -> Iterator[Run]:
    with world.run() as run:
        run.log_artifact(world.draft("0"), aliases=["best"])
        run.log_artifact(world.draft("1")).wait()
        run.link_artifact(run.use_artifact("data:v1"), "shelf", aliases=["shown"])
        yield run
    calls.finish()


@pytest.fixture
def data(run: Run) -> ArtifactCollection:
    return run.use_artifact("data").collection


def again(data: ArtifactCollection, run: Run) -> ArtifactCollection:
    return ArtifactCollection.at(run.workspace, data.entity, data.project, data.name)


def test_what_a_collection_tells(data: ArtifactCollection) -> None:
    assert (data.entity, data.project, data.name, data.type) == ("ent", "proj", "data", "dataset")
    assert data.aliases == ["best", "latest"]
    assert data.is_sequence()
    assert (data.description, data.tags) == (None, [])
    assert data.created_at < data.updated_at
    assert data.created_at.endswith("Z")
    assert [artifact.version for artifact in data.versions(per_page=1)] == ["v1", "v0"]
    assert len(data.artifacts()) == 2


def test_a_link_has_two_collections(run: Run) -> None:
    linked = run.use_artifact("shelf")

    assert (linked.collection.name, linked.source_collection.name) == ("shelf", "data")
    assert not linked.collection.is_sequence()
    assert linked.collection.aliases == ["latest", "shown"]


def test_what_is_assigned_is_stored_by_save(data: ArtifactCollection, run: Run) -> None:
    data.description, data.tags = "text", ["a", "b c", "a"]
    assert again(data, run).description is None
    data.save()

    found = again(data, run)
    assert (found.description, found.tags) == ("text", ["a", "b c"])
    assert found.updated_at > found.created_at
    found.tags.append("d")
    found.description = ""
    found.save()
    assert again(data, run).description is None
    assert again(data, run).tags == ["a", "b c", "d"]


def test_save_without_a_change_writes_nothing(data: ArtifactCollection, run: Run) -> None:
    before = len(list(run.workspace.catalog.records("ent", "proj", "data")))
    data.save()

    assert len(list(run.workspace.catalog.records("ent", "proj", "data"))) == before


def test_bad_tags_are_refused_and_nothing_is_stored(data: ArtifactCollection, run: Run) -> None:
    data.description, data.tags = "text", ["?"]
    with pytest.raises(ValueError, match="tag"):
        data.save()

    assert again(data, run).description is None


def test_load_forgets_what_was_not_saved(data: ArtifactCollection) -> None:
    data.description = "text"

    assert data.load().description is None


def test_a_sequence_changes_its_type_with_all_its_versions(
    data: ArtifactCollection, run: Run
) -> None:
    data.type = "corpus"
    data.save()

    assert again(data, run).type == run.use_artifact("data:v0").type == "corpus"
    with pytest.warns(DeprecationWarning, match="assign type"):
        data.change_type("dataset")
    assert again(data, run).type == "dataset"


@pytest.mark.parametrize("type", ["wandb-x", "job", "a/b", ""])
def test_types_that_no_collection_may_have(data: ArtifactCollection, run: Run, type: str) -> None:
    data.type = type
    with pytest.raises(CommError, match="rtifact type"):
        data.save()

    assert again(data, run).type == "dataset"


def test_a_portfolio_keeps_its_type(run: Run) -> None:
    shelf = run.use_artifact("shelf").collection
    with pytest.raises(ValueError, match="portfolio"):
        shelf.type = "model"

    assert shelf.type == "dataset"


@pytest.mark.parametrize("name", ["", "a/b", "x" * 129, "a:b"])
def test_a_bad_name_is_refused_at_once(data: ArtifactCollection, name: str) -> None:
    with pytest.raises(ValueError, match="Collection name"):
        data.name = name

    assert data.name == "data"


def test_a_deleted_sequence_is_not_found(data: ArtifactCollection, run: Run) -> None:
    data.delete()

    with pytest.raises(CollectionNotFound):
        data.load()
    with pytest.raises(ArtifactNotFound):
        run.use_artifact("data:v0")
    left = Api().artifact_collections("proj", "dataset")
    assert [collection.name for collection in left] == ["shelf"]
    assert list(Api().artifacts("dataset", "shelf")) == []


def test_a_deleted_portfolio_leaves_its_sources(run: Run) -> None:
    source = run.use_artifact("data:v1")
    assert [link.name for link in source.linked_artifacts] == ["shelf:v0"]
    run.use_artifact("shelf").collection.delete()

    source = run.use_artifact("data:v1")
    assert source.linked_artifacts == []
    assert run.workspace.catalog.state("ent", "proj", "data").versions[1].links == ()
    with pytest.raises(ArtifactNotFound):
        run.use_artifact("shelf")


def test_moves_of_aliases_are_told_newest_first(data: ArtifactCollection, run: Run) -> None:
    found = [(move.alias, move.before, move.after) for move in data.alias_history()]

    assert found == [
        ("latest", "v0", "v1"),
        ("latest", None, "v0"),
        ("best", None, "v0"),
    ]
    (best,) = data.alias_history("best")
    assert (best.actor, best.at.endswith("Z")) == (run.workspace.actor, True)


def test_the_last_move_of_an_alias_is_taken_back_and_done_again(
    data: ArtifactCollection, run: Run
) -> None:
    artifact = run.use_artifact("data:v1")
    artifact.aliases.append("best")
    artifact.save()
    undone = data.undo_alias("best")
    assert (undone.before, undone.after) == ("v1", "v0")
    assert run.use_artifact("data:best").version == "v0"
    data.undo_alias("best")

    assert run.use_artifact("data:best").version == "v1"
    with pytest.raises(ArtifactNotFound, match="never been set"):
        data.undo_alias("none")
