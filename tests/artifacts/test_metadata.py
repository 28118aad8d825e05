"""What metadata may hold, and what becomes of it."""

from __future__ import annotations

import json
import math
import os
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Any

import pytest

from wbart.drafts.metadata import DESCRIPTION_SIZE, SIZE, description, friendly, normalize
from wbart.errors import ArgumentTypeInvalid, MetadataInvalid


class Color(Enum):
    RED = "r"


class Level(IntEnum):
    HIGH = 3


@dataclass
class Point:
    x: float
    inner: object = None


Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1, 1),
        (True, True),
        (None, None),
        (0.5, 0.5),
        ("ü", "ü"),
        ((1, (2,)), [1, [2]]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset(["b", "a"]), ["a", "b"]),
        (b"bytes", "bytes"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (Color.RED, "RED"),
        (Level.HIGH, "HIGH"),
        (Point(1.0, Point(2.0)), {"x": 1.0, "inner": {"x": 2.0, "inner": None}}),
        (Pair(1, (2,)), [1, [2]]),
        (slice(1, 2), {"slice_start": 1, "slice_stop": 2, "slice_step": None}),
        (Decimal("1.50"), "1.50"),
        (PurePosixPath("a/b"), "a/b"),
        (math.nan, None),
        ([math.nan, {"x": math.nan}], [None, {"x": None}]),
        (os.path.join, "posixpath.join"),
        (Point, f"{__name__}.Point"),
        (len, "builtins.len"),
        (OrderedDict(a=1), {"a": 1}),
        (10**30, 10**30),
    ],
)
def test_values_become_json(value: object, wanted: object) -> None:
    assert normalize({"k": value}) == {"k": wanted}


def test_mixed_sets_have_one_order() -> None:
    assert normalize({"k": {"b", 1, None}}) == {"k": ["b", 1, None]}


@pytest.mark.parametrize("empty", [None, "", {}, "{}"])
def test_nothing_is_an_empty_dict(empty: object) -> None:
    assert normalize(empty) == {}


def test_a_json_object_is_read() -> None:
    assert normalize('{"a": [1, NaN]}') == {"a": [1, None]}


@pytest.mark.parametrize("bad", [[], 3, (), "[1]", "3", b"{}", object()])
def test_what_is_no_object_is_a_type_error(bad: object) -> None:
    with pytest.raises(ArgumentTypeInvalid, match="metadata must be a dict"):
        normalize(bad)


def test_a_text_that_is_no_json_is_a_value_error() -> None:
    with pytest.raises(MetadataInvalid, match="not JSON"):
        normalize("{")


@pytest.mark.parametrize("leaf", [object(), 1j, iter([]), memoryview(b"")])
def test_what_json_cannot_hold_is_named_with_its_place(leaf: object) -> None:
    with pytest.raises(TypeError) as caught:
        normalize({"a": [1, {"b": leaf}]})

    assert f"metadata['a'][1]['b'] is a {type(leaf).__name__}" in str(caught.value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, '{"a": Infinity}'])
def test_infinities_are_value_errors(value: object) -> None:
    with pytest.raises(MetadataInvalid, match=r"metadata\['a'\] is infinite"):
        normalize(value if isinstance(value, str) else {"a": value})


def test_keys_are_written_as_json_writes_them() -> None:
    value: dict[object, object] = {2: "a", None: "b", True: "c", 1.5: "d", "s": "e"}

    assert normalize(value) == json.loads(json.dumps(value))


def test_a_tuple_is_no_key() -> None:
    with pytest.raises(TypeError, match="has a key that is a tuple"):
        normalize({"a": {(1, 2): 3}})


def test_two_keys_do_not_become_one() -> None:
    with pytest.raises(MetadataInvalid, match="two keys that JSON writes as '1'"):
        normalize({1: "a", "1": "b"})


def test_a_hundred_keys_are_kept_and_nested_ones_are_not_counted() -> None:
    nested = {str(i): i for i in range(500)}

    assert len(normalize({str(i): nested for i in range(100)})) == 100
    with pytest.raises(MetadataInvalid, match="101 keys, at most 100"):
        normalize({str(i): i for i in range(101)})


def test_metadata_is_limited_in_bytes() -> None:
    fits = {"k": "x" * (SIZE - len('{"k":""}'))}

    assert normalize(fits) == fits
    with pytest.raises(MetadataInvalid, match=f"{SIZE + 1} bytes as JSON"):
        normalize({"k": fits["k"] + "x"})


def test_the_copy_is_deep_and_independent() -> None:
    mine: dict[str, Any] = {"a": {"b": [1]}}

    kept = normalize(mine)
    mine["a"]["b"].append(2)

    assert kept == {"a": {"b": [1]}}


def test_what_holds_itself_is_refused() -> None:
    mine: list[object] = []
    mine.append(mine)

    with pytest.raises(MetadataInvalid, match="in itself"):
        normalize({"a": mine})


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, b"\xff"])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(MetadataInvalid):
        normalize({"a": value})


def test_numpy_values_become_plain() -> None:
    np = pytest.importorskip("numpy")

    assert normalize(
        {
            "scalar": np.float32(0.5),
            "int": np.int64(3),
            "bool": np.bool_(True),
            "nan": np.float64("nan"),
            "list": np.array([[1, 2], [3, 4]]),
            "floats": np.array([1.0, math.nan]),
            "one": np.array([7]),
            "none": np.array([]),
            "many": np.arange(33),
            "most": np.arange(32),
            "date": np.datetime64("2026-01-02"),
            "in": {np.int64(3): np.float64(1.5)},
        }
    ) == {
        "scalar": 0.5,
        "int": 3,
        "bool": True,
        "nan": None,
        "list": [[1, 2], [3, 4]],
        "floats": [1.0, None],
        "one": "7",
        "none": [],
        "many": str(np.arange(33)),
        "most": list(range(32)),
        "date": "2026-01-02",
        "in": {"3": 1.5},
    }
    with pytest.raises(MetadataInvalid, match="infinite"):
        normalize({"a": np.array([1.0, math.inf])})


def test_friendly_goes_one_level_and_leaves_numbers_alone() -> None:
    assert friendly(math.inf) == math.inf
    assert friendly(Point(1.0, Color.RED)) == {"x": 1.0, "inner": Color.RED}
    assert friendly(Decimal("1.5")) == "1.5"
    with pytest.raises(TypeError):
        friendly(object())


def test_a_description_is_text_of_limited_size() -> None:
    assert description(None) is None
    assert description("") == ""
    assert description("x" * DESCRIPTION_SIZE)
    with pytest.raises(MetadataInvalid):
        description("x" * (DESCRIPTION_SIZE + 1))
    with pytest.raises(TypeError):
        description(3)
