"""An MLflow database of SQLite, read without MLflow; of any of its schemas since 1.0."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from weakref import finalize

from wbart.apis.importers.mlflow.measurements import value_of
from wbart.apis.importers.mlflow.tracking import (
    ACTIVE,
    DatasetFacts,
    Head,
    Measurement,
    ModelFacts,
    RunFacts,
    VersionFacts,
)
from wbart.apis.importers.mlflow.trees import SERVED_IN, Tree, tree_at
from wbart.errors import Error, NotFound

_FOLDERS: Final = ("", "mlruns", SERVED_IN)
"""Where a server keeps artifacts, beside its database."""


class Database:
    """The tracking store in a SQLite file, which is never written to."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound when there is none, Error when it is none of MLflow's."""
        self._path = path.absolute()
        self._idle: deque[sqlite3.Connection] = deque()
        if not self._path.is_file():
            raise NotFound(f"no MLflow database at {path}")
        if "runs" not in self._columns:
            raise Error(f"{path} is no database of MLflow's: it has no table of runs")

    @property
    def uri(self) -> str:
        return f"sqlite:///{self._path}"

    def heads(self, limit: int | None) -> Iterator[Head]:
        name = self._name_of_run
        found = (
            f"SELECT run_uuid, {name} AS name, start_time FROM runs r "
            "ORDER BY start_time, run_uuid LIMIT ?"
        )
        for row in self._all(found, -1 if limit is None else limit):
            yield Head(row["run_uuid"], row["name"] or "", row["start_time"] or 0)

    def run(self, id_: str) -> RunFacts:
        found = (
            f"SELECT r.*, {self._name_of_run} AS run_name, e.name AS experiment_name "
            "FROM runs r LEFT JOIN experiments e USING (experiment_id) WHERE run_uuid = ?"
        )
        rows = self._all(found, id_)
        if not rows:
            raise NotFound(f"no run {id_} in {self._path}")
        row = rows[0]
        return RunFacts(
            id=id_,
            name=row["run_name"] or "",
            experiment=str(row["experiment_id"]),
            experiment_name=row["experiment_name"],
            user=row["user_id"],
            status=row["status"] or "",
            started_ms=row["start_time"],
            ended_ms=row["end_time"],
            lifecycle=row["lifecycle_stage"] or ACTIVE,
            artifact_uri=row["artifact_uri"] or "",
            params=self._pairs("params", id_),
            tags=self._pairs("tags", id_),
            datasets=tuple(self._datasets(id_)),
            models=tuple(self._models(id_)),
        )

    def marks(self, id_: str) -> object:
        found = (
            "SELECT key, count(*), max(timestamp), max(step), total(value) FROM metrics "
            "WHERE run_uuid = ? GROUP BY key ORDER BY key"
        )
        return [[str(each) for each in row] for row in self._all(found, id_)]

    def measurements(self, id_: str, problems: list[str]) -> Iterator[Measurement]:
        is_nan = "is_nan" if "is_nan" in self._columns["metrics"] else "0 AS is_nan"
        found = (
            f"SELECT key, value, timestamp, step, {is_nan} FROM metrics WHERE run_uuid = ? "
            "ORDER BY step, timestamp, rowid"
        )
        with self._open() as database:
            for row in database.execute(found, (id_,)):
                try:
                    value = value_of(float(row["value"]), is_nan=bool(row["is_nan"]))
                    yield Measurement(row["key"], value, int(row["timestamp"]), int(row["step"]))
                except (TypeError, ValueError):
                    problems.append(f"metric {row['key']}: {tuple(row)[1:4]} is no measurement")

    def tree(self, uri: str) -> Tree:
        return tree_at(uri, [self._path.parent / name for name in _FOLDERS])

    def versions(self) -> Iterator[VersionFacts]:
        if "model_versions" not in self._columns:
            return
        models = self._all("SELECT * FROM registered_models")
        said = {_key(row): row["description"] for row in map(dict, models) if "description" in row}
        found = self._all("SELECT * FROM model_versions ORDER BY name, version")
        for row in map(dict, found):
            yield VersionFacts(
                model=_name(row),
                number=int(row["version"]),
                run=row.get("run_id") or None,
                location=row.get("storage_location") or row.get("source") or "",
                description=row.get("description") or None,
                model_description=said.get(_key(row)) or None,
                stage=row.get("current_stage"),
                aliases=self._aliases(row),
                tags=self._version_tags(row),
                created_ms=row.get("creation_time"),
            )

    @cached_property
    def _columns(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table; they differ from one release of MLflow to the next."""
        found = self._all(
            "SELECT m.name AS home, c.name AS name FROM sqlite_master m, "
            "pragma_table_info(m.name) c WHERE m.type = 'table'"
        )
        columns: dict[str, set[str]] = {}
        for row in found:
            columns.setdefault(row["home"], set()).add(row["name"])
        return {home: frozenset(names) for home, names in columns.items()}

    @property
    def _name_of_run(self) -> str:
        tagged = (
            "(SELECT value FROM tags t WHERE t.run_uuid = r.run_uuid AND key = 'mlflow.runName')"
        )
        named = "nullif(r.name, '')" if "name" in self._columns["runs"] else "NULL"
        return f"coalesce({named}, {tagged})"

    def _pairs(self, table: str, id_: str) -> dict[str, str]:
        found = f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY key"
        return {row["key"]: row["value"] or "" for row in self._all(found, id_)}

    def _datasets(self, id_: str) -> Iterator[DatasetFacts]:
        if not {"inputs", "datasets"} <= self._columns.keys():
            return
        found = (
            "SELECT d.*, (SELECT value FROM input_tags t WHERE t.input_uuid = i.input_uuid "
            "AND t.name = 'mlflow.data.context') AS context FROM inputs i "
            "JOIN datasets d ON d.dataset_uuid = i.source_id WHERE i.source_type = 'DATASET' "
            "AND i.destination_type = 'RUN' AND i.destination_id = ? ORDER BY d.name, d.digest"
        )
        for row in self._all(found, id_):
            yield DatasetFacts(
                row["name"],
                row["digest"],
                row["dataset_source_type"],
                row["dataset_source"],
                row["dataset_schema"],
                row["dataset_profile"],
                row["context"],
            )

    def _models(self, id_: str) -> Iterator[ModelFacts]:
        if "logged_models" not in self._columns:
            return
        found = (
            "SELECT model_id, name, artifact_location FROM logged_models WHERE model_id IN "
            "(SELECT destination_id FROM inputs WHERE destination_type = 'MODEL_OUTPUT' "
            "AND source_id = ?) OR source_run_id = ? ORDER BY creation_timestamp_ms, model_id"
        )
        for row in self._all(found, id_, id_):
            yield ModelFacts(row["model_id"], row["name"], row["artifact_location"])

    def _aliases(self, version: Mapping[str, Any]) -> tuple[str, ...]:
        if "registered_model_aliases" not in self._columns:
            return ()
        found = "SELECT * FROM registered_model_aliases WHERE name = ? AND version = ?"
        rows = self._all(found, version["name"], version["version"])
        return tuple(sorted(row["alias"] for row in map(dict, rows) if _key(row) == _key(version)))

    def _version_tags(self, version: Mapping[str, Any]) -> dict[str, str]:
        if "model_version_tags" not in self._columns:
            return {}
        found = "SELECT * FROM model_version_tags WHERE name = ? AND version = ? ORDER BY key"
        rows = map(dict, self._all(found, version["name"], version["version"]))
        return {row["key"]: row["value"] or "" for row in rows if _key(row) == _key(version)}

    def _all(self, query: str, *values: object) -> Sequence[sqlite3.Row]:
        with self._open() as database:
            found: Sequence[sqlite3.Row] = database.execute(query, values).fetchall()
            return found

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one thread. SQLite's errors become ours, with the file's name."""
        try:
            database = self._taken() or self._connected()
            yield database
        except sqlite3.Error as error:
            raise Error(
                f"{self._path} cannot be read as a database of MLflow's: {error}"
            ) from error
        else:
            self._idle.append(database)

    def _taken(self) -> sqlite3.Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _connected(self) -> sqlite3.Connection:
        # To open one takes a while: MLflow's schema is large, and SQLite reads all of it.
        database = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode=ro", uri=True, check_same_thread=False
        )
        finalize(self, database.close)
        database.row_factory = sqlite3.Row
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        return database


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row.get("workspace") or "default", row["name"]


def _name(row: Mapping[str, Any]) -> str:
    """The model's name; with its workspace, where that is not the only one."""
    workspace, name = _key(row)
    return name if workspace == "default" else f"{workspace}.{name}"
