"""The columns of a table: their names, their types, and whether a row fits them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media import tablelink
from wbart.media.compoundtype import TypedDictType, UnionType
from wbart.media.dtype import INVALID, AnyType, NoneType, Type
from wbart.media.inference import UNKNOWN, optional, type_from_dtype, type_of

if TYPE_CHECKING:
    from wbart.media.table import Table

_Column = str | int


class Columns:
    """Names and types, in step. Rows of values whose class is known pass without a look."""

    def __init__(
        self, names: Sequence[_Column], dtype: Any, may_lack: bool | Sequence[bool]
    ) -> None:
        _check_names(names)
        self.names = list(names)
        dtypes = dtype if isinstance(dtype, list) else [dtype] * len(names)
        lacking = [may_lack] * len(names) if isinstance(may_lack, bool) else list(may_lack)
        if len(dtypes) != len(names) or len(lacking) != len(names):
            raise ArgumentInvalid(f"dtype and optional are for each of the {len(names)} columns")
        self._types = [_declared(each, lacks) for each, lacks in zip(dtypes, lacking, strict=True)]
        self._settled = [_settled(each) for each in self._types]
        self._linked = False

    @property
    def types(self) -> dict[_Column, Type]:
        """The type of each column."""
        return dict(zip(self.names, self._types, strict=True))

    @property
    def type(self) -> TypedDictType:
        """The type of a row."""
        return TypedDictType(self.types)

    def place(self, name: _Column) -> int:
        """The place of a column. Raises ArgumentInvalid."""
        try:
            return self.names.index(name)
        except ValueError:
            raise ArgumentInvalid(f"the table has no column {name!r}: {self.names}") from None

    def take(self, table: Table, row: list[Any]) -> None:
        """Let the types grow to hold the row. Raises ValueError, TypeError, and nothing grows."""
        if len(row) != len(self.names):
            raise ArgumentInvalid(
                f"This table expects {len(self.names)} columns: {self.names}, found {len(row)}"
            )
        for place, cell in enumerate(row):
            if cell.__class__ not in self._settled[place]:
                self._grow(table, row)
                return
        if self._linked:
            self._link(table, row)

    def _grow(self, table: Table, row: list[Any]) -> None:
        types = list(self._types)
        for place, cell in enumerate(row):
            cell = row[place] = unlinked(cell, table)
            grown = self._led(table, place, cell) if _is_link(cell) else types[place].assign(cell)
            if grown is INVALID:
                raise ArgumentTypeInvalid(
                    f"Data row contained incompatible types: {_short(cell)} of type "
                    f"{type_of(cell)} in column {self.names[place]!r} is not assignable to "
                    f"{types[place]}"
                )
            types[place] = grown
        for place, grown in enumerate(types):
            if grown is not self._types[place]:
                self.set(place, grown)
        self.link(table, [row])

    def _led(self, table: Table, place: int, cell: Any) -> Type:
        """A link makes a column of plain texts or numbers one of links, if all of them can be."""
        own = type_of(cell)
        if self._types[place] == own:
            return self._types[place]
        return INVALID if any(own.assign(row[place]) is INVALID for row in table.data) else own

    def set(self, place: int, found: Type) -> None:
        """Let a column have a type."""
        self._types[place] = found
        self._settled[place] = _settled(found)

    def set_all(self, types: Iterable[Type]) -> None:
        """Let the columns have types that are known to fit the rows."""
        for place, found in enumerate(types):
            self.set(place, found)

    def add(self, name: _Column, cells: Iterable[Any], may_lack: bool) -> None:
        """Append a column of these cells. Raises ArgumentTypeInvalid when they have no one type."""
        _check_names([*self.names, name])
        found = _cast(_declared(None, may_lack), cells)
        self.names.append(name)
        self._types.append(found)
        self._settled.append(_settled(found))

    def cast(
        self, table: Table, name: _Column, dtype: Any, may_lack: bool, cells: Iterable[Any]
    ) -> Type:
        """Let a column have the declared type. Raises ArgumentTypeInvalid when a cell does not."""
        place = self.place(name)
        declared = type_from_dtype(dtype)
        _check_key(table, self, place, declared, may_lack)
        found = _cast(optional(declared) if may_lack else declared, cells)
        self.set(place, found)
        return found

    def link(self, table: Table, rows: Iterable[list[Any]]) -> None:
        """Let the cells of key columns lead where these say."""
        from wbart.media.keytype import ForeignIndexType, ForeignKeyType, PrimaryKeyType

        keys = (ForeignIndexType, ForeignKeyType, PrimaryKeyType)
        self._linked = any(isinstance(each, keys) for each in self._types)
        if self._linked:
            for row in rows:
                self._link(table, row)

    def _link(self, table: Table, row: list[Any]) -> None:
        for place, found in enumerate(self._types):
            row[place] = _linked(row[place], found, table, self.names[place])


def unlinked(cell: Any, table: Table) -> Any:
    """A link to a row of the table itself is only the number or the text."""
    if not _is_link(cell) or cell._table is not table:
        return cell
    return int(cell) if isinstance(cell, int) else str(cell)


def _is_link(cell: Any) -> bool:
    return isinstance(cell, tablelink.TableIndex | tablelink.TableKey)


def _linked(cell: Any, found: Type, table: Table, name: _Column) -> Any:
    from wbart.media.keytype import ForeignIndexType, ForeignKeyType, PrimaryKeyType

    if isinstance(found, PrimaryKeyType):
        return tablelink.key(cell, table, name)
    if isinstance(found, ForeignKeyType):
        return tablelink.key(cell, found.table, found.column)
    if isinstance(found, ForeignIndexType):
        return tablelink.index(cell, found.table)
    return cell


def _check_key(table: Table, columns: Columns, place: int, declared: Type, lacks: bool) -> None:
    from wbart.media.keytype import ForeignIndexType, ForeignKeyType, PrimaryKeyType

    if not isinstance(declared, ForeignIndexType | ForeignKeyType | PrimaryKeyType):
        return
    if lacks:
        raise ArgumentInvalid("Primary keys, foreign keys, and foreign indexes cannot be optional")
    if not isinstance(declared, PrimaryKeyType):
        if declared.table is table:
            raise ArgumentInvalid("Cannot set a foreign table reference to same table")
        return
    for other, found in enumerate(columns.types.values()):
        if isinstance(found, PrimaryKeyType) and other != place:
            raise ArgumentInvalid(
                f"Cannot have multiple primary keys - {columns.names[other]} is already set"
            )


def _cast(found: Type, cells: Iterable[Any]) -> Type:
    settled = _settled(found)
    for cell in cells:
        if cell.__class__ in settled:
            continue
        grown = found.assign(cell)
        if grown is INVALID:
            raise ArgumentTypeInvalid(
                f"Existing data {_short(cell)}, of type {type_of(cell)} cannot be cast to {found}"
            )
        if grown is not found:
            found, settled = grown, _settled(grown)
    return found


def _declared(dtype: Any, may_lack: bool) -> Type:
    found = UNKNOWN if dtype is None else type_from_dtype(dtype)
    return optional(found) if may_lack else found


class _Everything(frozenset[type]):
    """What an optional column of mixed types takes without a look."""

    def __contains__(self, item: object) -> bool:
        return True


_EVERYTHING = _Everything()


def _settled(found: Type) -> frozenset[type]:
    """Classes of cells that need no look; float only where NaN is as good as a number."""
    members = found.members if isinstance(found, UnionType) else [found]
    may_lack = any(isinstance(each, NoneType) for each in members)
    if may_lack and any(isinstance(each, AnyType) for each in members):
        return _EVERYTHING
    settled = found.settled()
    return settled if may_lack else settled - {float}


def _check_names(names: Sequence[_Column]) -> None:
    if not isinstance(names, list | tuple):
        raise ArgumentTypeInvalid(f"columns are a list, not a {type(names).__name__}")
    for name in names:
        if type(name) not in (str, int):
            raise ArgumentTypeInvalid(f"columns are named by text or int, not {name!r}")
    if len({str(name) for name in names}) != len(names):
        twice = next(each for each in names if [str(n) for n in names].count(str(each)) > 1)
        raise ArgumentInvalid(f"two columns are named {twice!r}")


def _short(cell: object) -> str:
    text = repr(cell).replace("\n", " ")
    return text if len(text) <= 80 else text[:77] + "..."
