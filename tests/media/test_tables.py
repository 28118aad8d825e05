"""Table: what it takes, what it refuses, what comes back."""

from __future__ import annotations

import datetime as dt
import logging
import time
import zipfile
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from tests.media.folder import Folder

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, UsageError
from wbart.media.classes import Classes
from wbart.media.table import Table
from wbart.media.value import Origin

UTC = dt.UTC


def back(table: Table, folder: Folder) -> Table:
    """The table, written and read again."""
    path, _ = folder.hold_value(table, "t")
    found = folder.get(path)
    assert isinstance(found, Table)
    return found


def types(table: Table) -> dict[str | int, str]:
    return {name: str(each) for name, each in table._columns.types.items()}


class Color(Enum):
    RED = 1


def test_a_table_of_nothing_has_the_columns_of_old() -> None:
    assert Table().columns == ["Input", "Output", "Expected"]
    assert Table(rows=[[1, 2, 3]]).data == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "Number"),
        (2.5, "Number"),
        (Decimal("1.5"), "Pythonobject(class_name:Decimal)"),
        (True, "Boolean"),
        ("x", "String"),
        (dt.datetime(2024, 1, 1), "Timestamp"),
        (dt.date(2024, 1, 1), "Timestamp"),
        (pandas.Timestamp("2024-01-01"), "Timestamp"),
        (numpy.datetime64("2024-01-01"), "Timestamp"),
        (numpy.int8(1), "Number"),
        (numpy.float32(1), "Number"),
        (numpy.bool_(True), "Boolean"),
        (numpy.str_("x"), "String"),
        ([1, 2], "Number[]"),
        ((1, 2), "Number[]"),
        ([1, None], "None or Number[]"),
        ([1, "x"], "Any or None[]"),
        ([], "Unknown[]"),
        ({"a": 1}, "{'a': Number}"),
        (numpy.ones((2, 3)), "Ndarray(shape:[2, 3])"),
        (Color.RED, "Pythonobject(class_name:Color)"),
        (Table(["a"], [[1]]), "Table(column_types:{'a': None or Number})"),
    ],
)
def test_each_value_has_a_type(value: object, expected: str) -> None:
    table = Table(["v"], [[value]], optional=False)
    assert types(table) == {"v": expected}


@pytest.mark.parametrize("value", [None, float("nan"), numpy.float32("nan"), pandas.NA, pandas.NaT])
def test_what_is_missing_counts_as_none(value: object, artifact: Folder) -> None:
    table = Table(["v"], [[1], [value]])
    assert types(table) == {"v": "None or Number"}
    assert back(table, artifact).data == [[1], [None]]
    assert back(table, artifact) == table
    with pytest.raises(TypeError):
        Table(["v"], [[value]], optional=False)
    with pytest.raises(TypeError):
        Table(["v"], [[0.5], [value]], optional=False)


def test_a_value_of_another_type_is_refused_and_changes_nothing() -> None:
    table = Table(["n", "s"], [[1, "x"]])
    with pytest.raises(ArgumentTypeInvalid, match="'two' of type String in column 'n' is not"):
        table.add_data("two", "y")
    with pytest.raises(ArgumentTypeInvalid):
        table.add_data(2, 5)
    assert table.data == [[1, "x"]]
    assert types(table) == {"n": "None or Number", "s": "None or String"}


def test_mixed_types_are_taken_when_they_are_allowed(artifact: Folder) -> None:
    rows = [[1], ["x"], [None], [[1, "y"]], [{"a": 1}], [{"b": 2}]]
    table = Table(["m"], rows, allow_mixed_types=True)
    assert back(table, artifact).data == rows
    assert back(table, artifact) == table


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ArgumentInvalid, match=r"expects 2 columns: \['a', 'b'\], found 3"):
        Table(["a", "b"]).add_data(1, 2, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"log_mode": "SOMETIMES"},
        {"log_mode": None},
        {"columns": ["a", "a"]},
        {"columns": [1, "1"]},
        {"columns": ["a"], "dtype": [int, str]},
        {"columns": ["a"], "optional": [True, False]},
    ],
)
def test_what_does_not_fit_is_a_value_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentInvalid) as raised:
        Table(**arguments)
    assert isinstance(raised.value, ValueError)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "arguments",
    [{"columns": "ab"}, {"columns": [1.5]}, {"data": "text"}, {"data": [1, 2, 3]}, {"data": 5}],
)
def test_what_is_of_no_use_is_a_type_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentTypeInvalid) as raised:
        Table(**arguments)
    assert isinstance(raised.value, TypeError)


def test_declared_types_are_held_to() -> None:
    table = Table(["n", "c"], dtype=[int, ["a", "b"]], optional=[True, False])
    table.add_data(None, "a")
    table.add_data(1, "b")
    with pytest.raises(TypeError):
        table.add_data(1, "c")
    with pytest.raises(TypeError):
        table.add_data("1", "a")


def test_classes_declare_the_ids_of_a_column(artifact: Folder) -> None:
    classes = Classes([{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}])
    table = Table(["c"], [[1], [2]], dtype=classes)
    with pytest.raises(TypeError):
        table.add_data(3)
    found = back(table, artifact)
    assert found == table
    with pytest.raises(TypeError):
        found.add_data(3)
    assert Table(["c"], [[1]], dtype=classes.get_type()) == Table(["c"], [[1]], dtype=classes)


def test_cast_declares_a_type_that_all_values_have() -> None:
    table = Table(["a", "b"], [[1, "x"]])
    table.cast("a", float)
    assert types(table)["a"] == "Number"
    with pytest.raises(ArgumentTypeInvalid, match="Existing data 'x', of type String cannot be"):
        table.cast("b", int)
    assert types(table)["b"] == "None or String"
    with pytest.raises(ArgumentInvalid, match="no column 'z'"):
        table.cast("z", int)


def test_times_come_back_to_the_millisecond_in_utc(artifact: Folder) -> None:
    zone = dt.timezone(dt.timedelta(hours=-3))
    given = [
        dt.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        dt.datetime(2024, 1, 2, 3, 4, 5, 999999),
        dt.datetime(1901, 2, 3, 4, 5, 6, 7000, tzinfo=zone),
        dt.date(9999, 12, 31),
        numpy.datetime64("2024-01-01T00:00:00.123456789"),
        pandas.Timestamp("2024-01-01", tz="Europe/Zurich"),
    ]
    table = Table(["t"], [[each] for each in given])
    found = back(table, artifact)
    assert [row[0] for row in found.data] == [
        dt.datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        dt.datetime(2024, 1, 2, 3, 4, 5, 999000, tzinfo=UTC),
        dt.datetime(1901, 2, 3, 7, 5, 6, 7000, tzinfo=UTC),
        dt.datetime(9999, 12, 31, tzinfo=UTC),
        dt.datetime(2024, 1, 1, 0, 0, 0, 123000, tzinfo=UTC),
        dt.datetime(2023, 12, 31, 23, tzinfo=UTC),
    ]
    assert found == table


def test_times_inside_lists_and_dicts_come_back_too(artifact: Folder) -> None:
    moment = dt.datetime(2024, 1, 1, tzinfo=UTC)
    table = Table(["l", "d"], [[[moment, moment], {"at": moment, "n": 1}]])
    assert back(table, artifact).data == table.data
    assert back(table, artifact) == table


def test_arrays_come_back_short_ones_as_lists(artifact: Folder) -> None:
    grid = numpy.arange(6, dtype="float32").reshape(2, 3)
    table = Table(["g", "v"], [[grid, numpy.arange(3)], [grid + 1, numpy.arange(3)]])
    found = back(table, artifact)
    assert found.data[0][1] == [0, 1, 2]
    assert found.data[1][0].dtype == grid.dtype
    numpy.testing.assert_array_equal(found.data[1][0], grid + 1)
    assert found == table


def test_a_row_may_lack_its_array(artifact: Folder) -> None:
    table = Table(["g"], [[None], [numpy.ones((2, 2))], [None]])
    found = back(table, artifact)
    assert [row[0] is None for row in found.data] == [True, False, True]
    assert back(found, artifact) == table


@pytest.mark.parametrize(
    "array",
    [
        numpy.array([["a", "b"]]),
        numpy.array([[True, False]]),
        numpy.array([[1 + 2j]]),
        numpy.array([["2024-01-01"]], dtype="datetime64[s]"),
        numpy.zeros((0, 3)),
        numpy.array([[numpy.nan, numpy.inf]]),
    ],
)
def test_arrays_of_any_plain_kind_come_back(array: Any, artifact: Folder) -> None:
    table = Table(["g"], [[array]])
    found = back(table, artifact)
    assert found.data[0][0].dtype == array.dtype
    assert found == table


@pytest.mark.parametrize("name", ["", "\0", "a\0b", "a/b", ".."])
def test_arrays_come_back_whatever_their_column_is_called(name: str, artifact: Folder) -> None:
    table = Table([name], [[numpy.zeros((2, 3))], [None]])
    found = back(table, artifact)
    assert found.columns == [name]
    assert found == table


def test_arrays_of_objects_are_refused(artifact: Folder) -> None:
    things = numpy.empty((1, 1), dtype=object)
    table = Table(["g"], [[things]])
    with pytest.raises(ArgumentTypeInvalid, match="arrays of column 'g' hold objects"):
        table.to_json(artifact)


def test_arrays_of_another_shape_are_refused() -> None:
    with pytest.raises(TypeError):
        Table(["g"], [[numpy.ones((2, 2))], [numpy.ones((2, 3))]])


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    one, two = Folder(tmp_path / "one"), Folder(tmp_path / "two")
    for folder in (one, two):
        back(Table(["g/h: i"], [[numpy.eye(3)]]), folder)
    files = [each.below("media/serialized_data") for each in (one, two)]
    assert files[0] == files[1]
    assert len(files[0]) == 1
    kept = one.local_path(files[0][0])
    assert kept.read_bytes() == two.local_path(files[1][0]).read_bytes()
    with zipfile.ZipFile(kept) as packed:
        assert {each.date_time[0] for each in packed.infolist()} == {1980}, "no clock tells in it"


def test_a_table_in_a_cell_comes_back(artifact: Folder) -> None:
    table = Table(["t"], [[Table(["a"], [[1], [2]])], [None]])
    assert back(table, artifact) == table


def test_mixed_names_of_columns_are_kept(artifact: Folder) -> None:
    table = Table(["a", 0, 7], [[1, "x", None]])
    assert back(table, artifact).columns == ["a", 0, 7]
    assert back(table, artifact) == table


def test_frames_of_pandas_go_in_and_out(artifact: Folder) -> None:
    frame = pandas.DataFrame(
        {
            "i": [1, 2],
            "f": [0.5, None],
            "s": ["x", None],
            "t": pandas.Series(["2024-01-01", None], dtype="datetime64[ns]"),
            "b": [True, False],
            "n": pandas.array([1, None], dtype="Int64"),
            "c": pandas.Categorical(["u", "v"]),
            3: [[1, 2], [3]],
        }
    )
    for table in (Table(dataframe=frame), Table(data=frame)):
        assert types(table) == {
            "i": "None or Number",
            "f": "None or Number",
            "s": "None or String",
            "t": "None or Timestamp",
            "b": "Boolean or None",
            "n": "None or Number",
            "c": "None or String",
            3: "None or Number[]",
        }
        found = back(table, artifact)
        assert found == table
        again = found.get_dataframe()
        assert list(again.columns) == list(frame.columns)
        assert again["i"].tolist() == [1, 2]
        assert again["c"].tolist() == ["u", "v"]
        assert again["t"][0] == pandas.Timestamp("2024-01-01", tz="UTC")
    assert Table(dataframe=pandas.DataFrame({"a": []})).data == []


def test_columns_are_added_and_fetched() -> None:
    table = Table(["x"], [[3], [4]])
    table.add_column("y", [1, 6])
    table.add_column("z", numpy.array([0.5, 1.5]), optional=True)
    table.add_computed_columns(lambda number, row: {"d": row["x"] - row["y"], "n": number})
    assert table.get_column("d") == [2, -2]
    assert table.get_column("n") == [0, 1]
    numpy.testing.assert_array_equal(table.get_column("z", convert_to="numpy"), [0.5, 1.5])
    assert [(number, row[0]) for number, row in table.iterrows()] == [(0, 3), (1, 4)]
    for wrong in ([1], [1, "x"]):
        with pytest.raises((ValueError, TypeError)):
            table.add_column("w", wrong)
    with pytest.raises(ArgumentInvalid, match="two columns are named 'x'"):
        table.add_column("x", [1, 2])
    with pytest.raises(ArgumentInvalid):
        table.get_column("w")
    with pytest.raises(ArgumentInvalid):
        table.get_column("x", convert_to="pandas")
    assert table.columns == ["x", "y", "z", "d", "n"]
    empty = Table(columns=[])
    empty.add_column("a", [1, 2])
    assert empty.data == [[1], [2]]


def test_rows_lead_to_rows_of_other_tables(artifact: Folder) -> None:
    people = Table(["name"], [["ann"], ["bob"]])
    people.set_pk("name")
    table = Table(["who", "row"])
    table.add_data("bob", people.index_ref(0))
    table.add_data("ann", people.get_index()[1])
    table.set_fk("who", people, "name")
    found = back(table, artifact)
    assert found.data == [["bob", 0], ["ann", 1]]
    assert found.data[0][1].get_row() == {"name": "ann"}
    assert found.data[1][0]._table == people
    found.add_data("bob", 1)
    assert found.data[2][1].get_row() == {"name": "bob"}
    with pytest.raises(ArgumentInvalid):
        people.set_fk("name", people, "name")
    with pytest.raises(ArgumentInvalid):
        people.index_ref(2)


def test_rows_beyond_the_limit_are_left_out_with_a_warning(
    artifact: Folder, run: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert (Table.MAX_ARTIFACT_ROWS, Table.MAX_ROWS) == (200_000, 10_000)
    monkeypatch.setattr(Table, "MAX_ARTIFACT_ROWS", 3)
    monkeypatch.setattr(Table, "MAX_ROWS", 2)
    table = Table(["g"], [[numpy.full((2, 2), number)] for number in range(5)])
    with caplog.at_level(logging.WARNING):
        assert len(back(table, artifact).data) == 3
        assert table.to_json(artifact)["nrows"] == 3
    assert caplog.messages[0] == "Truncating wandb.Table object to 3 rows."
    found = run.read(table.to_json(run))
    assert isinstance(found, Table)
    assert len(found.data) == 2


def test_in_a_run_a_table_is_a_file_and_what_is_said_of_it(run: Folder) -> None:
    table = Table(["a", "t"], [[1, dt.datetime(2024, 1, 1)], [2, None]])
    said = table.to_json(run)
    path = said.pop("path")
    assert path.startswith("media/table/key_3_")
    assert path.endswith(".table.json")
    assert said.pop("size") == run.local_path(path).stat().st_size
    assert len(said.pop("sha256")) == 64
    assert said == {"_type": "table-file", "ncols": 2, "nrows": 2, "log_mode": "IMMUTABLE"}
    assert run.read({**said, "path": path}) == table


def test_a_table_that_was_logged_says_so_until_a_mutable_one_changes(
    artifact: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    for mode, still in (("IMMUTABLE", True), ("MUTABLE", False)):
        table = Table(["a"], [[1]], log_mode=mode)
        assert not table.has_been_logged()
        table._target = Origin(artifact, "t.table.json")
        assert table.has_been_logged()
        table.add_data(2)
        table.add_data(3)
        assert table.has_been_logged() is still
    assert len([each for each in caplog.messages if "log_mode='IMMUTABLE'" in each]) == 1


def test_an_incremental_table_keeps_what_came_since(artifact: Folder) -> None:
    table = Table(["a"], [[1], [2]], log_mode="INCREMENTAL")
    artifact.hold_value(table, "0-100.key")
    table._target, table._last_logged_idx = Origin(artifact, "0-100.key.table.json"), 1
    table.add_data(3)
    assert table.to_json(artifact)["data"] == [[3]]
    assert table.to_json(artifact)["increment_num"] == 1
    path, _ = artifact.hold_value(table, "1-200.key")
    found = artifact.get(path)
    assert isinstance(found, Table)
    assert found.data == [[1], [2], [3]]
    artifact.hold_value(Table(["z"], [[9]]), "other")
    assert back(table, artifact).data == [[1], [2], [3]], "only increments are gathered"


def test_an_incremental_table_of_a_run_has_the_rows_of_its_file(run: Folder) -> None:
    run.hold_value(Table(["z"], [[9]]), "0-1.other")
    table = Table(["a"], [[1], [2]], log_mode="INCREMENTAL")
    said = table.to_json(run)
    assert said["_type"] == "incremental-table-file"
    assert run.read(said) == table


def test_tables_with_increments_have_no_new_columns() -> None:
    table = Table(["a"], log_mode="INCREMENTAL")
    with pytest.raises(UsageError, match="not supported for tables with log_mode"):
        table.add_column("b", [1, 2, 3])
    with pytest.raises(UsageError, match="not supported for tables with log_mode"):
        table.add_computed_columns(lambda number, row: {"b": number})


def test_equality_says_what_differs() -> None:
    table = Table(["a"], [[1]])
    for other, words in [
        (5, "Found type"),
        (Table(["a"], [[1], [2]]), "Found 2 rows, expected 1"),
        (Table(["b"], [[1]]), "Found columns"),
        (Table(["a"], [["x"]]), "Found column type"),
        (Table(["a"], [[2]]), "Unequal data at row_ndx 0 col_ndx 0: found 2, expected 1"),
    ]:
        assert table != other
        with pytest.raises(AssertionError, match=words):
            table._eq_debug(other, should_assert=True)


def test_a_value_that_json_cannot_hold_is_one_clear_error(artifact: Folder) -> None:
    loop: list[Any] = []
    loop.append(loop)
    for value in (1j, object(), loop):
        table = Table(["a"], allow_mixed_types=True)
        table.data = [[value]]
        with pytest.raises((ArgumentInvalid, ArgumentTypeInvalid)) as raised:
            table.to_json(artifact)
        assert "\n" not in str(raised.value)


def test_odd_values_are_kept_as_wandb_keeps_them(artifact: Folder) -> None:
    rows = [[Color.RED], [b"bytes"], [Decimal("1.5")], [{1, 3, 2}], [float("inf")], [{1: (2, 3)}]]
    table = Table(["a"], rows, allow_mixed_types=True)
    assert back(table, artifact).data == [
        ["RED"],
        ["bytes"],
        [1.5],
        [[1, 2, 3]],
        [float("inf")],
        [{"1": [2, 3]}],
    ]


def test_a_table_of_200_000_rows_takes_seconds(artifact: Folder) -> None:
    rows = [[number, number / 2, f"row {number}", number % 2 == 0] for number in range(200_000)]
    begin = time.perf_counter()
    table = Table(["i", "f", "s", "b"], rows)
    found = back(table, artifact)
    assert time.perf_counter() - begin < 20, "W&B takes minutes; a slow machine must not fail here"
    assert found.data[-1] == rows[-1]
    assert len(found.data) == 200_000
