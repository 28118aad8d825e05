"""Cells that lead to another table: to a key in one of its columns, or to a row's number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wbart.media.table import Table


class TableKey(str):
    """A cell whose text is a key in a column of a table."""

    _table: Table
    _col_name: str | int

    def set_table(self, table: Table, col_name: str | int) -> None:
        """Say where it leads."""
        self._table, self._col_name = table, col_name


class TableIndex(int):
    """The number of a row of a table. In a cell of another table it leads there."""

    _table: Table

    def set_table(self, table: Table) -> None:
        """Say where it leads."""
        self._table = table

    def get_row(self) -> dict[str | int, Any]:
        """The row that it leads to, by column."""
        return dict(zip(self._table.columns, self._table.data[self], strict=True))


def key(text: str, table: Table, col_name: str | int) -> TableKey:
    """A cell that leads to the row with this key."""
    found = TableKey(text)
    found.set_table(table, col_name)
    return found


def index(number: int, table: Table) -> TableIndex:
    """A cell that leads to the row of this number."""
    found = TableIndex(number)
    found.set_table(table)
    return found
