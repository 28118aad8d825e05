"""Table: rows and columns whose cells are values of any kind, media objects too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, UsageError
from wbart.media import tablelink
from wbart.media.columns import Columns, unlinked
from wbart.media.tablelink import TableIndex
from wbart.media.value import Holder, Source, WBValue

if TYPE_CHECKING:
    from wbart.media.dtype import Type

log = logging.getLogger(__name__)

Column = str | int
LOG_MODES: Final = ("IMMUTABLE", "MUTABLE", "INCREMENTAL")
_LEGACY_COLUMNS = ("Input", "Output", "Expected")
_INCREMENTS_SHOWN = 100


class Table(WBValue):
    """Rows with named columns, each column of one type.

    The types are found in the data, or declared by `dtype`; None is allowed unless `optional` is
    off. A value of another type is refused with ArgumentTypeInvalid (a TypeError), unless
    `allow_mixed_types`. Raises ArgumentInvalid (a ValueError) for columns and rows that do not fit.
    """

    MAX_ROWS: ClassVar[int] = 10_000
    """The most rows that a run's history keeps."""
    MAX_ARTIFACT_ROWS: ClassVar[int] = 200_000
    """The most rows that an artifact keeps."""
    _MAX_EMBEDDING_DIMENSIONS: ClassVar[int] = 150
    _log_type = "table"

    def __init__(
        self,
        columns: Sequence[Column] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: str | None = "IMMUTABLE",
    ) -> None:
        from wbart.media.inference import ANY
        from wbart.media.tablefill import columns_of, rows_of

        if log_mode not in LOG_MODES:
            raise ArgumentInvalid(f"Invalid log_mode: {log_mode}. Must be one of {LOG_MODES}")
        given = dataframe if dataframe is not None else data if data is not None else rows
        self.log_mode: str = log_mode
        names = columns_of(given, columns if columns is not None else list(_LEGACY_COLUMNS))
        self._columns = Columns(names, ANY if allow_mixed_types else dtype, optional)
        self.data: list[list[Any]] = []
        self._logged = False
        self._warned = False
        self._increment_num: int | None = None
        self._last_logged_idx: int | None = None
        self._previous_increments_paths: list[str] | None = None
        self._run_target_for_increments: object = None
        for row in rows_of(given):
            self._append(row)

    @property
    def columns(self) -> list[Column]:
        """The names of the columns."""
        return self._columns.names

    @property
    def _column_types(self) -> Type:
        return self._columns.type

    def has_been_logged(self) -> bool:
        """Whether it is in an artifact or in a run; what is IMMUTABLE is logged only once."""
        return self._logged or self._target is not None

    # What changes it.

    def add_data(self, *data: Any) -> None:
        """Append a row, a value for each column; ValueError or TypeError when it does not fit."""
        self._change()
        self._append(list(data))

    def add_row(self, *row: Any) -> None:
        """Deprecated: use `add_data`."""
        log.warning("add_row is deprecated, use add_data")
        self.add_data(*row)

    def add_column(self, name: str, data: Any, optional: bool = False) -> None:
        """Append a column: a list or an array with a value for each row."""
        from wbart.media.tablefill import cells_of

        self._refuse_increments("add_column")
        if not isinstance(name, str):
            raise ArgumentTypeInvalid(f"a column is named by text, not {type(name).__name__}")
        cells = [unlinked(cell, self) for cell in cells_of(data)]
        if self.columns and len(cells) != len(self.data):
            raise ArgumentInvalid(f"Expected length {len(self.data)}, found {len(cells)}")
        # The type is found first, so that a column which does not fit changes nothing.
        self._columns.add(name, cells, optional)
        self._change()
        if len(self.columns) == 1:
            self.data = [[] for _ in cells]
        for row, cell in zip(self.data, cells, strict=True):
            row.append(cell)
        self._columns.link(self, self.data)

    def add_computed_columns(self, fn: Callable[[int, dict[Column, Any]], dict[str, Any]]) -> None:
        """Append columns made of each row: fn has its number and a dict, and gives a dict."""
        self._refuse_increments("add_computed_columns")
        found: dict[str, list[Any]] = {}
        for number, row in self.iterrows():
            made = fn(number, dict(zip(self.columns, row, strict=True)))
            if not isinstance(made, dict):
                raise ArgumentTypeInvalid(f"a row's new columns are a dict, not {made!r}")
            for name, cell in made.items():
                found.setdefault(name, []).append(cell)
        for name, cells in found.items():
            self.add_column(name, cells)

    def cast(self, col_name: Column, dtype: Any, optional: bool = False) -> Type:
        """Declare a column's type; its values must have it. Returns the type that it has then."""
        self._change()
        place = self._columns.place(col_name)
        cells = (row[place] for row in self.data)
        found = self._columns.cast(self, col_name, dtype, optional, cells)
        self._columns.link(self, self.data)
        return found

    def set_pk(self, col_name: Column) -> None:
        """Declare the column whose text names a row."""
        from wbart.media.keytype import PrimaryKeyType

        self.cast(col_name, PrimaryKeyType())

    def set_fk(self, col_name: Column, table: Table, table_col: str) -> None:
        """Declare that a column's text names a row of another table, by one of its columns."""
        from wbart.media.keytype import ForeignKeyType

        table._columns.place(table_col)
        self.cast(col_name, ForeignKeyType(table, table_col))

    def _append(self, row: list[Any]) -> None:
        self._columns.take(self, row)
        self.data.append(row)

    def _change(self) -> None:
        """What is kept is not what the table is any more."""
        if self._target is None and self._origin is None and not self._logged:
            return
        logged = self.has_been_logged()
        if self.log_mode == "INCREMENTAL" and logged:
            self._begin_increment()
        elif self.log_mode == "IMMUTABLE" and logged and not self._warned:
            self._warned = True
            log.warning(
                "a Table with log_mode='IMMUTABLE' is changed after it was logged; "
                "log_mode='MUTABLE' is for that"
            )
        self._origin = self._target = None
        self._logged = logged and self.log_mode == "IMMUTABLE"

    def _begin_increment(self) -> None:
        from wbart.media.objects import uri_of

        uri = uri_of(self)
        if uri is not None:
            self._previous_increments_paths = [*(self._previous_increments_paths or ()), uri]
        self._increment_num = (self._increment_num or 0) + 1
        if self._increment_num == _INCREMENTS_SHOWN:
            log.warning("a table has more than %d increments by now", _INCREMENTS_SHOWN)

    def _refuse_increments(self, call: str) -> None:
        if self.log_mode == "INCREMENTAL":
            raise UsageError(
                f"Operation '{call}' is not supported for tables with log_mode='INCREMENTAL'"
            )

    # What is in it.

    def iterrows(self) -> Iterator[tuple[TableIndex, list[Any]]]:
        """The rows with their numbers; a number in a cell of another table leads to the row."""
        for number, row in enumerate(self.data):
            yield tablelink.index(number, self), row

    def get_index(self) -> list[TableIndex]:
        """The numbers of all rows, for another table's column that leads here."""
        return [tablelink.index(number, self) for number in range(len(self.data))]

    def index_ref(self, index: int) -> TableIndex:
        """The number of one row, for a cell of another table."""
        if not 0 <= index < len(self.data):
            raise ArgumentInvalid(f"the table has no row {index}")
        return tablelink.index(index, self)

    def get_column(self, name: Column, convert_to: str | None = None) -> Any:
        """The values of a column, as a list, or as an array if convert_to is `numpy`."""
        from wbart.media.tableframe import array

        if convert_to not in (None, "numpy"):
            raise ArgumentInvalid(f"a column is converted to 'numpy', not to {convert_to!r}")
        place = self._columns.place(name)
        cells = [row[place] for row in self.data]
        return cells if convert_to is None else array(cells)

    def get_dataframe(self) -> Any:
        """A pandas DataFrame of the table."""
        from wbart.media.tableframe import frame

        return frame(self.columns, self.data)

    def to_data_array(self) -> list[list[Any]]:
        """The rows."""
        return self.data

    # How it is kept.

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON: in an artifact the rows, in a run a file that has them."""
        from wbart.media.tablejson import file_json, table_json

        return table_json(self, holder) if holder.kind == "artifact" else file_json(self, holder)

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source: Source) -> Self:
        """The table of W&B's JSON, in either form."""
        from wbart.media.tableread import read_table

        return read_table(cls, json_obj, source)

    @classmethod
    def class_type(cls) -> Type:
        from wbart.media.tabletype import TableType

        return TableType()

    def value_type(self) -> Type:
        from wbart.media.tabletype import TableType

        return TableType(self._column_types)

    def _eq_debug(self, other: object, should_assert: bool = False) -> bool:
        """Whether it holds the same; with should_assert an AssertionError says what differs."""
        from wbart.media.tablecompare import difference

        found = difference(self, other)
        if should_assert and found is not None:
            raise AssertionError(found)
        return found is None

    def __eq__(self, other: object) -> bool:
        return self._eq_debug(other)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Table of {len(self.data)} rows, columns {self.columns}>"
