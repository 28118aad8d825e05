from __future__ import annotations

from typing import Any

import pytest
from tests.artifacts.house import House

from wbart.errors import AliasInvalid, ArtifactNotFound, TagInvalid


def test_a_new_version_takes_latest_from_the_one_before(house: House) -> None:
    first = house.version({"a": "1"}, "best")
    house.version({"a": "2"})

    assert house.load("data:v0").aliases == ["best"]
    assert house.load("data").aliases == ["latest"]
    assert first.aliases == ["best", "latest"]


def test_an_alias_moves_off_whoever_held_it(house: House) -> None:
    house.version({"a": "1"}, "best")
    house.version({"a": "2"}, "best")

    assert house.load("data:best").version == "v1"
    assert house.load("data:v0").aliases == []


@pytest.mark.parametrize("bad", ["a/b", "a:b"])
def test_the_characters_that_paths_need_are_refused_in_wandbs_words(house: House, bad: str) -> None:
    wanted = "Aliases must not contain any of the following characters: '/', ':'"
    artifact = house.version()

    with pytest.raises(AliasInvalid) as caught:
        artifact.aliases = [bad]
    assert str(caught.value) == wanted
    with pytest.raises(ValueError, match="Aliases must not contain"):
        house.version({"a": "2"}, bad)
    assert house.load("data").version == "v0"


def test_an_alias_that_looks_like_a_version_is_refused(house: House) -> None:
    with pytest.raises(AliasInvalid):
        house.version().aliases = ["v7"]


def test_one_text_is_a_list_of_one(house: House) -> None:
    artifact = house.version()
    text: Any = "best"

    artifact.aliases = text
    artifact.save()

    assert house.load("data:best").aliases == ["best"]


def test_aliases_may_be_assigned_or_edited_in_place(house: House) -> None:
    artifact = house.version()
    artifact.aliases.append("best")
    artifact.save()
    assert artifact.aliases == ["best", "latest"]

    artifact.aliases = ["final"]
    artifact.save()

    assert house.load("data:final").aliases == ["final"]
    with pytest.raises(ArtifactNotFound):
        house.load("data:best")


def test_latest_may_be_taken_away_and_means_the_newest_then(house: House) -> None:
    house.version({"a": "1"})
    artifact = house.version({"a": "2"})
    artifact.aliases = []
    artifact.save()

    assert house.load("data").version == "v1"
    assert house.load("data:latest").aliases == []


def test_only_the_difference_is_stored(house: House) -> None:
    house.version(None, "one")
    mine, yours = house.load("data"), house.load("data")
    mine.aliases.append("mine")
    yours.aliases.append("yours")

    mine.save()
    yours.save()

    assert house.load("data").aliases == ["latest", "mine", "one", "yours"]


def test_an_alias_that_moved_on_is_not_taken_back(house: House) -> None:
    held = house.version({"a": "1"}, "best")
    house.version({"a": "2"}, "best")

    held.aliases.append("mine")
    held.save()

    assert held.aliases == ["mine"]
    assert house.load("data:best").version == house.load("data").version == "v1"


def test_a_bad_alias_edited_in_place_changes_nothing_else(house: House) -> None:
    artifact = house.version()
    artifact.description = "text"
    artifact.aliases.append("a:b")

    with pytest.raises(AliasInvalid):
        artifact.save()

    assert house.load("data").description is None


def test_the_aliases_of_source_and_portfolio_are_independent(house: House) -> None:
    artifact = house.version(None, "sequence")
    link = artifact.link("shelf", ["prod"])

    assert link.aliases == ["latest", "prod"]
    link.aliases = ["canary"]
    link.save()

    assert house.load("shelf:canary").aliases == ["canary"]
    assert house.load("data").aliases == ["latest", "sequence"]


@pytest.mark.parametrize("tag", ["", " a", "a ", "a!", "a/b", "a:b"])
def test_a_tag_that_is_no_words_is_refused(house: House, tag: str) -> None:
    artifact = house.version()

    with pytest.raises(TagInvalid, match="Invalid tag"):
        artifact.tags = [tag]
    with pytest.raises(TagInvalid):
        house.save(house.draft({"b": "x"}), tags=(tag,))
    artifact.tags.append(tag)
    with pytest.raises(TagInvalid):
        artifact.save()
    assert house.load("data").tags == []


def test_tags_keep_their_order_and_lose_repetitions(house: House) -> None:
    artifact = house.save(house.draft({"a": "1"}), tags=("z", "a", "z", "über uns", "x-y_1"))

    assert house.load("data").tags == ["z", "a", "über uns", "x-y_1"]
    artifact.tags.remove("z")
    artifact.tags.append("new")
    artifact.save()

    assert house.load("data").tags == ["a", "über uns", "x-y_1", "new"]


def test_tags_belong_to_the_source_and_show_through_links(house: House) -> None:
    artifact = house.save(house.draft({"a": "1"}), tags=("one",))
    link = artifact.link("shelf")
    assert link.tags == ["one"]

    link.tags = ["two"]
    link.save()

    assert house.load("data").tags == house.load("shelf").tags == ["two"]


def test_an_alias_is_found_as_it_stood_at_a_time(house: House) -> None:
    house.version({"a": "1"}, "best")
    then = house.clock.now()
    house.clock.advance(60)
    house.version({"a": "2"}, "best")

    assert house.load("data:best").version == "v1"
    assert house.load("data:best", at=then).version == "v0"
    assert house.load("data:best@{2023-11-14T22:13:50Z}").version == "v0"
    assert house.load("data@{2023-11-14T22:13:50Z}").version == "v0"
    with pytest.raises(ArtifactNotFound):
        house.load("data:best@{2023-11-14T22:00:00Z}")


def test_an_unknown_alias_is_named_in_one_line(house: House) -> None:
    house.version()

    with pytest.raises(ArtifactNotFound, match="data:nobody") as caught:
        house.load("data:nobody")

    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)
