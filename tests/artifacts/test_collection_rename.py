"""A collection takes another name: everything that led to it still does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from tests.artifacts.house import House, loaded

from wbart.api import Api
from wbart.artifact import Artifact
from wbart.calls import init
from wbart.errors import CollectionNotFound, Conflict, NameInvalid, NameTaken
from wbart.fold.ops import Reserve
from wbart.projects.collection import ArtifactCollection
from wbart.workspace import Workspace


@pytest.fixture
def data(house: House) -> ArtifactCollection:
    house.version({"x": "0"}, "best")
    house.clock.advance(10)
    return house.version({"x": "1"}).collection


def rename(collection: ArtifactCollection, name: str) -> ArtifactCollection:
    collection.name = name
    collection.save()
    return collection


def at(house: House, name: str) -> ArtifactCollection:
    return ArtifactCollection.at(house.workspace, "ann", "zoo", name)


def names(house: House) -> list[str]:
    return [found.name for found in Api().artifact_collections("zoo", "dataset")]


def elsewhere(house: House) -> Workspace:
    """The same store, as another process sees it."""
    return Workspace(house.workspace.settings, house.workspace.store)


def test_versions_are_found_under_the_new_name_and_the_old(
    house: House, data: ArtifactCollection
) -> None:
    id_ = data.id
    rename(data, "corpus")

    assert (data.name, data.id) == ("corpus", id_)
    for ref in ("corpus:v0", "data:v0", "data:best"):
        found = loaded(elsewhere(house), ref)
        assert (found.name, found.source_name) == ("corpus:v0", "corpus:v0")
    assert names(house) == ["corpus"]
    assert at(house, "data").name == "corpus"
    assert [each.name for each in Api().artifacts("dataset", "data")] == ["corpus:v1", "corpus:v0"]


def test_who_logs_to_the_old_name_goes_on_at_the_new_one(
    house: House, data: ArtifactCollection
) -> None:
    rename(data, "corpus")

    assert house.version({"x": "2"}).name == "corpus:v2"
    assert house.version({"x": "3"}, name="corpus").name == "corpus:v3"
    assert names(house) == ["corpus"]


def test_who_knew_the_collection_before_follows_too(house: House, data: ArtifactCollection) -> None:
    held = house.load("data:v0")
    rename(ArtifactCollection.at(elsewhere(house), "ann", "zoo", "data"), "corpus")

    held.aliases.append("kept")
    held.save()
    assert held.name == "corpus:v0"
    assert loaded(elsewhere(house), "corpus:kept").version == "v0"


def test_the_history_of_aliases_goes_back_before_the_rename(
    house: House, data: ArtifactCollection
) -> None:
    before = house.clock.now()
    house.clock.advance(10)
    rename(data, "corpus")
    house.load("corpus:v1").aliases.append("best")
    moved = house.load("corpus:v1")
    moved.aliases.append("best")
    moved.save()

    moves = [(move.before, move.after) for move in data.alias_history("best")]
    assert moves == [("v0", "v1"), (None, "v0")]
    for name in ("data", "corpus"):
        assert house.load(f"{name}:best@{{{before}}}").version == "v0"
    assert data.undo_alias("best").after == "v0"


def test_a_rename_and_other_changes_are_one_step(house: House, data: ArtifactCollection) -> None:
    seq = len(list(house.workspace.catalog.records("ann", "zoo", "data")))
    data.description, data.type = "texts", "corpus"
    rename(data, "corpus")

    found = at(house, "corpus")
    assert (found.description, found.type) == ("texts", "corpus")
    assert len(list(house.workspace.catalog.records("ann", "zoo", "data"))) == seq + 1


def test_a_collection_is_renamed_again_and_back(house: House, data: ArtifactCollection) -> None:
    had = {"data"}
    for name in ("corpus", "texts", "corpus", "data", "texts"):
        assert rename(data, name).name == name
        assert names(house) == [name]
        had.add(name)
        for each in had:
            assert loaded(elsewhere(house), f"{each}:best").name == f"{name}:v0"


def test_links_lead_to_the_renamed_source(house: House, data: ArtifactCollection) -> None:
    shown = house.load("data:v1").link("shelf")
    rename(data, "corpus")

    found = house.load("shelf")
    assert (found.source_name, found.source_qualified_name) == ("corpus:v1", "ann/zoo/corpus:v1")
    assert found.source_collection.name == "corpus"
    assert found.source_artifact.name == "corpus:v1"
    assert [link.name for link in house.load("corpus:v1").linked_artifacts] == ["shelf:v0"]
    assert house.load("corpus:v1").link("shelf").name == shown.name


def test_a_renamed_portfolio_lets_go_of_its_sources(house: House, data: ArtifactCollection) -> None:
    catalog = house.workspace.catalog
    house.load("data:v0").link("shelf")
    house.load("data:v1").link("shelf")
    shelf = rename(at(house, "shelf"), "rack with blanks")

    assert [each.name for each in house.load("data:v1").linked_artifacts] == ["rack with blanks:v1"]
    house.load("shelf:v1").unlink()
    assert catalog.state("ann", "zoo", "data").versions[1].links == ()
    shelf.delete()
    assert catalog.state("ann", "zoo", "data").versions[0].links == ()


def test_lineage_leads_to_the_renamed_collection(house: House, data: ArtifactCollection) -> None:
    with init(project="zoo", settings=house.workspace.settings) as run:
        run.use_artifact("data:v1")
        net = Artifact("net", "model")
        run.log_artifact(net).wait()
    rename(data, "corpus")
    rename(at(house, "net"), "brain")

    found = house.load("brain:v0").logged_by()
    assert found is not None
    assert [each.name for each in found.used_artifacts()] == ["corpus:v1"]
    assert [each.name for each in found.logged_artifacts()] == ["brain:v0"]
    assert [each.id for each in house.load("corpus:v1").used_by()] == [found.id]


def test_a_name_that_somebody_has_is_refused_whole(house: House, data: ArtifactCollection) -> None:
    house.version({"y": ""}, name="other")
    at(house, "other").delete()
    house.version({"y": ""}, name="gone")
    rename(at(house, "gone"), "third")
    data.description = "text"

    for name, why in (("third", "there already|leads to"), ("gone", "leads"), ("other", "trash")):
        with pytest.raises(NameTaken, match=why):
            rename(data, name)
        assert at(house, "data").description is None
    with pytest.raises(ValueError, match="third"):
        rename(data, "third")
    assert names(house) == ["data", "third"]


def test_a_sequence_is_called_only_what_an_artifact_may_be(data: ArtifactCollection) -> None:
    with pytest.raises(NameInvalid):
        data.name = "with blanks"

    assert data.name == "data"


def test_a_collection_that_somebody_else_renamed_is_a_conflict(
    house: House, data: ArtifactCollection
) -> None:
    rename(at(house, "data"), "corpus")
    with pytest.raises(Conflict, match="called 'corpus' by now"):
        rename(data, "texts")

    assert names(house) == ["corpus"]
    left = house.workspace.catalog.state_at_root("ann", "zoo", "texts")
    assert left is not None
    assert left.head.lead is None
    assert house.version({"x": ""}, name="texts").name == "texts:v0"


def test_a_deleted_collection_is_not_renamed(house: House, data: ArtifactCollection) -> None:
    at(house, "data").delete()
    with pytest.raises(CollectionNotFound):
        rename(data, "corpus")


def test_a_collection_made_anew_keeps_its_names(house: House, data: ArtifactCollection) -> None:
    rename(data, "corpus").delete()

    assert house.version({"x": "2"}, name="corpus").name == "corpus:v2"
    assert house.version({"x": "3"}, name="data").name == "corpus:v3"


class TestAReservationThatLeadsNowhere:
    """Somebody died after he reserved `corpus` for `data`."""

    @pytest.fixture(autouse=True)
    def _reserved(self, house: House, data: ArtifactCollection) -> None:
        op = Reserve(id="0" * 32, root="data").to_json()
        house.workspace.catalog.commit_at("ann", "zoo", "corpus", op)

    def test_is_no_collection(self, house: House) -> None:
        assert not house.workspace.catalog.exists("ann", "zoo", "corpus")
        assert names(house) == ["data"]
        assert house.load("data").name == "data:v1"
        with pytest.raises(CollectionNotFound):
            house.workspace.catalog.commit("ann", "zoo", "corpus", {"op": "tag", "version": 0})

    def test_is_completed_by_the_same_rename(self, house: House) -> None:
        rename(at(house, "data"), "corpus")

        assert at(house, "data").name == at(house, "corpus").name == "corpus"
        naming = house.workspace.catalog.state("ann", "zoo", "data").head.names
        assert [each.id for each in naming] == ["0" * 32]

    def test_gives_way_to_a_new_collection(self, house: House) -> None:
        assert house.version({"y": ""}, name="corpus").name == "corpus:v0"

        assert names(house) == ["corpus", "data"]
        assert house.version({"y": ""}, name="data").name == "data:v2"

    def test_gives_way_to_another_rename(self, house: House) -> None:
        house.version({"y": ""}, name="other")
        rename(at(house, "other"), "corpus")

        assert names(house) == ["corpus", "data"]
        with pytest.raises(NameTaken):
            rename(at(house, "data"), "corpus")


def _together(acts: list[Callable[[], object]]) -> list[BaseException]:
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(acts))

    def play(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=play, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_no_version_is_lost_while_the_name_changes(house: House, data: ArtifactCollection) -> None:
    def log(number: int) -> None:
        catalog = elsewhere(house).catalog
        for count in range(5):
            digest = f"blake3:{number * 100 + count:064x}"
            op = {"op": "version", "id": digest[-32:], "digest": digest, "manifest": {}}
            catalog.commit("ann", "zoo", "data", {**op, "always": True})

    def move() -> None:
        found = ArtifactCollection.at(elsewhere(house), "ann", "zoo", "data")
        for name in ("corpus", "texts", "data", "corpus"):
            rename(found, name)

    acts: list[Callable[[], object]] = [partial(log, number) for number in range(4)]
    assert _together([*acts, move]) == []
    state = elsewhere(house).catalog.state("ann", "zoo", "texts")
    assert (state.name, len(state.versions)) == ("corpus", 22)
    assert len({version.id for version in state.versions}) == 22
