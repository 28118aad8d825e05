from __future__ import annotations

import pytest
from tests.artifacts.house import House, listing

from wbart.errors import ArtifactNotFound, CommError, HasAliases


def test_aliases_hold_a_version(house: House) -> None:
    artifact = house.version()

    with pytest.raises(HasAliases, match="latest") as caught:
        artifact.delete()

    assert isinstance(caught.value, CommError)
    assert artifact.state == "COMMITTED"
    assert house.load("data").id == artifact.id


def test_a_version_without_aliases_is_deleted(house: House) -> None:
    first = house.version({"a": "1"})
    house.version({"a": "2"})

    first.delete()

    assert first.state == "DELETED"
    assert not first.is_draft()
    with pytest.raises(ArtifactNotFound, match=r"data:v0.*deleted"):
        house.load("data:v0")


def test_delete_aliases_takes_them_along(house: House) -> None:
    house.version({"a": "1"})
    artifact = house.version({"a": "2"}, "best")

    artifact.delete(delete_aliases=True)

    assert house.load("data").version == "v0"
    with pytest.raises(ArtifactNotFound):
        house.load("data:best")


def test_numbers_are_never_used_again(house: House) -> None:
    house.version({"a": "1"}).delete(delete_aliases=True)

    assert house.version({"a": "1"}).version == "v1"


def test_a_deleted_version_comes_back_with_aliases_and_content(house: House) -> None:
    artifact = house.version({"a": "1"}, "best")
    artifact.delete(delete_aliases=True)

    artifact.restore()

    assert artifact.state == "COMMITTED"
    assert house.load("data:best").aliases == ["best", "latest"]
    assert listing(house.load("data:v0").download("out")) == {"a": "1"}


def test_an_alias_that_moved_on_stays_where_it_is(house: House) -> None:
    artifact = house.version({"a": "1"}, "best")
    artifact.delete(delete_aliases=True)
    house.version({"a": "2"}, "best")

    artifact.restore()

    assert house.load("data:best").version == "v1"
    assert artifact.aliases == []


def test_deleting_and_restoring_twice_is_fine(house: House) -> None:
    artifact = house.version()
    for _ in range(2):
        artifact.delete(delete_aliases=True)
    for _ in range(2):
        artifact.restore()

    assert house.load("data").id == artifact.id


def test_what_was_purged_cannot_come_back(house: House) -> None:
    artifact = house.version()
    artifact.delete(delete_aliases=True)
    house.workspace.catalog.commit("ann", "zoo", "data", {"op": "purge", "version": 0})

    with pytest.raises(ArtifactNotFound, match="purged"):
        artifact.restore()


def test_a_deleted_version_is_not_edited(house: House) -> None:
    artifact = house.version()
    artifact.delete(delete_aliases=True)
    artifact.description = "text"

    with pytest.raises(ArtifactNotFound, match="deleted"):
        artifact.save()


def test_a_deleted_collection_hides_its_versions(house: House) -> None:
    house.version()
    house.workspace.catalog.commit("ann", "zoo", "data", {"op": "collection", "deleted": True})

    with pytest.raises(ArtifactNotFound):
        house.load("data:v0")


def test_an_old_alias_still_leads_to_what_is_deleted_and_says_so(house: House) -> None:
    artifact = house.version({"a": "1"}, "best")
    then = house.clock.now()
    house.clock.advance(60)
    artifact.delete(delete_aliases=True)

    with pytest.raises(ArtifactNotFound, match=r"data:best.*\(v0\) is deleted"):
        house.load("data:best", at=then)


def test_the_bytes_stay_while_another_version_has_them(house: House) -> None:
    first = house.version({"a": "shared" * 100})
    house.version({"a": "shared" * 100, "b": "2"})

    first.delete()

    assert listing(house.load("data").download("out"))["a"] == "shared" * 100
