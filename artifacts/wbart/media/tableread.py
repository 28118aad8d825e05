"""A table read from W&B's JSON, with the files that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from wbart.errors import ArgumentInvalid
from wbart.media.arrayfile import arrays_read
from wbart.media.compoundtype import ListType, NDArrayType, TypedDictType, UnionType
from wbart.media.dtype import (
    BooleanType,
    NoneType,
    NumberType,
    StringType,
    TimestampType,
    Type,
)
from wbart.media.inference import type_from_json
from wbart.media.tablejson import array_type
from wbart.media.value import Source, read_value

if TYPE_CHECKING:
    from wbart.media.table import Table

T = TypeVar("T", bound="Table")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FILES = ("table-file", "incremental-table-file")
_INCREMENT = re.compile(r"(\d+)-(\d+)\..*\.table\.json", re.DOTALL)
_AS_IT_IS = (BooleanType, NoneType, NumberType, StringType)
_Decode = Callable[[Any], Any]


@runtime_checkable
class Brings(Protocol):
    """A source that fetches many files faster than one by one."""

    def bring(self, paths: Iterable[str]) -> None:
        """Fetch the files at once that are not here."""
        ...


def read_table(kind: type[T], json_obj: dict[str, Any], source: Source) -> T:
    """The table, its cells as they were put in; times have the zone UTC."""
    if json_obj.get("_type") in _FILES and "data" not in json_obj:
        found = json.loads(source.local_path(json_obj["path"]).read_bytes())
        # All of its rows are in the file: what lies beside it are other tables.
        return read_table(kind, {**found, "_type": "table", "increment_num": None}, source)
    columns = json_obj["columns"]
    log_mode = json_obj.get("log_mode") or "IMMUTABLE"
    rows = _increments(json_obj, source) if log_mode == "INCREMENTAL" else json_obj["data"]
    types = _types(columns, json_obj.get("column_types"), source)
    if types is None:
        # Before W&B told types: they are found in the cells, any mix of them.
        cells = [[_decoded(cell, source) for cell in row] for row in rows]
        return kind(columns, cells, allow_mixed_types=True, log_mode=log_mode)
    if isinstance(source, Brings):
        source.bring(_paths(rows, types))
    table = kind(columns, log_mode=log_mode)
    table.data = _cells(rows, types, source)
    table._columns.set_all(_without_files(each) for each in types)
    table._columns.link(table, table.data)
    if log_mode == "INCREMENTAL":
        table._increment_num = json_obj.get("increment_num")
        table._previous_increments_paths = json_obj.get("previous_increments_paths")
    return table


def _types(columns: list[Any], told: Any, source: Source) -> list[Type] | None:
    if told is None:
        return None
    found = type_from_json(told, source)
    if not isinstance(found, TypedDictType):
        raise ArgumentInvalid(f"the types of a table's columns are no dict but {found}")
    by_name = {str(name): each for name, each in found.types.items()}
    return [by_name[str(name)] for name in columns]


def _cells(rows: list[list[Any]], types: list[Type], source: Source) -> list[list[Any]]:
    decoders = [(place, _decoder(each, source)) for place, each in enumerate(types)]
    needed = [(place, decode) for place, decode in decoders if decode is not None]
    arrays = _arrays(types, source)
    for number, row in enumerate(rows):
        for place, decode in needed:
            row[place] = decode(row[place])
        for place, column in arrays:
            row[place] = column[number]
    return rows


def _arrays(types: list[Type], source: Source) -> list[tuple[int, list[Any]]]:
    found = []
    for place, each in enumerate(types):
        arrays = array_type(each)
        if arrays is not None and arrays.kept is not None:
            data = source.local_path(arrays.kept["path"]).read_bytes()
            found.append((place, arrays_read(data, arrays.kept["key"])))
    return found


def _decoder(found: Type, source: Source) -> _Decode | None:
    """What makes cells of a type out of JSON; None if they are JSON."""
    if isinstance(found, _AS_IT_IS):
        return None
    if isinstance(found, TimestampType):
        return _time
    if isinstance(found, UnionType):
        return _union_decoder(found, source)
    if isinstance(found, ListType):
        return _list_decoder(found, source)
    if isinstance(found, TypedDictType):
        return _dict_decoder(found, source)
    return lambda cell: _decoded(cell, source)


def _union_decoder(found: UnionType, source: Source) -> _Decode | None:
    known = [(each, _decoder(each, source)) for each in found.members]
    needed = [(each, decode) for each, decode in known if decode is not None]
    if not needed:
        return None
    if any(isinstance(each, NumberType) for each in found.members):
        # Numbers cannot be told from times here, so they stay numbers, as they are.
        needed = [(each, decode) for each, decode in needed if decode is not _time]
    if len(needed) == 1:
        return needed[0][1]
    return lambda cell: _first(cell, [decode for _, decode in needed])


def _first(cell: Any, decoders: list[_Decode]) -> Any:
    """By the first that makes anything of it."""
    for decode in decoders:
        made = decode(cell)
        if made is not cell:
            return made
    return cell


def _list_decoder(found: ListType, source: Source) -> _Decode | None:
    decode = _decoder(found.element, source)
    if decode is None:
        return None
    return lambda cell: [decode(item) for item in cell] if isinstance(cell, list) else cell


def _dict_decoder(found: TypedDictType, source: Source) -> _Decode:
    known = {str(name): _decoder(each, source) for name, each in found.types.items()}
    needed = {name: decode for name, decode in known.items() if decode is not None}

    def decoded(cell: Any) -> Any:
        if not isinstance(cell, dict):
            return cell
        made = _decoded(cell, source)
        if made is cell:
            for name, decode in needed.items():
                if name in cell:
                    cell[name] = decode(cell[name])
        return made

    return decoded


def _decoded(cell: Any, source: Source) -> Any:
    """The object of a cell that is an object's JSON; any other cell."""
    if not isinstance(cell, dict) or "_type" not in cell:
        return cell
    value = read_value(cell, source)
    return cell if value is None else value


def _time(cell: Any) -> Any:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell
    return _EPOCH + timedelta(milliseconds=cell)


def _without_files(found: Type) -> Type:
    """The type of a column whose arrays are here."""
    arrays = array_type(found)
    if arrays is None:
        return found
    bare = NDArrayType(arrays.params["shape"])
    if not isinstance(found, UnionType):
        return bare
    return UnionType([bare if each is arrays else each for each in found.members])


def _paths(rows: list[list[Any]], types: list[Type]) -> Iterator[str]:
    """The files that the cells name, and the columns."""
    for each in types:
        arrays = array_type(each)
        if arrays is not None and arrays.kept is not None:
            yield arrays.kept["path"]
    places = [place for place, each in enumerate(types) if not isinstance(each, _AS_IT_IS)]
    for row in rows:
        for place in places:
            cell = row[place]
            if isinstance(cell, dict) and "_type" in cell and isinstance(cell.get("path"), str):
                yield cell["path"]


def _increments(json_obj: dict[str, Any], source: Source) -> list[list[Any]]:
    """The rows of all increments that lie beside it, in their order; else its own."""
    found = [] if json_obj.get("increment_num") is None else _increment_paths(source.below(""))
    if not found:
        return list(json_obj["data"])
    rows: list[list[Any]] = []
    for path in found:
        rows += json.loads(source.local_path(path).read_bytes())["data"]
    return rows


def _increment_paths(paths: Iterable[str]) -> list[str]:
    """Those named `<number>-<milliseconds>.<key>.table.json`, by the number and the time."""
    found = [(match, path) for path in paths if (match := _INCREMENT.fullmatch(path))]
    order = sorted((int(match[1]), int(match[2]), path) for match, path in found)
    return [path for _, _, path in order]
