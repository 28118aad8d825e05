from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.artifacts.house import House

from wbart.artifact import Artifact
from wbart.errors import ArtifactNotFound, ArtifactNotLoggedError
from wbart.ttl import ArtifactTTL

DAY = timedelta(days=1)


def test_an_inherited_ttl_is_unknown_before_logging_and_none_after(house: House) -> None:
    artifact = house.draft({"a": "x"})
    with pytest.raises(ArtifactNotLoggedError):
        _ = artifact.ttl

    assert house.save(artifact).ttl is None


@pytest.mark.parametrize("value", [timedelta(0), -DAY, timedelta(milliseconds=5)])
def test_less_than_a_second_is_refused_and_changes_nothing(house: House, value: timedelta) -> None:
    artifact = house.draft()
    artifact.ttl = DAY

    with pytest.raises(ValueError):
        artifact.ttl = value

    assert artifact.ttl == DAY


@pytest.mark.parametrize("value", [5, "1d", 2.5])
def test_what_is_no_timedelta_is_a_type_error(house: House, value: Any) -> None:
    with pytest.raises(TypeError):
        house.draft().ttl = value


def test_a_ttl_set_before_logging_is_kept(house: House) -> None:
    artifact = house.draft({"a": "x"})
    artifact.ttl = DAY

    house.save(artifact)

    assert house.load("data").ttl == DAY
    assert house.load("data").expires_at == "2023-11-15T22:13:20.000000Z"


def test_inherit_and_none_may_be_set(house: House) -> None:
    artifact = house.version()
    artifact.ttl = DAY
    artifact.save()

    artifact.ttl = ArtifactTTL.INHERIT
    artifact.save()
    assert (artifact.ttl, artifact.expires_at) == (None, None)
    artifact.ttl = None
    artifact.save()

    assert house.load("data").expires_at is None
    assert Artifact.TTL is ArtifactTTL


def test_an_expired_version_is_not_found_though_nothing_was_written(house: House) -> None:
    artifact = house.version()
    artifact.ttl = DAY
    artifact.save()
    before = house.objects("c")

    house.clock.advance(DAY.total_seconds())

    with pytest.raises(ArtifactNotFound, match="expired"):
        house.load("data:v0")
    with pytest.raises(ArtifactNotFound):
        house.load("data:latest")
    assert house.objects("c") == before


def test_expiry_counts_from_the_creation_however_late_it_was_set(house: House) -> None:
    artifact = house.version()
    house.clock.advance(DAY.total_seconds() - 1)
    artifact.ttl = DAY
    artifact.save()
    assert house.load("data").version == "v0"

    house.clock.advance(1)

    with pytest.raises(ArtifactNotFound):
        house.load("data")


def test_latest_falls_back_to_what_has_not_expired(house: House) -> None:
    house.version({"a": "1"})
    newer = house.version({"a": "2"})
    newer.ttl = DAY
    newer.save()

    house.clock.advance(DAY.total_seconds() + 1)

    assert house.load("data").version == "v0"


def test_the_same_content_as_an_expired_version_makes_a_new_one(house: House) -> None:
    artifact = house.version()
    artifact.ttl = DAY
    artifact.save()
    house.clock.advance(DAY.total_seconds())

    assert house.version().version == "v1"


def test_a_link_has_the_ttl_of_its_source_and_cannot_set_it(house: House) -> None:
    artifact = house.version()
    artifact.ttl = DAY
    artifact.save()
    link = artifact.link("shelf")

    assert link.ttl == DAY
    with pytest.raises(ValueError, match="Unlink"):
        link.ttl = None


def test_a_link_to_an_expired_version_is_not_found(house: House) -> None:
    artifact = house.version()
    artifact.ttl = DAY
    artifact.save()
    artifact.link("shelf")

    house.clock.advance(DAY.total_seconds())

    with pytest.raises(ArtifactNotFound, match="expired"):
        house.load("shelf")


def test_a_registry_disables_the_ttl_for_good(house: House) -> None:
    artifact = house.version()
    artifact.ttl = DAY
    artifact.save()

    link = artifact.link("wandb-registry-models/best")
    house.clock.advance(2 * DAY.total_seconds())
    assert house.load("data").ttl is None
    link.unlink()

    assert house.load("data").ttl is None


def test_a_draft_of_the_next_version_inherits(house: House) -> None:
    artifact = house.version()
    artifact.ttl = DAY
    artifact.save()

    with pytest.raises(ArtifactNotLoggedError):
        _ = artifact.new_draft().ttl


@pytest.mark.parametrize("type_", ["run_table", "code"])
def test_types_that_wandb_makes_by_itself_have_no_ttl(house: House, type_: str) -> None:
    with pytest.raises(ValueError, match="TTL"):
        house.draft(type=type_).ttl = DAY
