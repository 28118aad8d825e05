from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.artifacts.house import House

from wbart.artifact import Artifact
from wbart.errors import ArtifactFinalizedError, ArtifactNotLoggedError

AFTER = [
    "entity", "project", "qualified_name", "version", "source_entity", "source_project",
    "source_version", "source_qualified_name", "collection", "source_collection", "aliases",
    "tags", "commit_hash", "file_count", "created_at", "updated_at", "history_step",
    "linked_artifacts", "source_artifact", "url", "linked_at", "expires_at", "ttl",
]  # fmt: skip

CALLS: dict[str, Callable[[Artifact], object]] = {
    "get_entry": lambda artifact: artifact.get_entry("x"),
    "download": lambda artifact: artifact.download(),
    "checkout": lambda artifact: artifact.checkout(),
    "verify": lambda artifact: artifact.verify(),
    "file": lambda artifact: artifact.file(),
    "files": lambda artifact: artifact.files(),
    "delete": lambda artifact: artifact.delete(),
    "used_by": lambda artifact: artifact.used_by(),
    "logged_by": lambda artifact: artifact.logged_by(),
    "json_encode": lambda artifact: artifact.json_encode(),
    "new_draft": lambda artifact: artifact.new_draft(),
    "unlink": lambda artifact: artifact.unlink(),
    "restore": lambda artifact: artifact.restore(),
    "wait": lambda artifact: artifact.wait(),
}

CHANGES: dict[str, Callable[[Artifact], object]] = {
    "add_file": lambda artifact: artifact.add_file("x"),
    "add_dir": lambda artifact: artifact.add_dir("x"),
    "add_reference": lambda artifact: artifact.add_reference("s3://b/x", "x"),
    "new_file": lambda artifact: artifact.new_file("x"),
    "remove": lambda artifact: artifact.remove("x"),
}


@pytest.mark.parametrize("name", AFTER)
def test_what_is_known_after_logging_only_says_so_before(house: House, name: str) -> None:
    artifact = house.draft()

    with pytest.raises(ArtifactNotLoggedError, match=name) as caught:
        getattr(artifact, name)

    assert (caught.value.name, caught.value.obj) == (name, artifact)
    assert isinstance(caught.value, AttributeError)
    assert "Call Artifact.wait()" in str(caught.value)
    assert getattr(artifact, name, "default") == "default"


@pytest.mark.parametrize("name", CALLS)
def test_what_needs_a_version_refuses_a_draft(house: House, name: str) -> None:
    with pytest.raises(ArtifactNotLoggedError, match=name):
        CALLS[name](house.draft())


@pytest.mark.parametrize("name", ["aliases", "tags"])
def test_labels_cannot_be_set_on_a_draft(house: House, name: str) -> None:
    with pytest.raises(ArtifactNotLoggedError):
        setattr(house.draft(), name, ["x"])


@pytest.mark.parametrize("name", CHANGES)
def test_a_finalised_draft_takes_no_more(house: House, name: str) -> None:
    artifact = house.draft()
    artifact.finalize()

    assert artifact.state == "PENDING"
    with pytest.raises(ArtifactFinalizedError, match=name):
        CHANGES[name](artifact)


@pytest.mark.parametrize("name", CHANGES)
def test_a_version_takes_no_more(house: House, name: str) -> None:
    house.version()

    with pytest.raises(ArtifactFinalizedError):
        CHANGES[name](house.load("data"))


def test_a_new_file_closed_after_finalising_is_not_added(house: House) -> None:
    artifact = house.draft()
    file = artifact.new_file("late.txt")
    artifact.finalize()

    with pytest.raises(ArtifactFinalizedError):
        file.close()

    assert len(artifact.manifest) == 0


@pytest.mark.parametrize("name", ["name", "type", "id", "state", "digest", "size", "version"])
def test_what_cannot_be_set_raises_attribute_error(house: House, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(house.version(), name, "x")


def test_a_saved_draft_is_committed_and_has_its_coordinates(house: House) -> None:
    artifact = house.version({"a": "hello", "b": "you"})

    assert (artifact.state, artifact.is_draft(), artifact.is_link) == ("COMMITTED", False, False)
    assert artifact.name == artifact.source_name == "data:v0"
    assert artifact.version == artifact.source_version == "v0"
    assert artifact.qualified_name == artifact.source_qualified_name == "ann/zoo/data:v0"
    assert (artifact.entity, artifact.project) == ("ann", "zoo")
    assert (artifact.source_entity, artifact.source_project) == ("ann", "zoo")
    assert (artifact.file_count, artifact.size) == (2, 8)
    assert artifact.created_at == artifact.updated_at == "2023-11-14T22:13:20.000000Z"
    assert (artifact.linked_at, artifact.expires_at, artifact.history_step) == (None, None, None)
    assert artifact.source_artifact is artifact
    assert artifact.wait() is artifact
    assert isinstance(artifact.id, str)


def test_what_is_loaded_says_what_was_saved(house: House) -> None:
    saved = house.version(None, "best", description="text", metadata={"k": [1]})

    loaded = house.load("data:best")

    for name in ("id", "digest", "size", "file_count", "description", "metadata", "aliases",
                 "tags", "created_at", "commit_hash", "type", "ttl", "qualified_name"):  # fmt: skip
        assert getattr(loaded, name) == getattr(saved, name), name


def test_the_commit_hash_is_the_digest_of_the_content(house: House) -> None:
    one, other = house.version(name="one"), house.version(name="other")

    assert one.commit_hash == other.commit_hash == one.digest.removeprefix("blake3:")


def test_json_encode_names_the_source(house: House) -> None:
    artifact = house.version()

    assert artifact.link("shelf").json_encode() == {
        "_type": "artifactVersion",
        "_version": "v0",
        "id": artifact.id,
        "version": "v0",
        "sequenceName": "data",
        "usedAs": None,
    }


def test_an_edit_moves_the_time_of_the_last_change(house: House) -> None:
    artifact = house.version()
    house.clock.advance(60)

    artifact.description = "text"
    artifact.save()

    assert artifact.updated_at == "2023-11-14T22:14:20.000000Z"
    assert artifact.created_at == "2023-11-14T22:13:20.000000Z"


def test_saving_what_did_not_change_writes_nothing(house: House) -> None:
    artifact = house.version()
    before = house.objects("c")

    artifact.save()

    assert house.objects("c") == before


def test_description_metadata_and_ttl_are_stored_by_save_alone(house: House) -> None:
    artifact = house.version()
    artifact.description, artifact.metadata = "text", {"k": 1}
    artifact.ttl = timedelta(days=1)

    assert house.load("data").description is None
    artifact.save()

    loaded = house.load("data")
    assert (loaded.description, loaded.metadata) == ("text", {"k": 1})
    assert loaded.ttl == timedelta(days=1)


def test_two_who_edit_different_facts_do_not_undo_each_other(house: House) -> None:
    house.version()
    one, other = house.load("data"), house.load("data")
    one.description, other.metadata = "text", {"k": 1}

    one.save()
    other.save()

    loaded = house.load("data")
    assert (loaded.description, loaded.metadata) == ("text", {"k": 1})


@pytest.mark.parametrize("value", [3, ["x"]])
def test_a_description_is_text_or_nothing(house: House, value: Any) -> None:
    with pytest.raises(TypeError):
        Artifact("a", "dataset", value)
