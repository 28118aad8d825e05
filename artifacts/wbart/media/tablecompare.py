"""What differs between two tables: what is kept of them, not how it was put in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from wbart.media.inference import is_missing
from wbart.media.library import is_array
from wbart.media.tablejson import milliseconds

if TYPE_CHECKING:
    from wbart.media.table import Table


def difference(table: Table, other: object) -> str | None:
    """The first difference, in words; None if there is none."""
    from wbart.media.table import Table

    if not isinstance(other, Table):
        return f"Found type {type(other)}, expected {Table}"
    if len(table.data) != len(other.data):
        return f"Found {len(other.data)} rows, expected {len(table.data)}"
    if table.columns != other.columns:
        return f"Found columns {other.columns}, expected {table.columns}"
    if table._column_types != other._column_types:
        found, expected = other._column_types, table._column_types
        return f"Found column type {found}, expected column type {expected}"
    for number, (mine, others) in enumerate(zip(table.data, other.data, strict=True)):
        for place, (one, two) in enumerate(zip(mine, others, strict=True)):
            if one is not two and not same(one, two):
                where = f"row_ndx {number} col_ndx {place}"
                return f"Unequal data at {where}: found {two!r}, expected {one!r}"
    return None


def same(one: Any, two: Any) -> bool:
    """Whether two cells are kept alike: times to the millisecond, tuples as lists, NaN as None."""
    if is_array(one) or is_array(two):
        return _same_arrays(one, two)
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if is_missing(one) or is_missing(two):
        return is_missing(one) and is_missing(two)
    if _is_time(one) and _is_time(two):
        return milliseconds(one) == milliseconds(two)
    return bool(one == two)


def _same_arrays(one: Any, two: Any) -> bool:
    import numpy

    if one is None or two is None:
        return one is two
    one, two = numpy.asarray(one), numpy.asarray(two)
    inexact = one.dtype.kind in "fc" and two.dtype.kind in "fc"
    return bool(numpy.array_equal(one, two, equal_nan=inexact))


def _is_time(value: Any) -> bool:
    return isinstance(value, date) or type(value).__name__ == "datetime64"
