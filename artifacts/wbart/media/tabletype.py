"""The type of a column whose cells are tables."""

from __future__ import annotations

from wbart.media.dtype import INVALID, Type, UnknownType


class TableType(Type):
    """Of tables whose columns have these types."""

    name = "table"

    def __init__(self, column_types: Type | None = None) -> None:
        super().__init__(column_types=column_types or UnknownType())

    def assign_type(self, other: Type) -> Type:
        if not isinstance(other, TableType):
            return INVALID
        columns: Type = self.params["column_types"].assign_type(other.params["column_types"])
        return INVALID if columns is INVALID else TableType(columns)
