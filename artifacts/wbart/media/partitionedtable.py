"""PartitionedTable: all tables below a folder of an artifact, as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from wbart.errors import ArgumentInvalid
from wbart.media.value import Holder, Source, WBValue


class PartitionedTable(WBValue):
    """The tables below `parts_path`, sorted by their paths; read one after another."""

    _log_type = "partitioned-table"

    def __init__(self, parts_path: str) -> None:
        self.parts_path = parts_path
        self._source: Source | None = None

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON; the parts are added to the artifact on their own."""
        if holder.kind == "artifact":
            return {"_type": self._log_type, "parts_path": self.parts_path}
        from wbart.media.objects import uri_of

        uri = uri_of(self)
        if uri is None:
            raise ArgumentInvalid(
                "PartitionedTables must first be added to an Artifact before logging to a Run"
            )
        return {"_type": self._log_type, "artifact_path": uri}

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source: Source) -> Self:
        """The table of W&B's JSON; its parts are looked for when the rows are asked for."""
        table = cls(str(json_obj["parts_path"]))
        table._source = source
        return table

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows of all parts with their numbers; one part is in memory at a time.

        Raises ArgumentInvalid (a ValueError) when parts have other columns than the first.
        """
        from wbart.media.table import Table

        columns: list[str | int] | None = None
        number = 0
        for path in self._source.below(self.parts_path) if self._source is not None else ():
            part = self._source.get(path) if path.endswith(".table.json") and self._source else None
            if not isinstance(part, Table):
                continue
            if columns is not None and columns != part.columns:
                raise ArgumentInvalid(
                    f"Table parts have non-matching columns. {columns} != {part.columns}"
                )
            columns = part.columns
            for row in part.data:
                yield number, row
                number += 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionedTable) and self.parts_path == other.parts_path

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<PartitionedTable of {self.parts_path}>"
