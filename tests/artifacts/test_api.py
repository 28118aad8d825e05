from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart import calls
from wbart.api import Api
from wbart.errors import (
    ArtifactNotFound,
    CollectionNotFound,
    CommError,
    ProjectNotFound,
    RefInvalid,
    RunNotFound,
    TypeClash,
    TypeNotFound,
)
from wbart_storage.errors import StoreUnavailable


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Three versions of data, one of model net, a portfolio shelf that holds data:v1."""
    world = World(tmp_path)
    with world.run(id="maker") as run:
        for number in range(3):
            tags = ["even", "all"] if number % 2 == 0 else ["all"]
            draft = run.log_artifact(world.draft(f"text {number}"), tags=tags)
            if number == 1:
                run.link_artifact(draft, "shelf")
        run.log_artifact(world.draft("weights", "net", "model"))
    yield world
    calls.finish()


@pytest.fixture
def api(world: World) -> Api:
    return Api(settings=world.settings)


# One artifact.


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("data", "ent/proj/data:v2"),
        ("data:v0", "ent/proj/data:v0"),
        ("proj/data:latest", "ent/proj/data:v2"),
        ("ent/proj/shelf", "ent/proj/shelf:v0"),
    ],
)
def test_an_artifact_is_found_by_name(api: Api, name: str, found: str) -> None:
    assert api.artifact(name).qualified_name == found


@pytest.mark.parametrize(
    ("name", "type", "error", "words"),
    [
        ("", None, ValueError, "specify name"),
        ("none", None, ArtifactNotFound, "not found in 'ent/proj'"),
        ("data:v9", None, ArtifactNotFound, "'data:v9' not found in 'ent/proj'"),
        ("foo/bar/data", None, ValueError, "project 'bar' not found under entity 'foo'"),
        ("a/b/c/d", None, RefInvalid, "Invalid artifact path"),
        ("data", "model", TypeClash, "'dataset'"),
    ],
)
def test_what_is_not_found_is_both_a_comm_error_and_a_value_error(
    api: Api, name: str, type: str | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        api.artifact(name, type)

    assert isinstance(caught.value, CommError)
    assert isinstance(caught.value, ValueError)
    assert not api.artifact_exists(name, type)


def test_whether_an_artifact_exists(api: Api) -> None:
    assert api.artifact_exists("data")
    assert api.artifact_exists("data:v1", type="dataset")
    assert not api.artifact_exists("data:v1", type="model")


def test_a_store_that_is_down_is_no_answer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise StoreUnavailable("down")

    monkeypatch.setattr(type(api._workspace.catalog), "state", down)
    with pytest.raises(StoreUnavailable):
        api.artifact_exists("data")
    with pytest.raises(StoreUnavailable):
        api.artifact_collection_exists("data", "dataset")


# Versions.


@pytest.mark.parametrize(
    ("order", "versions"),
    [
        (None, ["v2", "v1", "v0"]),
        ("version_index", ["v0", "v1", "v2"]),
        ("+version_index", ["v0", "v1", "v2"]),
        ("-version_index", ["v2", "v1", "v0"]),
        ("createdAt", ["v0", "v1", "v2"]),
        ("-created_at", ["v2", "v1", "v0"]),
        ("-size", ["v2", "v1", "v0"]),
    ],
)
def test_versions_come_in_the_order_asked_for(
    api: Api, order: str | None, versions: list[str]
) -> None:
    found = api.artifacts("dataset", "data", order=order, per_page=2)

    assert [artifact.version for artifact in found] == versions
    assert len(found) == 3


@pytest.mark.parametrize(
    ("tags", "versions"),
    [("even", ["v2", "v0"]), (["all", "even"], ["v2", "v0"]), (["all"], ["v2", "v1", "v0"]),
     (["none"], [])],
)  # fmt: skip
def test_all_tags_must_be_there_and_only_those_are_counted(
    api: Api, tags: str | list[str], versions: list[str]
) -> None:
    found = api.artifacts("dataset", "data", tags=tags)

    assert [artifact.version for artifact in found] == versions
    assert len(found) == len(versions)


def test_a_list_of_versions_is_taken_up_where_it_was_left(api: Api) -> None:
    first = api.artifacts("dataset", "data", per_page=1)
    assert first[0].version == "v2"

    rest = api.artifacts("dataset", "data", start=first.cursor)
    assert [artifact.version for artifact in rest] == ["v1", "v0"]


def test_deleted_versions_are_not_listed(api: Api) -> None:
    api.artifact("data:v0").delete()

    assert [artifact.version for artifact in api.artifacts("dataset", "data")] == ["v2", "v1"]


def test_links_are_listed_with_their_own_numbers_while_their_source_is_there(api: Api) -> None:
    (link,) = api.artifacts("dataset", "shelf", tags=["all"])
    assert (link.version, link.source_version, link.is_link) == ("v0", "v1", True)
    api.artifact("data:v1").delete(delete_aliases=True)

    assert list(api.artifacts("dataset", "shelf")) == []


def test_the_old_name_for_versions_warns(api: Api) -> None:
    with pytest.warns(DeprecationWarning, match="artifacts"):
        assert len(api.artifact_versions("dataset", "data")) == 3


def test_an_unknown_order_or_tag_is_refused(api: Api) -> None:
    with pytest.raises(ValueError, match="version_index"):
        api.artifacts("dataset", "data", order="color")
    with pytest.raises(ValueError, match="tag"):
        api.artifacts("dataset", "data", tags=["?"])


# Collections and types.


def test_a_collection_is_found_by_type_and_name(api: Api) -> None:
    found = api.artifact_collection("dataset", "ent/proj/data")

    assert (found.entity, found.project, found.name) == ("ent", "proj", "data")
    assert api.artifact_collection_exists("data", "dataset")
    assert not api.artifact_collection_exists("data", "model")
    assert not api.artifact_collection_exists("none", "dataset")
    with pytest.raises(CollectionNotFound, match="'data' of type 'model'"):
        api.artifact_collection("model", "data")
    with pytest.raises(RefInvalid):
        api.artifact_collection("dataset", "data:v0")


def test_collections_of_a_type_include_portfolios(api: Api) -> None:
    found = api.artifact_collections("proj", "dataset", per_page=1)

    assert [each.name for each in found] == ["data", "shelf"]
    assert [each.is_sequence() for each in found] == [True, False]
    assert len(found) == 2
    assert [
        each.name for each in api.artifact_collections("ent/proj", "dataset", order="-name")
    ] == [
        "shelf",
        "data",
    ]
    assert [
        each.name for each in api.artifact_collections("proj", "dataset", order="created_at")
    ] == [
        "data",
        "shelf",
    ]
    assert list(api.artifact_collections("proj", "none")) == []


def test_types_are_those_of_the_collections(api: Api) -> None:
    assert [each.name for each in api.artifact_types("proj")] == ["dataset", "model"]
    found = api.artifact_type("model")
    assert [each.name for each in found.collections()] == ["net"]
    assert found.collection("net").name == "net"
    with pytest.raises(CollectionNotFound):
        found.collection("data")
    with pytest.raises(TypeNotFound, match="'none'"):
        api.artifact_type("none", "proj")


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: list(api.artifact_types("nowhere")),
        lambda api: list(api.artifact_collections("nowhere", "dataset")),
        lambda api: api.artifact_type("dataset", "nowhere"),
    ],
)
def test_an_unknown_project_is_named(api: Api, ask: Callable[[Api], object]) -> None:
    with pytest.raises(ProjectNotFound, match="project 'nowhere' not found under entity 'ent'"):
        ask(api)


# Projects, runs, settings.


def test_projects_are_those_with_something_in_them(api: Api, world: World) -> None:
    world.run(project="empty-but-run").finish()

    assert [each.name for each in api.projects()] == ["empty-but-run", "proj"]
    project = api.project("proj")
    assert [each.name for each in project.collections()] == ["data", "net", "shelf"]
    assert [each.name for each in project.artifacts_types()] == ["dataset", "model"]
    assert list(api.artifact_types("empty-but-run")) == []


def test_a_run_is_read_by_its_path(api: Api) -> None:
    run = api.run("ent/proj/runs/maker")

    assert run.path == ["ent", "proj", "maker"]
    # Uploads of several collections overtake each other.
    assert sorted(artifact.name for artifact in run.logged_artifacts()) == [
        "data:v0",
        "data:v1",
        "data:v2",
        "net:v0",
    ]
    assert run == api.artifact("data").logged_by()
    with pytest.raises(RunNotFound, match="Could not find run ent/proj/none"):
        api.run("none")


def test_overrides_say_entity_and_project(world: World) -> None:
    api = Api({"entity": "other", "project": "q"}, settings=world.settings)

    assert api.default_entity == "other"
    assert api.settings["project"] == "q"
    assert api.artifact("ent/proj/data").version == "v2"
    with pytest.raises(ArtifactNotFound, match="project 'q' not found under entity 'other'"):
        api.artifact("data")


def test_the_active_run_says_them_too(world: World) -> None:
    with world.run(project="mine"):
        assert Api().settings["project"] == "mine"


def test_reads_are_fresh(api: Api, world: World) -> None:
    assert len(api.artifacts("dataset", "data")) == 3
    with world.run() as run:
        run.log_artifact(world.draft("new"))

    assert api.artifact("data").version == "v3"
    api.flush()
    assert len(api.artifacts("dataset", "data")) == 4


def test_a_store_may_be_given_by_its_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBART_CACHE_DIR", str(world.folder / "cache"))
    api = Api(store=world.folder / "store")

    assert api.artifact("ent/proj/data").version == "v2"
    assert str(world.folder / "store") in repr(api)


def test_collections_are_filtered(api: Api) -> None:
    named = {"name": {"$regex": "^s"}}

    assert [each.name for each in api.artifact_collections("proj", "dataset", filters=named)] == [
        "shelf"
    ]
    assert len(api.artifact_type("dataset").collections(named)) == 1
    assert [each.name for each in api.project("proj").collections({"name": "net"})] == ["net"]
    with pytest.raises(ValueError):
        api.artifact_collections("proj", "dataset", filters={"colour": "red"})
