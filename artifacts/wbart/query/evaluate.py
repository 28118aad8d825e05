"""The reference: whether a condition holds for a row in memory."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any as Comparable
from typing import Final, cast

from wbart.query.condition import Any, Condition, Every, Not
from wbart.query.fields import Field

MISSING: Final = object()
Row = Mapping[str, object]
"""Values by column: plain ones, lists, and flat objects for documents; None where nothing is."""


def holds(condition: Condition, row: Row) -> bool:
    """Whether the condition holds for the row."""
    if isinstance(condition, Every):
        return all(holds(part, row) for part in condition.parts)
    if isinstance(condition, Any):
        return any(holds(part, row) for part in condition.parts)
    if isinstance(condition, Not):
        return not holds(condition.part, row)
    return _OPERATORS[condition.operator](value_of(condition.field, row), condition.operand)


def value_of(field: Field, row: Row) -> object:
    """The value at a place in a row, or MISSING."""
    held = row.get(field.column)
    if field.kind != "document":
        return MISSING if held is None else held
    document = cast("Mapping[str, object]", held or {})
    return next((document[key] for key in field.keys if key in document), MISSING)


def same(value: object, operand: object) -> bool:
    """Whether two JSON values are equal; True is not 1, and the order of keys does not matter."""
    if isinstance(value, Mapping) and isinstance(operand, Mapping):
        return value.keys() == operand.keys() and all(
            same(value[key], operand[key]) for key in operand
        )
    if isinstance(value, list) and isinstance(operand, list):
        return len(value) == len(operand) and all(map(same, value, operand))
    return _bracket(value) is _bracket(operand) and _number(value) == _number(operand)


def _bracket(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return type(value)
    return float if isinstance(value, int | float) else type(value)


def _number(value: object) -> object:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def _members(value: object) -> Iterator[object]:
    if isinstance(value, list):
        yield from value
    elif value is not MISSING:
        yield value


def _eq(value: object, operand: object) -> bool:
    if value is MISSING:
        return operand is None
    return same(value, operand) or any(same(each, operand) for each in _members(value))


def _in(value: object, operand: object) -> bool:
    return any(_eq(value, each) for each in cast("tuple[object, ...]", operand))


def _range(compare: Callable[[Comparable, Comparable], bool]) -> Callable[[object, object], bool]:
    def test(value: object, operand: object) -> bool:
        return any(
            _bracket(each) is _bracket(operand) and compare(_number(each), operand)
            for each in _members(value)
        )

    return test


def _regex(value: object, operand: object) -> bool:
    search = cast("re.Pattern[str]", operand).search
    return any(isinstance(each, str) and search(each) is not None for each in _members(value))


def _contains(value: object, operand: object) -> bool:
    if isinstance(value, str):
        return isinstance(operand, str) and operand in value
    return isinstance(value, list) and any(same(each, operand) for each in value)


_OPERATORS: Mapping[str, Callable[[object, object], bool]] = {
    "$eq": _eq,
    "$in": _in,
    "$gt": _range(operator.gt),
    "$gte": _range(operator.ge),
    "$lt": _range(operator.lt),
    "$lte": _range(operator.le),
    "$exists": lambda value, operand: (value is not MISSING) == operand,
    "$regex": _regex,
    "$contains": _contains,
    "$all": lambda value, operand: (
        bool(operand) and all(_eq(value, each) for each in cast("tuple[object, ...]", operand))
    ),
    "$size": lambda value, operand: isinstance(value, list) and len(value) == operand,
}
