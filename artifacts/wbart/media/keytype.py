"""The types of a table's key columns: its own key, and what leads to another table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from wbart.errors import ArgumentInvalid
from wbart.media.dtype import INVALID, NumberType, StringType, Type

if TYPE_CHECKING:
    from wbart.media.table import Table
    from wbart.media.value import Holder, Source

_HELPER = "media/tables/t"
"""Where a foreign table is kept; what is added below `media/tables` is named by its content."""


class PrimaryKeyType(Type):
    """Of the text that names a row."""

    name = "primaryKey"

    def assign_type(self, other: Type) -> Type:
        return self if isinstance(other, StringType | PrimaryKeyType) else INVALID

    def assign(self, value: object) -> Type:
        return self if isinstance(value, str) else INVALID


class ForeignIndexType(Type):
    """Of the number of a row of another table."""

    name = "foreignIndex"

    def __init__(self, table: Table) -> None:
        super().__init__(table=table)

    @property
    def table(self) -> Table:
        """Where the numbers lead."""
        table: Table = self.params["table"]
        return table

    @classmethod
    def from_params(cls, params: dict[str, Any], source: Source | None) -> Self:
        return cls(_foreign(params["table"], source))

    def assign_type(self, other: Type) -> Type:
        same = isinstance(other, ForeignIndexType) and other.table is self.table
        return self if same or isinstance(other, NumberType) else INVALID

    def to_json(self, holder: Holder | None = None) -> dict[str, Any]:
        return {"wb_type": self.name, "params": {"table": _held(self.table, holder)}}


class ForeignKeyType(Type):
    """Of text that names a row of another table."""

    name = "foreignKey"

    def __init__(self, table: Table, col_name: str | int) -> None:
        super().__init__(table=table, col_name=col_name)

    @property
    def table(self) -> Table:
        """Where the keys lead."""
        table: Table = self.params["table"]
        return table

    @property
    def column(self) -> str | int:
        """The column in which they are looked for."""
        column: str | int = self.params["col_name"]
        return column

    @classmethod
    def from_params(cls, params: dict[str, Any], source: Source | None) -> Self:
        return cls(_foreign(params["table"], source), params["col_name"])

    def assign_type(self, other: Type) -> Type:
        if isinstance(other, ForeignKeyType):
            same = other.table is self.table and other.column == self.column
            return self if same else INVALID
        return self if isinstance(other, StringType) else INVALID

    def to_json(self, holder: Holder | None = None) -> dict[str, Any]:
        params = {"table": _held(self.table, holder), "col_name": self.column}
        return {"wb_type": self.name, "params": params}


def _held(table: Table, holder: Holder | None) -> str:
    if holder is None:
        raise ArgumentInvalid("a column that leads to another table is kept in an artifact only")
    return holder.hold_value(table, _HELPER).path


def _foreign(path: str, source: Source | None) -> Table:
    from wbart.media.table import Table

    found = source.get(path) if source is not None else None
    if not isinstance(found, Table):
        raise ArgumentInvalid(f"the table that a column leads to is missing: {path!r}")
    return found
