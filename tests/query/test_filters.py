"""Filters mean what W&B's pages say, in memory and in SQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from tests.query.worlds import SCHEMA, row, select, table

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.query import holds, parse, parse_order

ROWS = [
    row("a", state="finished", created=1_600_000_000.0, duration=3.5, tags=["x", "best run"],
        config={"lr": 0.1, "layers": [64, 32], "model": {"name": "resnet50"}, "debug": True},
        summary={"loss": 0.5, "epoch": 3}),
    row("b", state="crashed", created=1_700_000_000.0, tags=[],
        config={"lr": {"value": 0.2}, "model.name": "vgg", "model": {"name": "hidden"}},
        summary={"loss": None, "best": {"acc": 0.9}}),
    row("c", state="running", config={"lr": "0.1", "debug": 1, "layers": [[64, 32]]},
        summary={"loss": 2, "note": "Ünïcode"}),
]  # fmt: skip


MANY: list[object] = [*(f"no {number}" for number in range(5000)), *range(-5000, 0)]
"""What no row has, more than SQLite takes one by one."""


def found(filters: object) -> list[str]:
    condition = parse(filters, SCHEMA)  # type: ignore[arg-type]
    in_memory = [str(each["id"]) for each in ROWS if holds(condition, each)]
    assert sorted(select(table(ROWS), condition)) == in_memory
    return in_memory


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (None, "abc"),
        ({}, "abc"),
        ({"state": "finished"}, "a"),
        ({"state": "Finished"}, ""),
        ({"name": {"$in": ["a", "c"]}}, "ac"),
        ({"name": {"$nin": ["a", "c"]}}, "b"),
        ({"config.lr": 0.1}, "a"),
        ({"config.lr.value": 0.1}, "a"),
        ({"config.lr.value": 0.2}, "b"),
        ({"config.lr": "0.1"}, "c"),
        ({"config.lr": {"value": 0.2}}, "b"),
        ({"config.debug": True}, "a"),
        ({"config.debug": 1}, "c"),
        ({"config.model.name": "resnet50"}, "a"),
        ({"config.model.name": "vgg"}, "b"),
        ({"config.model.name": {"$regex": "^res"}}, "a"),
        ({"config.model.name": {"$regex": "SNET", "$options": "i"}}, "a"),
        ({"config.model.name": {"$regex": re.compile("net5")}}, "a"),
        ({"config.layers": 64}, "a"),
        ({"config.layers": [64, 32]}, "ac"),
        ({"config.layers": {"$gt": 60}}, "a"),
        ({"config.layers": {"$size": 1}}, "c"),
        ({"config.layers": {"$all": [32, 64]}}, "a"),
        ({"config.missing": None}, "abc"),
        ({"config.missing": {"$ne": 1}}, "abc"),
        ({"config.missing": {"$lt": 1}}, ""),
        ({"config.lr": {"$lt": 1}}, "a"),
        ({"summary_metrics.loss": {"$gte": 0.5, "$lt": 2}}, "a"),
        ({"summary_metrics.loss": None}, "b"),
        ({"summary_metrics.loss": {"$exists": True}}, "abc"),
        ({"summary_metrics.epoch": {"$exists": False}}, "bc"),
        ({"summary_metrics.best.acc": {"$gt": 0.8}}, "b"),
        ({"summary_metrics.note": {"$contains": "ï"}}, "c"),
        ({"name": {"$in": [*MANY, "a", "c"]}}, "ac"),
        ({"name": {"$nin": [*MANY, "a", "c"]}}, "b"),
        ({"config.lr": {"$in": [*MANY, 0.1]}}, "a"),
        ({"config.lr": {"$in": [*MANY, "0.1", None]}}, "c"),
        ({"config.lr": {"$in": [*MANY, "0.1", {"value": 0.2}]}}, "bc"),
        ({"config.debug": {"$in": [*MANY, True]}}, "a"),
        ({"config.debug": {"$in": [*MANY, 1]}}, "c"),
        ({"config.layers": {"$in": [*MANY, 32]}}, "a"),
        ({"config.layers": {"$in": [*MANY, [64, 32]]}}, "ac"),
        ({"tags": {"$in": [*MANY, "best run"]}}, "a"),
        ({"duration": {"$in": [*MANY, 3.5]}}, "a"),
        ({"duration": {"$in": [*MANY, 10**400, "a\0b", None]}}, "bc"),
        ({"$or": [{"state": f"no {n}"} for n in range(3000)] + [{"name": "b"}]}, "b"),
        ({"duration": {"$lt": 10**400}}, "a"),
        ({"duration": {"$gt": -(10**400)}}, "a"),
        ({"state": "\ud800"}, ""),
        ({"state": {"$regex": "\ud800"}}, ""),
        ({"config.\ud800": {"$exists": False}}, "abc"),
        ({"tags": "x"}, "a"),
        ({"tags": {"$in": ["best run", "y"]}}, "a"),
        ({"tags": {"$nin": ["x"]}}, "bc"),
        ({"tags": {"$contains": "x"}}, "a"),
        ({"tags": {"$size": 0}}, "b"),
        ({"tags": {"$exists": False}}, "c"),
        ({"createdAt": {"$gt": "2021-01-01T00"}}, "b"),
        ({"created_at": {"$lt": datetime(2021, 1, 1, tzinfo=UTC)}}, "a"),
        ({"created_at": {"$lt": datetime(2021, 1, 1)}}, "a"),
        ({"duration": {"$gt": 3}}, "a"),
        ({"duration": {"$gt": "3"}}, ""),
        ({"duration": None}, "bc"),
        ({"state": {"$not": {"$regex": "ed$"}}}, "c"),
        ({"$or": [{"state": "running"}, {"duration": {"$gt": 1}}]}, "ac"),
        ({"$and": [{"state": "running"}, {"duration": {"$gt": 1}}]}, ""),
        ({"$nor": [{"state": "running"}, {"duration": {"$gt": 1}}]}, "b"),
        ({"$not": {"state": "running"}}, "ab"),
        ({"state": {"$in": []}}, ""),
        ({"tags": {"$all": []}}, ""),
        ({"state": 5}, ""),
        ({"config.lr": {"$gt": 10**30}}, ""),
    ],
)
def test_a_filter_finds(filters: object, ids: str) -> None:
    assert found(filters) == list(ids)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"colour": 1}, "Invalid filter fields: 'colour'"),
        ({"config": 1}, "Invalid filter fields: 'config'"),
        ({'config.a"b': 1}, "quotes"),
        ({"$where": []}, "unknown operator"),
        ({"state": {"$near": 1}}, "unknown operator"),
        ({"state": {"$in": "running"}}, "needs a list"),
        ({"state": {"$gt": None}}, "needs a number or text"),
        ({"state": {"$gt": True}}, "needs a number or text"),
        ({"state": {"$exists": "yes"}}, "True or False"),
        ({"state": {"$regex": "("}}, "not a regular expression"),
        ({"state": {"$regex": "a", "$options": "q"}}, "unknown letter"),
        ({"state": {"$gt": 1, "x": 2}}, "do not go together"),
        ({"state": float("nan")}, "NaN"),
        ({"createdAt": "yesterday"}, "not a date"),
        ({"tags": {"$size": -1}}, "number of members"),
        ({"$or": []}, "list of filters"),
        ({"$or": {"state": 1}}, "list of filters"),
    ],
)
def test_an_odd_filter_is_told(filters: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentInvalid, match=re.escape(words)):
        parse(filters, SCHEMA)


@pytest.mark.parametrize("filters", ["state", ["state"], {"state": b"x"}, {1: 2}, {"state": {2j}}])
def test_what_is_no_filter_is_told(filters: object) -> None:
    with pytest.raises((ArgumentTypeInvalid, ArgumentInvalid)):
        parse(filters, SCHEMA)  # type: ignore[arg-type]


def test_nothing_is_nested_for_ever() -> None:
    filters: dict[str, object] = {"state": "x"}
    for _ in range(10_000):
        filters = {"$and": [filters]}
    with pytest.raises(ArgumentInvalid, match="nested"):
        parse(filters, SCHEMA)


def test_a_value_is_never_read_as_sql() -> None:
    assert found({"state": "x' OR 1=1 --"}) == []
    assert found({"config.a') OR 1=1 --": {"$exists": True}}) == []


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("+created_at", "abc"),
        ("-created_at", "bac"),
        ("created_at", "abc"),
        ("-summary_metrics.loss", "cab"),
        ("+summary_metrics.loss", "acb"),
        ("+config.lr.value", "abc"),
        ("-config.lr", "cab"),
        ("+tags", "abc"),
    ],
)
def test_rows_are_ordered_with_what_is_missing_last(order: str, ids: str) -> None:
    by = parse_order(order, SCHEMA)
    in_memory = sorted(ROWS, key=by.key(lambda each: str(each["id"])))

    assert [each["id"] for each in in_memory] == list(ids)
    assert select(table(ROWS), parse({}, SCHEMA), by) == list(ids)


def test_a_name_without_a_sign_may_descend() -> None:
    assert parse_order("duration", SCHEMA, unsigned_descends=True).descending
    assert not parse_order("+duration", SCHEMA, unsigned_descends=True).descending
    with pytest.raises(ArgumentInvalid):
        parse_order("-", SCHEMA)
