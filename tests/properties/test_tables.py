"""Whatever a table takes, it gives back as it was."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.media.folder import Folder

from wbart.media.dtype import INVALID
from wbart.media.inference import type_from_json, type_of
from wbart.media.table import Table

_MOMENTS = st.datetimes(timezones=st.just(dt.UTC)).map(
    lambda each: each.replace(microsecond=each.microsecond // 1000 * 1000)
)
_NUMBERS = st.integers() | st.floats(allow_nan=False)
_CELLS = [
    _NUMBERS,
    st.booleans(),
    st.text(),
    _MOMENTS,
    st.lists(_NUMBERS),
    st.lists(st.text()),
    st.lists(_MOMENTS),
    st.fixed_dictionaries({"a": _NUMBERS, "b": st.text(), "t": _MOMENTS}),
    arrays.arrays(numpy.float64, (2, 3), elements=st.floats(allow_nan=False)),
    arrays.arrays(numpy.int32, (1, 2, 2)),
]
_COLUMNS = st.sampled_from(_CELLS).map(lambda cells: cells | st.none())


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str | int], list[list[Any]]]:
    """Names of columns, and rows whose cells agree in each column."""
    columns = draw(st.lists(_COLUMNS, min_size=1, max_size=4))
    names = draw(
        st.lists(
            st.text(max_size=5) | st.integers(0, 9),
            min_size=len(columns),
            max_size=len(columns),
            unique_by=str,
        )
    )
    return names, draw(st.lists(st.tuples(*columns).map(list), max_size=5))


def written(table: Table, folder: Path) -> Table:
    """The table as it is read again."""
    kept = Folder(folder)
    path, _ = kept.hold_value(table, "t")
    found = kept.get(path)
    assert isinstance(found, Table)
    return found


@given(tables())
def test_a_table_comes_back_as_it_was(made: tuple[list[str | int], list[list[Any]]]) -> None:
    names, rows = made
    table = Table(names, rows)
    with tempfile.TemporaryDirectory() as folder:
        found = written(table, Path(folder))
        table._eq_debug(found, should_assert=True)
        assert found.columns == names
        for row, again in zip(rows, found.data, strict=True):
            for cell, other in zip(row, again, strict=True):
                if isinstance(cell, numpy.ndarray):
                    numpy.testing.assert_array_equal(cell, other)
                    assert cell.dtype == other.dtype
                else:
                    assert cell == other
                    assert type(cell) is type(other)


@given(tables())
def test_the_json_of_a_table_hangs_on_nothing_else(
    made: tuple[list[str | int], list[list[Any]]],
) -> None:
    def text(folder: str) -> str:
        return json.dumps(Table(*made).to_json(Folder(Path(folder))), sort_keys=True)

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        assert text(one) == text(two)


@given(st.lists(st.sampled_from(_CELLS).flatmap(lambda each: each), min_size=1, max_size=4))
def test_a_type_takes_what_it_was_made_of(cells: list[Any]) -> None:
    found = type_of(cells[0])
    assert found.assign(cells[0]) is not INVALID
    assert found.assign_type(found) is not INVALID
    assert type_from_json(json.loads(json.dumps(found.to_json()))) == found


@given(tables(), tables())
def test_a_row_that_does_not_fit_changes_nothing(
    made: tuple[list[str | int], list[list[Any]]], other: tuple[list[str | int], list[list[Any]]]
) -> None:
    table = Table(*made)
    before, count = table._column_types, len(table.data)
    for row in other[1]:
        try:
            table.add_data(*row)
        except (TypeError, ValueError):
            assert table._column_types == before
            assert len(table.data) == count
        else:
            before, count = table._column_types, count + 1
