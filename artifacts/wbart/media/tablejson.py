"""A table as W&B's JSON: in an artifact by its rows, in a run by a file that has them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import md5, sha256
from typing import TYPE_CHECKING, Any, Final

from wbart.drafts.metadata import DEPTH, friendly
from wbart.errors import ArgumentInvalid
from wbart.media.compoundtype import ListType, NDArrayType, UnionType
from wbart.media.dtype import Type, ordered
from wbart.media.inference import NUMBER, STRING, is_missing
from wbart.media.value import Holder, WBValue

if TYPE_CHECKING:
    from wbart.media.table import Table

log = logging.getLogger(__name__)

_PLAIN: Final = frozenset({str, int, bool, type(None)})
"""Classes whose values are JSON as they are."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ARRAYS = "media/serialized_data"
_RUN_FILES = "media/table"


def table_json(table: Table, holder: Holder, most: int | None = None) -> dict[str, Any]:
    """The table with its rows; what lies in its cells goes to the holder."""
    rows = _kept_rows(table, most if most is not None else table.MAX_ARTIFACT_ROWS)
    arrays = {
        place
        for place, name in enumerate(table.columns)
        if _keep_arrays(table, place, str(name), rows, holder)
    }
    found = {
        "_type": "table",
        "columns": table.columns,
        "data": [_row(row, arrays, holder) for row in rows],
        "ncols": len(table.columns),
        "nrows": len(rows),
        "column_types": table._column_types.to_json(holder),
        "log_mode": table.log_mode,
    }
    return found | _increments(table)


def file_json(table: Table, holder: Holder) -> dict[str, Any]:
    """The table as a file of a run, and what W&B's history has of it."""
    from wbart.media.objects import dumps, uri_of

    data = dumps(table_json(table, holder, table.MAX_ROWS))
    digest = sha256(data).hexdigest()
    label = f"{holder.label}_" if holder.label else ""
    path = holder.hold_file(data, f"{_RUN_FILES}/{label}{digest[:20]}.table.json")
    incremental = table.log_mode == "INCREMENTAL"
    found = {
        "_type": "incremental-table-file" if incremental else "table-file",
        "sha256": digest,
        "size": len(data),
        "path": path,
        "ncols": len(table.columns),
        "nrows": len(table.data),
        "log_mode": table.log_mode,
    }
    uri = uri_of(table)
    return found | ({"artifact_path": uri} if uri is not None else {}) | _increments(table)


def encoded(value: Any, holder: Holder, depth: int = DEPTH) -> Any:
    """A cell as JSON: times as milliseconds since 1970, arrays as lists, objects by their JSON."""
    if value.__class__ in _PLAIN:
        return value
    if depth == 0:
        raise ArgumentInvalid(f"a cell is nested deeper than {DEPTH} levels, or in itself")
    if is_missing(value):
        return None
    if value.__class__ is float:
        return value
    if isinstance(value, WBValue):
        return value.to_json(holder)
    if isinstance(value, dict):
        return {_key(name): encoded(item, holder, depth - 1) for name, item in value.items()}
    if isinstance(value, date) or type(value).__name__ == "datetime64":
        return milliseconds(value)
    if isinstance(value, set | frozenset):
        value = ordered(value)
    elif hasattr(value, "tolist"):
        value = _listed(value)
        if not isinstance(value, list):
            return encoded(value, holder, depth - 1)
    if isinstance(value, list | tuple):
        return [encoded(item, holder, depth - 1) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str | int | float) and not isinstance(value, Enum):
        return _bare(value)
    item = getattr(value, "item", None)
    if callable(item):
        return encoded(item(), holder, depth - 1)
    return encoded(friendly(value), holder, depth - 1)


def _bare(value: str | int | float) -> str | int | float:
    """What is of a class derived from one of Python's, a table's key for one."""
    if isinstance(value, str):
        return str.__str__(value)
    return int.__int__(value) if isinstance(value, int) else float.__float__(value)


def milliseconds(value: Any) -> int:
    """A time as milliseconds since 1970, what is less left out; UTC if it has no zone."""
    if not isinstance(value, date):
        return int(value.astype("datetime64[ms]").astype(int))
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    since: timedelta = value - _EPOCH
    return since // _MILLISECOND


def array_type(found: Type) -> NDArrayType | None:
    """The type of the arrays in a column of this type."""
    members = found.members if isinstance(found, UnionType) else [found]
    return next((each for each in members if isinstance(each, NDArrayType)), None)


def _kept_rows(table: Table, most: int) -> list[list[Any]]:
    rows = table.data
    if table.log_mode == "INCREMENTAL" and table._last_logged_idx is not None:
        rows = rows[table._last_logged_idx + 1 :]
    if len(rows) > most:
        log.warning("Truncating wandb.Table object to %d rows.", most)
        return rows[:most]
    return rows


def _row(row: list[Any], arrays: set[int], holder: Holder) -> list[Any]:
    if not arrays:
        return [cell if cell.__class__ in _PLAIN else encoded(cell, holder) for cell in row]
    return [
        None if place in arrays else cell if cell.__class__ in _PLAIN else encoded(cell, holder)
        for place, cell in enumerate(row)
    ]


def _keep_arrays(
    table: Table, place: int, name: str, rows: list[list[Any]], holder: Holder
) -> bool:
    """Whether the column's arrays are kept in a file; short ones of one dimension are lists."""
    column = table._columns
    found = list(column.types.values())[place]
    arrays = array_type(found)
    if arrays is None:
        return False
    shape = arrays.params["shape"]
    cells = [row[place] for row in rows]
    if len(shape) == 1 and shape[0] <= table._MAX_EMBEDDING_DIMENSIONS:
        # W&B, too, says of such a column from now on that it has lists, and no None.
        lists = _listed_type(cells, shape[0])
        lacking = any(map(is_missing, cells))
        column.set(place, _with(found, arrays, lists) if lacking else lists)
        return False
    from wbart.media.arrayfile import arrays_file

    key = name.replace("\0", " ")  # where a zip's names end
    data = arrays_file(key, shape, cells)
    digits = md5(data, usedforsecurity=False).hexdigest()[:20]
    path = holder.hold_file(data, f"{_ARRAYS}/{digits}.npz")
    kept = NDArrayType(shape, {"path": path, "key": key})
    column.set(place, _with(found, arrays, kept))
    return True


def _with(found: Type, old: Type, new: Type) -> Type:
    if not isinstance(found, UnionType):
        return new
    return UnionType([new if each is old else each for each in found.members])


def _listed_type(cells: Iterable[Any], length: int) -> ListType:
    kinds = {cell.dtype.kind for cell in cells if hasattr(cell, "dtype")}
    if kinds and kinds <= set("US"):
        return ListType(STRING, length)
    if kinds and not kinds <= set("iufcMmb"):
        return next(ListType.of(cell.tolist()) for cell in cells if hasattr(cell, "dtype"))
    return ListType(NUMBER, length)


def _increments(table: Table) -> dict[str, Any]:
    if table.log_mode != "INCREMENTAL":
        return {}
    return {
        "increment_num": table._increment_num or 0,
        "previous_increments_paths": list(table._previous_increments_paths or ()),
    }


def _listed(value: Any) -> Any:
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        # In nanoseconds, numpy gives numbers that nobody could tell from others.
        value = value.astype("datetime64[ms]")
    return value.tolist()


def _key(name: Any) -> str:
    if isinstance(name, str):
        return name
    return str(name.item() if hasattr(name, "item") else name)
