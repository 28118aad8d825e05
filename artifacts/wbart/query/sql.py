"""Conditions and orders as SQL for SQLite with JSON1, with bound parameters.

What a value is decides what it may be compared with, so each comparison looks at json_type first.
An expression is 0 or 1 and never NULL, so that NOT is the opposite. Functions of ours stand behind
CASE, since SQLite may try the terms of an AND in any order.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from wbart.query import wide
from wbart.query.condition import Any, Condition, Every, Not, Operator, Test
from wbart.query.evaluate import same
from wbart.query.fields import Field
from wbart.query.order import Order

_COMPARE: Mapping[str, str] = {"$eq": "=", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_MOST_TESTS = 24
"""More of them are for `wbart.query.wide`."""
_FEW = 64
"""Members of a list that are bound one by one."""
_SCALAR = "IN ('integer', 'real')"


class Sql(NamedTuple):
    """An expression and what is bound to its question marks."""

    text: str
    values: tuple[object, ...] = ()


class _Value(NamedTuple):
    """How an expression speaks of a value: the SQL of its JSON type and of itself."""

    type: Sql
    value: Sql


def install(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that compiled conditions call."""
    connection.create_function("wbart_search", 3, _search, deterministic=True)
    connection.create_function("wbart_same", 2, _same, deterministic=True)
    wide.install(connection)


def compile_condition(condition: Condition) -> Sql:
    """An expression that is 1 for the rows for which the condition holds."""
    if sum(map(_width, wide.tests_of(condition))) <= _MOST_TESTS:
        return _compiled(condition)
    kept = wide.keep(condition)
    return Sql(f"wbart_holds({', '.join(('?', *kept.columns))})", (kept,))


def _width(test: Test) -> int:
    """How many expressions a test becomes."""
    if test.operator == "$in":
        return 1 + len(_others(test))
    return len(cast("tuple[object, ...]", test.operand)) if test.operator == "$all" else 1


def _compiled(condition: Condition) -> Sql:
    if isinstance(condition, Not):
        inner = _compiled(condition.part)
        return Sql(f"(NOT {inner.text})", inner.values)
    if isinstance(condition, Every | Any):
        return _joined(map(_compiled, condition.parts), isinstance(condition, Every))
    return _whole(condition)


def compile_order(order: Order, identity: str) -> Sql:
    """The terms of ORDER BY; identity is the column that makes the order total."""
    value = value_of_field(order.field)
    direction = "DESC" if order.descending else "ASC"
    text = f"{value.text} IS NULL, {value.text} {direction}, {identity} ASC"
    return Sql(text, value.values * 2)


def _joined(parts: Iterable[Sql], every: bool) -> Sql:
    found = list(parts)
    if not found:
        return Sql("1" if every else "0")
    text = (" AND " if every else " OR ").join(each.text for each in found)
    return Sql(f"({text})", tuple(value for each in found for value in each.values))


def _whole(test: Test) -> Sql:
    """A test of a field, where its value is of whichever type."""
    field = test.field
    if field.kind == "document":
        expression = _first_there(test, [f'$."{key}"' for key in field.keys])
    elif field.kind == "list":
        expression = _at_path(test, "$")
    else:
        expression = _on_column(test)
    return Sql(f"COALESCE({expression.text}, 0)", expression.values)


def _first_there(test: Test, paths: list[str]) -> Sql:
    path, *others = paths
    expression = _at_path(test, path)
    if not others:
        return expression
    rest = _first_there(test, others)
    text = (
        f"CASE WHEN json_type({test.field.column}, ?) IS NOT NULL "
        f"THEN {expression.text} ELSE {rest.text} END"
    )
    return Sql(text, (path, *expression.values, *rest.values))


def _at_path(test: Test, path: str) -> Sql:
    column = test.field.column
    kind = Sql(f"json_type({column}, ?)", (path,))
    value = _Value(kind, Sql(f"json_extract({column}, ?)", (path,)))
    if test.operator == "$exists":
        return Sql(f"({kind.text} IS {'NOT ' if test.operand else ''}NULL)", kind.values)
    if test.operator == "$size":
        text = f"({kind.text} = 'array' AND json_array_length({column}, ?) = ?)"
        return Sql(text, (path, path, test.operand))
    if test.operator == "$all":
        wanted = cast("tuple[object, ...]", test.operand)
        parts = [_at_path(Test(test.field, "$eq", each), path) for each in wanted]
        return _joined(parts, True) if parts else Sql("0")
    if test.operator == "$in" and (others := _others(test)):
        plain = Test(test.field, "$in", _listed(test))
        tests = [plain, *(Test(test.field, "$eq", each) for each in others)]
        return _joined([_at_path(each, path) for each in tests], False)
    alone = _test_value(test.operator, test.operand, value)
    member = _Value(Sql("each.type"), Sql("each.value"))
    inner = _test_value(
        "$eq" if test.operator == "$contains" else test.operator, test.operand, member
    )
    within = Sql(
        f"EXISTS (SELECT 1 FROM json_each({column}, ?) AS each WHERE {inner.text})",
        (path, *inner.values),
    )
    if test.operator == "$eq":
        within = _joined([within, alone], False)
    text = f"CASE {kind.text} WHEN 'array' THEN {within.text} ELSE {alone.text} END"
    return Sql(text, (*kind.values, *within.values, *alone.values))


def _test_value(operator: Operator, operand: object, value: _Value) -> Sql:
    """A test of one value that is no list, or of the whole list."""
    kind, held = value
    if operator == "$in":
        return _among(cast("tuple[object, ...]", operand), value)
    if operator == "$regex":
        pattern = cast("re.Pattern[str]", operand)
        text = f"CASE {kind.text} WHEN 'text' THEN wbart_search(?, ?, {held.text}) ELSE 0 END"
        return Sql(text, (*kind.values, pattern.pattern, pattern.flags, *held.values))
    if operator == "$contains":
        if not isinstance(operand, str):
            return Sql("0")
        text = f"({kind.text} = 'text' AND instr({held.text}, ?) > 0)"
        return Sql(text, (*kind.values, *held.values, operand))
    if operand is None:
        return Sql(f"({kind.text} IS NULL OR {kind.text} = 'null')", kind.values * 2)
    if isinstance(operand, bool):
        return Sql(f"({kind.text} = ?)", (*kind.values, "true" if operand else "false"))
    if isinstance(operand, dict | list):
        wanted = "object" if isinstance(operand, dict) else "array"
        text = f"CASE {kind.text} WHEN '{wanted}' THEN wbart_same({held.text}, ?) ELSE 0 END"
        return Sql(text, (*kind.values, *held.values, json.dumps(operand)))
    types = "= 'text'" if isinstance(operand, str) else _SCALAR
    text = f"({kind.text} {types} AND {held.text} {_COMPARE[operator]} ?)"
    return Sql(text, (*kind.values, *held.values, operand))


def _among(operands: Iterable[object], value: _Value) -> Sql:
    """Whether a value is one of texts and numbers."""
    kind, held = value
    found = []
    for types, each in (("= 'text'", str), (_SCALAR, int | float)):
        wanted = [operand for operand in operands if isinstance(operand, each)]
        if wanted:
            few = len(wanted) <= _FEW
            values = tuple(wanted) if few else (json.dumps(wanted),)
            members = ", ".join("?" * len(wanted)) if few else "SELECT value FROM json_each(?)"
            text = f"({kind.text} {types} AND {held.text} IN ({members}))"
            found.append(Sql(text, (*kind.values, *held.values, *values)))
    return _joined(found, False)


def _listed(test: Test) -> tuple[object, ...]:
    """The operands of `$in` that SQL can look up in a list."""
    return tuple(each for each in cast("tuple[object, ...]", test.operand) if _is_listed(each))


def _others(test: Test) -> list[object]:
    return [each for each in cast("tuple[object, ...]", test.operand) if not _is_listed(each)]


def _is_listed(operand: object) -> bool:
    if isinstance(operand, str):
        return "\0" not in operand
    is_number = isinstance(operand, int | float) and not isinstance(operand, bool)
    return is_number and math.isfinite(cast("float", operand))


def _on_column(test: Test) -> Sql:
    """A test of a plain column, which holds one type or NULL."""
    column, operator, operand = test.field.column, test.operator, test.operand
    if operator == "$exists":
        return Sql(f"({column} IS {'NOT ' if operand else ''}NULL)")
    if operator == "$all":
        wanted = cast("tuple[object, ...]", operand)
        parts = [_on_column(Test(test.field, "$eq", each)) for each in wanted]
        return _joined(parts, True) if parts else Sql("0")
    if operator == "$in" and (others := _others(test)):
        plain = _on_column(Test(test.field, "$in", _listed(test)))
        parts = [_on_column(Test(test.field, "$eq", each)) for each in others]
        return _joined([plain, *parts], False)
    if operator == "$size":
        return Sql("0")
    kind = "text" if test.field.kind == "text" else "real"
    value = _Value(Sql(f"CASE WHEN {column} IS NOT NULL THEN '{kind}' END"), Sql(column))
    return _test_value(operator, operand, value)


def value_of_field(field: Field) -> Sql:
    """A field's number or text, else NULL: what rows are ordered by."""
    if field.kind == "list":
        return Sql("NULL")
    if field.kind != "document":
        return Sql(field.column)
    cases, values = [], list[object]()
    for key in field.keys:
        path = f'$."{key}"'
        cases.append(
            f"WHEN json_type({field.column}, ?) IN ('object', 'array', 'null') THEN NULL "
            f"WHEN json_type({field.column}, ?) IS NOT NULL THEN json_extract({field.column}, ?)"
        )
        values += [path, path, path]
    return Sql(f"CASE {' '.join(cases)} END", tuple(values))


def _search(pattern: str, flags: int, text: str) -> bool:
    return re.compile(pattern, flags).search(text) is not None


def _same(value: str, operand: str) -> bool:
    return same(json.loads(value), json.loads(operand))
