"""JoinedTable: two tables of an artifact, to be looked at by a common key."""

from __future__ import annotations

from typing import Any, Self

from wbart.drafts.entry import ArtifactManifestEntry
from wbart.errors import ArgumentInvalid
from wbart.media.partitionedtable import PartitionedTable
from wbart.media.table import Table
from wbart.media.value import Holder, Source, WBValue

_SUFFIX = ".table.json"
_Joined = str | Table | PartitionedTable | ArtifactManifestEntry


class JoinedTable(WBValue):
    """Two tables, each an object, an entry, or a path of the artifact, and the key that joins them.

    join_key names a column, or one of each. Raises ArgumentInvalid (a ValueError) for other things.
    """

    _log_type = "joined-table"

    def __init__(self, table1: Any, table2: Any, join_key: str | list[str]) -> None:
        if not isinstance(join_key, str) and (not isinstance(join_key, list) or len(join_key) != 2):
            raise ArgumentInvalid(
                "JoinedTable join_key should be a string or a list of two strings"
            )
        self._table1 = _checked(table1, "table1")
        self._table2 = _checked(table2, "table2")
        self._join_key = join_key

    def to_json(self, holder: Holder) -> dict[str, Any]:
        """W&B's JSON; tables that the artifact lacks are added to it, named by their content."""
        found: dict[str, Any] = {"_type": self._log_type}
        if holder.kind == "run":
            from wbart.media.objects import uri_of

            uri = uri_of(self)
            if uri is None:
                raise ArgumentInvalid(
                    "JoinedTables must first be added to an Artifact before logging to a Run"
                )
            return found | {"artifact_path": uri}
        return found | {
            "table1": _held(self._table1, holder),
            "table2": _held(self._table2, holder),
            "join_key": self._join_key,
        }

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source: Source) -> Self:
        """The tables of W&B's JSON; a path where the artifact has none."""
        one, two = str(json_obj["table1"]), str(json_obj["table2"])
        return cls(source.get(one) or one, source.get(two) or two, json_obj["join_key"])

    def _eq_debug(self, other: object, should_assert: bool = False) -> bool:
        """Whether it joins equal tables; with should_assert, AssertionError says what differs."""
        found = self._difference(other)
        if should_assert and found is not None:
            raise AssertionError(found)
        return found is None

    def _difference(self, other: object) -> str | None:
        if not isinstance(other, JoinedTable):
            return f"Found type {type(other)}, expected {JoinedTable}"
        if self._join_key != other._join_key:
            return f"Found {other._join_key} join key, expected {self._join_key}"
        for mine, others in ((self._table1, other._table1), (self._table2, other._table2)):
            if isinstance(mine, Table):
                from wbart.media.tablecompare import difference

                if (found := difference(mine, others)) is not None:
                    return found
            elif mine != others:
                return f"Found table {others}, expected {mine}"
        return None

    def __eq__(self, other: object) -> bool:
        return self._eq_debug(other)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<JoinedTable by {self._join_key}>"


def _checked(table: Any, which: str) -> _Joined:
    is_path = isinstance(table, str) and table.endswith(_SUFFIX)
    if is_path or isinstance(table, Table | PartitionedTable):
        return table  # type: ignore[no-any-return]
    if isinstance(table, ArtifactManifestEntry) and table.path.endswith(_SUFFIX):
        return table
    raise ArgumentInvalid(
        f"JoinedTable {which} should be an artifact path to a table or wandb.Table object"
    )


def _held(table: _Joined, holder: Holder) -> str:
    """The path of the table in the artifact."""
    if isinstance(table, Table | PartitionedTable):
        return holder.hold_value(table, _name(table, holder)).path
    if isinstance(table, ArtifactManifestEntry):
        from hashlib import md5

        name = md5(table.digest.encode(), usedforsecurity=False).hexdigest()[:20]
        return holder.refer(table.ref_url(), f"{name}{_SUFFIX}")
    if not holder.has(table):
        raise ArgumentInvalid(
            f"JoinedTable table:{table} not found in artifact. Add a table to the artifact using "
            f"Artifact#add(<table>, {table}) before adding this JoinedTable"
        )
    return table


def _name(table: Table | PartitionedTable, holder: Holder) -> str:
    """Its name in the artifact that it comes from; what is new is named by its content."""
    for home in (table._origin, table._target):
        if home is not None and home.name is not None:
            name = home.name.rpartition("/")[2]
            if not holder.has(name):
                return name
            from hashlib import md5

            digits = md5(f"{home.name}\0{_uri(table)}".encode(), usedforsecurity=False)
            return f"{digits.hexdigest()[:20]}_{name}"
    return "media/tables/t"


def _uri(table: WBValue) -> str:
    from wbart.media.objects import uri_of

    return uri_of(table) or ""
