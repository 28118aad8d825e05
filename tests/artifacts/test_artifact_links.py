from __future__ import annotations

import pytest
from tests.artifacts.house import House, listing

from wbart.errors import ArtifactNotFound, KindClash, TypeClash


def test_a_link_is_the_same_version_seen_through_a_portfolio(house: House) -> None:
    house.version({"a": "0"})
    artifact = house.version({"a": "1"})
    house.clock.advance(60)

    link = artifact.link("shelf", ["prod"])

    assert (link.id, link.is_link, link.type) == (artifact.id, True, "dataset")
    assert (link.name, link.source_name) == ("shelf:v0", "data:v1")
    assert (link.qualified_name, link.source_qualified_name) == (
        "ann/zoo/shelf:v0",
        "ann/zoo/data:v1",
    )
    assert (link.version, link.source_version) == ("v0", "v1")
    assert link.aliases == ["latest", "prod"]
    assert link.digest == artifact.digest
    assert link.created_at == artifact.created_at
    assert link.linked_at == "2023-11-14T22:14:20.000000Z"
    assert link.source_artifact.qualified_name == artifact.qualified_name
    assert listing(house.load("shelf:prod").download("out")) == {"a": "1"}


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shelf", "ann/zoo/shelf:v0"),
        ("barn/shelf", "ann/barn/shelf:v0"),
        ("bob/barn/shelf", "bob/barn/shelf:v0"),
        ("model-registry/my model", "ann/model-registry/my model:v0"),
    ],
)
def test_what_a_target_leaves_out_is_filled_in(house: House, target: str, name: str) -> None:
    assert house.version().link(target).qualified_name == name


@pytest.mark.parametrize("target", ["", "a/b/c/d", "shelf:v0", "shelf:best", "../shelf"])
def test_a_target_that_names_no_collection_is_refused(house: House, target: str) -> None:
    with pytest.raises(ValueError):
        house.version().link(target)


def test_linking_again_is_the_same_membership(house: House) -> None:
    artifact = house.version()
    first = artifact.link("shelf", ["one"])

    again = artifact.link("shelf", ["two"])

    assert (again.version, again.linked_at) == (first.version, first.linked_at)
    assert again.aliases == ["latest", "one", "two"]
    assert len(artifact.linked_artifacts) == 1


def test_a_portfolio_numbers_in_its_own_way(house: House) -> None:
    house.version({"a": "0"})
    newer, newest = house.version({"a": "1"}), house.version({"a": "2"})

    assert newest.link("shelf").version == "v0"
    assert newer.link("shelf").version == "v1"
    assert house.load("shelf").source_version == "v1"


def test_linking_a_link_links_its_source(house: House) -> None:
    artifact = house.version()

    other = artifact.link("shelf").link("window")

    assert other.source_qualified_name == artifact.qualified_name
    assert {each.name for each in artifact.linked_artifacts} == {"shelf:v0", "window:v0"}


def test_the_source_knows_its_links_and_a_link_none(house: House) -> None:
    artifact = house.version()
    assert artifact.linked_artifacts == []

    link = artifact.link("shelf")

    assert [each.qualified_name for each in artifact.linked_artifacts] == [link.qualified_name]
    assert link.linked_artifacts == []


def test_another_type_is_a_clash(house: House) -> None:
    house.version().link("shelf")
    model = house.version(name="model", type="model")

    before = house.objects("c")

    with pytest.raises(TypeClash):
        model.link("shelf")

    assert model.linked_artifacts == []
    assert house.objects("c") == before


def test_a_sequence_takes_no_links_and_a_portfolio_no_versions(house: House) -> None:
    artifact = house.version()
    artifact.link("shelf")

    with pytest.raises(KindClash):
        artifact.link("data")
    before = house.objects("c") + house.objects("o")
    with pytest.raises(KindClash):
        house.version({"b": "x"}, name="shelf")
    assert house.objects("c") + house.objects("o") == before


def test_unlinking_leaves_the_source(house: House) -> None:
    artifact = house.version()
    link = artifact.link("shelf")

    link.unlink()

    assert link.state == "DELETED"
    assert artifact.linked_artifacts == []
    assert house.load("data").id == artifact.id
    with pytest.raises(ArtifactNotFound):
        house.load("shelf")


def test_whoever_still_holds_a_link_learns_that_it_is_gone(house: House) -> None:
    link = house.version().link("shelf")
    held = house.load("shelf")
    link.unlink()

    held.save()

    assert held.state == "DELETED"


def test_a_version_that_is_no_link_cannot_be_unlinked(house: House) -> None:
    with pytest.raises(ValueError, match=r"use 'Artifact\.delete' instead"):
        house.version().unlink()


def test_deleting_a_link_removes_the_link_alone_whatever_its_aliases(house: House) -> None:
    artifact = house.version()
    link = artifact.link("shelf", ["prod"])

    link.delete()

    assert house.load("data").id == artifact.id
    with pytest.raises(ArtifactNotFound):
        house.load("shelf:prod")


def test_an_unlinked_version_cannot_be_restored_but_linked_again(house: House) -> None:
    artifact = house.version()
    link = artifact.link("shelf")
    link.unlink()

    with pytest.raises(KindClash, match="link its source again"):
        link.restore()

    assert artifact.link("shelf").version == "v1"


def test_a_link_to_a_deleted_version_is_not_found_until_it_is_restored(house: House) -> None:
    artifact = house.version()
    artifact.link("shelf")
    artifact.delete(delete_aliases=True)

    with pytest.raises(ArtifactNotFound, match="deleted"):
        house.load("shelf")
    artifact.restore()

    assert house.load("shelf").id == artifact.id


def test_a_deleted_version_cannot_be_linked(house: House) -> None:
    artifact = house.version()
    artifact.delete(delete_aliases=True)

    with pytest.raises(ArtifactNotFound):
        artifact.link("shelf")

    assert not house.workspace.catalog.exists("ann", "zoo", "shelf")


def test_a_bad_alias_links_nothing(house: House) -> None:
    with pytest.raises(ValueError, match="Aliases must not contain"):
        house.version().link("shelf", ["a:b"])

    assert not house.workspace.catalog.exists("ann", "zoo", "shelf")


def test_editing_a_link_edits_its_source(house: House) -> None:
    artifact = house.version()
    link = artifact.link("shelf")
    link.description = "text"
    link.save()

    assert house.load("data").description == "text"
    assert link.description == "text"


def test_a_draft_is_saved_before_it_is_linked(house: House) -> None:
    draft = house.draft({"a": "1"})

    link = draft.link("shelf")

    assert draft.name == "data:v0"
    assert link.source_name == "data:v0"
