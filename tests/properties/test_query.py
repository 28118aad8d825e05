"""SQL and the reference evaluator find the same rows, and so do other people's evaluators."""

from __future__ import annotations

from typing import Any

import mongomock
from hypothesis import given, settings
from hypothesis import strategies as st
from mgqpy import Query  # type: ignore[import-untyped]
from tests.query.worlds import SCHEMA, row, select, table

from wbart.query import holds, parse, parse_order

TEXT = st.text("ab.Zé\U0001f600 '%", max_size=3)
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.5, -0.0, 1.0, 2.5, 1e300, 2**53 + 1, 2**63, -(2**70)]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xy"), inner),
    max_leaves=4,
)
KEYS = st.sampled_from(["lr", "a", "a.b", "a.b.c", "b", "x"])
DOCUMENTS = st.dictionaries(
    KEYS, VALUES | st.dictionaries(st.sampled_from(["b", "b.c", "value"]), VALUES), max_size=3
)


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, object]]:
    return [
        row(
            str(number),
            state=draw(st.none() | TEXT),
            created=draw(st.none() | st.floats(0, 2e9)),
            duration=draw(st.none() | NUMBERS.map(float)),
            tags=draw(st.none() | st.lists(TEXT, max_size=2)),
            config=draw(DOCUMENTS),
            summary=draw(DOCUMENTS),
        )
        for number in range(draw(st.integers(1, 4)))
    ]


FIELDS = st.sampled_from(
    [
        "state",
        "duration",
        "tags",
        "config.lr",
        "config.a.b",
        "config.a.b.c",
        "config.a.value",
        "summary_metrics.a",
        "summary_metrics.b",
        "summary_metrics.x.y",
    ]
)
BOUNDS = NUMBERS | TEXT
TESTS = st.one_of(
    st.fixed_dictionaries({"$eq": VALUES}),
    st.fixed_dictionaries({"$ne": VALUES}),
    st.fixed_dictionaries({"$in": st.lists(VALUES, max_size=3)}),
    st.fixed_dictionaries({"$nin": st.lists(VALUES, max_size=3)}),
    st.fixed_dictionaries({"$all": st.lists(VALUES, max_size=2)}),
    st.fixed_dictionaries({"$gt": BOUNDS}),
    st.fixed_dictionaries({"$gte": BOUNDS, "$lt": BOUNDS}),
    st.fixed_dictionaries({"$lte": BOUNDS}),
    st.fixed_dictionaries({"$exists": st.booleans()}),
    st.fixed_dictionaries({"$size": st.integers(0, 3)}),
    st.fixed_dictionaries({"$contains": st.booleans() | BOUNDS}),
    st.fixed_dictionaries({"$regex": st.sampled_from(["a", "^a", "b$", "[.]", "é", ""])}),
)
TESTS |= st.fixed_dictionaries({"$not": TESTS})
FILTERS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(FIELDS, TESTS | SCALARS, max_size=2),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"$and": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"$or": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"$nor": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"$not": inner}),
    ),
    max_leaves=4,
)


@settings(max_examples=400)
@given(rows(), FILTERS, FIELDS, st.sampled_from(["+", "-", ""]))
def test_sql_finds_what_the_reference_finds(
    given_rows: list[dict[str, object]], filters: dict[str, Any], field: str, sign: str
) -> None:
    condition, order = parse(filters, SCHEMA), parse_order(sign + field, SCHEMA)
    ordered = sorted(given_rows, key=order.key(lambda each: str(each["id"])))
    expected = [each["id"] for each in ordered if holds(condition, each)]

    assert select(table(given_rows), condition, order) == expected


# Where the rules are MongoDB's: no dotted keys, no integers beyond 64 bits, no None in ranges.
PLAIN = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 2.5]), st.text("ab", max_size=2))
MONGO_ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(["lr", "a"]),
        PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.sampled_from("bc"), PLAIN),
    ),
    min_size=1,
    max_size=4,
)
MONGO_TESTS = st.one_of(
    st.fixed_dictionaries({"$eq": PLAIN}),
    st.fixed_dictionaries({"$ne": PLAIN}),
    st.fixed_dictionaries({"$in": st.lists(PLAIN, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"$nin": st.lists(PLAIN, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"$gt": PLAIN}),
    st.fixed_dictionaries({"$gte": PLAIN}),
    st.fixed_dictionaries({"$lt": PLAIN}),
    st.fixed_dictionaries({"$lte": PLAIN}),
    st.fixed_dictionaries({"$exists": st.booleans()}),
    st.fixed_dictionaries({"$regex": st.sampled_from(["a", "^a", "b$"])}),
)
MONGO_FIELDS = st.sampled_from(["config.lr", "config.a", "config.a.b"])
MONGO_FILTERS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(MONGO_FIELDS, MONGO_TESTS, min_size=1, max_size=2),
    lambda inner: (
        st.fixed_dictionaries({"$and": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"$or": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"$nor": st.lists(inner, min_size=1, max_size=2)})
    ),
    max_leaves=3,
)


@settings(max_examples=300)
@given(MONGO_ROWS, MONGO_FILTERS)
def test_the_reference_agrees_with_mongomock_and_mgqpy(
    configs: list[dict[str, Any]], filters: dict[str, Any]
) -> None:
    condition = parse(filters, SCHEMA)
    given_rows = [row(str(number), config=config) for number, config in enumerate(configs)]
    found = [each["id"] for each in given_rows if holds(condition, each)]
    collection = mongomock.MongoClient().db.runs
    collection.insert_many(
        [{"_id": str(number), "config": config} for number, config in enumerate(configs)]
    )

    assert found == sorted(each["_id"] for each in collection.find(filters))
    matches = Query(filters).test
    assert found == [str(n) for n, config in enumerate(configs) if matches({"config": config})]
