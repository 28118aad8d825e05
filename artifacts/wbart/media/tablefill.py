"""What a table is made of: lists of rows, arrays of numpy, frames of pandas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wbart.errors import ArgumentTypeInvalid
from wbart.media.library import is_array, is_of

_LISTED = "biufUS"
"""Kinds of numpy's types whose values are Python's when listed."""


def columns_of(given: Any, columns: Sequence[str | int]) -> Sequence[str | int]:
    """The names of the columns: a frame knows its own."""
    return list(given.columns) if _is_frame(given) else columns


def rows_of(given: Any) -> Iterator[list[Any]]:
    """The rows, each a list of its own."""
    if given is None:
        return iter(())
    if _is_frame(given):
        series = (given.iloc[:, place] for place in range(len(given.columns)))
        columns = [cells_of(_values(each)) for each in series]
        return map(list, zip(*columns, strict=True)) if columns else ([] for _ in given.index)
    if is_array(given):
        return map(list, _listed(given))
    if isinstance(given, list | tuple):
        return map(_row, given)
    raise ArgumentTypeInvalid(f"data argument expects a `list` object, not {type(given).__name__}")


def cells_of(data: Any) -> list[Any]:
    """The values of a column."""
    if is_array(data):
        return list(_listed(data))
    if isinstance(data, list | tuple) or is_of(data, "pandas"):
        return list(data)
    raise ArgumentTypeInvalid(f"a column is a list or an array, not a {type(data).__name__}")


def _listed(array: Any) -> Iterable[Any]:
    """The items along the first axis. Scalars become Python's: numpy's are slow one by one."""
    if array.ndim <= 2 and array.dtype.kind in _LISTED and array.dtype.kind != "S":
        listed: Iterable[Any] = array.tolist()
        return listed if array.ndim else [listed]
    return array if array.ndim else [array[()]]


def _row(row: Any) -> list[Any]:
    if isinstance(row, str | bytes) or not isinstance(row, Iterable):
        raise ArgumentTypeInvalid(f"a row is a list of cells, not {row!r}")
    return list(_listed(row)) if is_array(row) else list(row)


def _values(series: Any) -> Any:
    """Its values as numpy has them, but nullable columns as they are: these have values of None."""
    values = series.values
    return values if is_array(values) else values.astype(object)


def _is_frame(given: Any) -> bool:
    return is_of(given, "pandas") and hasattr(given, "iloc") and hasattr(given, "columns")
