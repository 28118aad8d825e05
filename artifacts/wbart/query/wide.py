"""Conditions of many tests in SQL: one function that asks the reference evaluator, a row a time.

SQLite bounds how deep an expression is, and keeps a copy of a column for each test that reads it,
so that a hundred tests of a large document are a hundred documents in memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from itertools import count
from weakref import WeakValueDictionary

from wbart.query.condition import Any, Condition, Every, Not, Test
from wbart.query.evaluate import holds

_JSON = ("list", "document")
_numbers = count(1)
_kept: WeakValueDictionary[str, Kept] = WeakValueDictionary()


class Kept(str):
    """A name that SQL knows a condition by, for as long as somebody has it bound."""

    condition: Condition
    columns: dict[str, bool]
    """Those that it looks at, and whether they hold JSON."""


def tests_of(condition: Condition) -> Iterator[Test]:
    """All tests of a condition."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from tests_of(condition.part)
    else:
        parts: Every | Any = condition
        for part in parts.parts:
            yield from tests_of(part)


def keep(condition: Condition) -> Kept:
    """The name to bind in front of the columns in a call of `wbart_holds`."""
    kept = Kept(f"condition {next(_numbers)}")
    kept.condition = condition
    kept.columns = {test.field.column: test.field.kind in _JSON for test in tests_of(condition)}
    _kept[str(kept)] = kept
    return kept


def install(connection: sqlite3.Connection) -> None:
    """Give a connection the function."""
    connection.create_function("wbart_holds", -1, _holds)


def _holds(name: str, *values: object) -> bool:
    kept = _kept[name]
    row = {
        column: json.loads(value) if is_json and isinstance(value, str) else value
        for (column, is_json), value in zip(kept.columns.items(), values, strict=True)
    }
    return holds(kept.condition, row)
