"""Files of numpy's arrays (`.npz`): the same arrays are the same bytes, whenever they are made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import reduce
from typing import Any

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.inference import is_missing
from wbart.media.library import library

_LACKING = ".missing"
"""Ends the name of the array that says which rows have none; W&B reads past it."""
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o600 << 16


def arrays_file(name: str, shape: Sequence[int], cells: Sequence[Any]) -> bytes:
    """A file with one array, of the cells of a column; a cell without one is zeros in it."""
    numpy = library("numpy", "numpy", "a table with arrays")
    lacking = [is_missing(cell) for cell in cells]
    kinds = {numpy.asarray(cell).dtype for cell in _present(cells, lacking)}
    try:
        kind = reduce(numpy.promote_types, kinds)
    except TypeError as error:
        raise ArgumentTypeInvalid(f"the arrays of column {name!r} do not agree: {error}") from error
    if kind.hasobject:
        raise ArgumentTypeInvalid(f"the arrays of column {name!r} hold objects, not numbers")
    blank = numpy.zeros(tuple(shape), kind)
    rows = [blank if lacks else cell for cell, lacks in zip(cells, lacking, strict=True)]
    arrays = {name: numpy.array(rows, kind).reshape(len(cells), *shape)}
    if any(lacking):
        arrays[name + _LACKING] = numpy.array(lacking)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for each, array in arrays.items():
            member = zipfile.ZipInfo(f"{each}.npy", _TIME)
            member.external_attr = _MODE
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            with packed.open(member, "w", force_zip64=True) as target:
                numpy.lib.format.write_array(target, array, allow_pickle=False)
    return file.getvalue()


def arrays_read(data: bytes, name: str) -> list[Any]:
    """The arrays of a column, None for a row that has none. Raises ArgumentInvalid."""
    numpy = library("numpy", "numpy", "a table with arrays")
    try:
        with numpy.load(io.BytesIO(data), allow_pickle=False) as found:
            arrays = list(found[name])
            lacking = found.get(name + _LACKING, ())
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise ArgumentInvalid(f"the arrays of column {name!r} cannot be read: {error}") from error
    for place, lacks in enumerate(lacking):
        if lacks:
            arrays[place] = None
    return arrays


def _present(cells: Sequence[Any], lacking: Sequence[bool]) -> list[Any]:
    present = [cell for cell, lacks in zip(cells, lacking, strict=True) if not lacks]
    return present or [0.0]
