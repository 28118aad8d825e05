"""Registries, their collections and the versions in those: filters, orders, pages."""

from __future__ import annotations

from typing import Any

import pytest
from tests.artifacts.house import House

from wbart.api import Api


@pytest.fixture
def api(house: House) -> Api:
    """Registries `data` with Table, and `model` with Car (two versions) and Zebra, by age."""
    small = house.save(house.draft({"a": "1"}, name="small", type="model"), tags=("prod",))
    large = house.version({"a": "1" * 100}, name="large", type="model", metadata={"f1": 0.9})
    for target, artifact, alias in [
        ("model/Zebra", small, "best"),
        ("data/Table", large, "best"),
        ("model/Car", large, "old"),
        ("model/Car", small, "best"),
    ]:
        house.clock.advance(60)
        artifact.link(f"wandb-registry-{target}", [alias])
    house.clock.advance(60)
    table = Api().artifact_collection("model", "wandb-registry-data/Table")
    table.tags, table.description = ["mine"], "of rows"
    table.save()
    described = Api().registry("data")
    described.description = "All of it"
    described.save()
    return Api()


def names(found: Any) -> list[str]:
    return [each.name for each in found]


def test_all_is_listed_by_name(api: Api) -> None:
    assert names(api.registries()) == ["data", "model"]
    assert names(api.registries().collections()) == ["Car", "Table", "Zebra"]
    assert names(api.registries().versions()) == ["Car:v0", "Car:v1", "Table:v0", "Zebra:v0"]
    assert (len(api.registries()), len(api.registries().versions())) == (2, 4)


def test_a_version_is_as_its_collection_shows_it(api: Api) -> None:
    old, new = api.registry("model").versions({"version": {"$exists": True}})[:2]

    assert (old.name, old.source_name, old.is_link) == ("Car:v0", "large:v0", True)
    assert (old.aliases, new.aliases) == (["old"], ["best", "latest"])


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"name": "model"}, ["model"]),
        ({"name": "wandb-registry-model"}, ["model"]),
        ({"name": {"$in": ["model", "wandb-registry-data"]}}, ["data", "model"]),
        ({"name": {"$ne": "model"}}, ["data"]),
        ({"name": {"$not": {"$eq": "model"}}}, ["data"]),
        ({"$or": [{"name": "data"}, {"name": "none"}]}, ["data"]),
        ({"name": {"$regex": "^model"}}, []),
        ({"name": {"$regex": "mod"}}, ["model"]),
        ({"name": {"$contains": "registry-d"}}, ["data"]),
        ({"description": {"$regex": "All"}}, ["data"]),
        ({"created_at": {"$gt": "2023-11-14T22:14:30"}}, ["data"]),
        ({"updatedAt": {"$lt": "2023-11-14T22:14:30"}}, ["model"]),
    ],
)
def test_registries_are_filtered(api: Api, filter: dict[str, Any], found: list[str]) -> None:
    assert names(api.registries(filter=filter)) == found


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"name": "Car"}, ["Car"]),
        ({"name": {"$regex": "a"}}, ["Car", "Table", "Zebra"]),
        ({"tag": "mine"}, ["Table"]),
        ({"tag": {"$exists": True}, "description": "of rows"}, ["Table"]),
        ({"created_at": {"$lte": "2023-11-14T22:14:20Z"}}, ["Zebra"]),
    ],
)
def test_collections_are_filtered(api: Api, filter: dict[str, Any], found: list[str]) -> None:
    assert names(api.registries().collections(filter)) == found


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"alias": "best"}, ["Car:v1", "Table:v0", "Zebra:v0"]),
        ({"tag": "prod"}, ["Car:v1", "Zebra:v0"]),
        ({"$or": [{"tag": "prod"}, {"alias": "old"}]}, ["Car:v0", "Car:v1", "Zebra:v0"]),
        ({"version": "v1"}, ["Car:v1"]),
        ({"version": 1}, ["Car:v1"]),
        ({"metadata.f1": {"$gt": 0.5}}, ["Car:v0", "Table:v0"]),
        ({"artifact_size": {"$lt": 50}}, ["Car:v1", "Zebra:v0"]),
    ],
)
def test_versions_are_filtered(api: Api, filter: dict[str, Any], found: list[str]) -> None:
    assert names(api.registries().versions(filter)) == found


def test_filters_of_all_levels_go_together(api: Api) -> None:
    found = (
        api.registries(filter={"name": {"$regex": "model"}})
        .collections(filter={"name": {"$ne": "Zebra"}})
        .versions(filter={"alias": "best"})
    )

    assert names(found) == ["Car:v1"]


@pytest.mark.parametrize("filter", [{"nam": 1}, {"$or": [{"tag": 1}]}, {"name": {"$like": "x"}}])
def test_a_filter_that_makes_no_sense_is_refused_at_once(api: Api, filter: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        api.registries(filter=filter)


def test_an_unknown_field_is_told(api: Api) -> None:
    with pytest.raises(ValueError, match="Invalid filter fields"):
        api.registries().collections({"alias": "x"})
    with pytest.raises(ValueError, match="Invalid filter fields"):
        api.registries().versions({"name": "x"})


def test_a_level_is_ordered_as_a_whole(api: Api) -> None:
    assert names(api.registries(order="-name")) == ["model", "data"]
    assert names(api.registries(order="created_at")) == ["model", "data"]
    assert names(api.registries().collections(order="-name")) == ["Zebra", "Table", "Car"]
    assert names(api.registries().collections(order="+created_at")) == ["Zebra", "Table", "Car"]
    assert names(api.registries().versions(order="-linked_at")) == [
        "Car:v1",
        "Car:v0",
        "Table:v0",
        "Zebra:v0",
    ]
    assert names(api.registries().versions(order="artifact_size")) == [
        "Car:v1",
        "Zebra:v0",
        "Car:v0",
        "Table:v0",
    ]


@pytest.mark.parametrize("order", ["size", "-", "", "tag"])
def test_an_order_by_anything_else_is_refused(api: Api, order: str) -> None:
    with pytest.raises(ValueError):
        api.registries(order=order)
    with pytest.raises(ValueError):
        api.registries().versions(order=order)


def test_what_belongs_to_ordered_parents_stays_together(api: Api) -> None:
    assert names(api.registries(order="-name").collections()) == ["Car", "Zebra", "Table"]
    assert names(api.registries(order="-name").collections(order="-name")) == [
        "Zebra",
        "Car",
        "Table",
    ]
    assert names(api.registries().collections(order="-name").versions(order="linked_at")) == [
        "Zebra:v0",
        "Table:v0",
        "Car:v0",
        "Car:v1",
    ]
    assert names(api.registries(order="name").versions()) == [
        "Table:v0",
        "Car:v0",
        "Car:v1",
        "Zebra:v0",
    ]


def test_below_ordered_parents_nothing_is_resumed_or_counted(api: Api) -> None:
    ordered = api.registries(order="name")
    found = ordered.collections(per_page=1)

    with pytest.raises(ValueError, match="start"):
        ordered.collections(start="x")
    with pytest.raises(ValueError, match="length"):
        len(found)
    with pytest.raises(ValueError, match="cursor"):
        _ = found.cursor
    assert found
    assert names(list(found)) == ["Table", "Car", "Zebra"]
    assert not ordered.collections({"name": "none"})
    assert len(ordered) == 2


@pytest.mark.parametrize("order", [None, "artifact_size", "-linked_at", "-created_at"])
def test_pages_advance_and_a_cursor_resumes(api: Api, order: str | None) -> None:
    whole = names(api.registries().versions(order=order))
    found = api.registries().versions(order=order, per_page=1)
    for number in range(1, 5):
        found.load_page()
        rest = api.registries().versions(order=order, start=found.cursor)
        assert names(found.objects) == whole[:number]
        assert names(rest) == whole[number:]


@pytest.mark.parametrize("order", [None, "-artifact_size", "linked_at"])
def test_a_cursor_holds_though_its_item_is_gone(house: House, api: Api, order: str | None) -> None:
    whole = names(api.registries().versions(order=order))
    found = api.registries().versions(order=order, per_page=2)
    found.load_page()
    house.load(f"wandb-registry-{'data' if 'Table' in whole[1] else 'model'}/{whole[1]}").unlink()

    rest = api.registries().versions(order=order, start=found.cursor)

    assert names(rest) == whole[2:]


def test_nothing_is_read_before_it_is_looked_at(house: House, api: Api) -> None:
    lazy = api.registries().collections().versions()

    house.version({"a": "3"}).link("wandb-registry-model/New")

    assert "New:v0" in names(lazy)
