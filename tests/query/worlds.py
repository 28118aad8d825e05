"""Rows of a made-up table, as the evaluator sees them and as SQLite keeps them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from wbart.query import (
    Column,
    Condition,
    Document,
    Order,
    Schema,
    compile_condition,
    compile_order,
    flatten,
    install,
)

SCHEMA = Schema(
    columns={
        "name": Column("id"),
        "state": Column("state"),
        "createdAt": Column("created", "time"),
        "created_at": Column("created", "time"),
        "duration": Column("duration", "number"),
        "tags": Column("tags", "list"),
    },
    documents={"config": Document("config", wrapped=True), "summary_metrics": Document("summary")},
)
_JSON = ("tags", "config", "summary")
_COLUMNS = ("id", "state", "created", "duration", *_JSON)


def row(id: str, **values: object) -> dict[str, object]:
    """A row; what is not given is not there."""
    made = dict.fromkeys(_COLUMNS) | {"id": id} | values
    for name in ("config", "summary"):
        document = made[name] or {}
        assert isinstance(document, Mapping)
        made[name] = flatten(document)
    return made


def table(rows: Sequence[Mapping[str, object]]) -> sqlite3.Connection:
    """The rows in a database in memory."""
    connection = sqlite3.connect(":memory:")
    install(connection)
    connection.execute(
        "CREATE TABLE run (id TEXT, state TEXT, created REAL, duration REAL, "
        "tags TEXT, config TEXT, summary TEXT)"
    )
    connection.executemany(
        "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            [
                json.dumps(each[name], ensure_ascii=False)
                if name in _JSON and each[name] is not None
                else each[name]
                for name in _COLUMNS
            ]
            for each in rows
        ],
    )
    return connection


def select(
    connection: sqlite3.Connection, condition: Condition, order: Order | None = None
) -> list[str]:
    """The ids of the rows for which the condition holds."""
    where = compile_condition(condition)
    by = compile_order(order, "id") if order else None
    found = connection.execute(
        f"SELECT id FROM run WHERE {where.text}" + (f" ORDER BY {by.text}" if by else ""),
        (*where.values, *(by.values if by else ())),
    )
    return [each for (each,) in found]
