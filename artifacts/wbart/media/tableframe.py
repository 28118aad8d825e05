"""Tables for numpy and pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wbart.errors import ArgumentInvalid
from wbart.media.library import library
from wbart.media.value import WBValue


def array(cells: Sequence[Any]) -> Any:
    """A column as an array; media objects as the numbers that they are made of."""
    numpy = library("numpy", "numpy", 'Table.get_column(convert_to="numpy")')
    plain = [cell.to_data_array() if isinstance(cell, WBValue) else cell for cell in cells]
    try:
        return numpy.array(plain)
    except ValueError as error:
        raise ArgumentInvalid(f"the column's values make no array: {error}") from error


def frame(columns: Sequence[str | int], rows: Sequence[Sequence[Any]]) -> Any:
    """The table as a frame of pandas."""
    pandas = library("pandas", "pandas", "Table.get_dataframe()")
    return pandas.DataFrame.from_records(list(rows), columns=list(columns))
