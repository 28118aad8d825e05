"""From a Mongo-style filter to conditions; whatever is odd about it is told here."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import cast

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.query.condition import Any, Condition, Every, Not, Operator, Test
from wbart.query.fields import Field, Schema
from wbart.query.wide import tests_of
from wbart.recording.text import storable
from wbart_storage.clock import parse_time

_RANGES = frozenset({"$gt", "$gte", "$lt", "$lte"})
_OPTIONS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_DEEPEST = 50
_MOST = 10_000


def parse(filters: Mapping[str, object] | None, schema: Schema) -> Condition:
    """The condition that a filter means; no filter holds for every row.

    Raises ArgumentInvalid for an unknown field or operator and for an operand that makes no
    sense, ArgumentTypeInvalid for a filter that is no mapping.
    """
    condition = _Parser(schema).all_of({} if filters is None else filters, 0)
    if next(islice(tests_of(condition), _MOST, None), None) is not None:
        raise ArgumentInvalid(f"a filter has more than {_MOST} conditions")
    return condition


class _Parser:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def all_of(self, filters: object, depth: int) -> Condition:
        if not isinstance(filters, Mapping):
            raise ArgumentTypeInvalid(f"a filter is a dict, not {type(filters).__name__}")
        if depth > _DEEPEST:
            raise ArgumentInvalid(f"a filter is nested more than {_DEEPEST} deep")
        parts = tuple(self._one(key, value, depth) for key, value in filters.items())
        return parts[0] if len(parts) == 1 else Every(parts)

    def _one(self, key: object, value: object, depth: int) -> Condition:
        if not isinstance(key, str):
            raise ArgumentTypeInvalid(f"a field's name is text, not {key!r}")
        if not key.startswith("$"):
            return self._field(self._schema.field(storable(key)), value, depth)
        if key == "$not":
            return Not(self.all_of(value, depth + 1))
        if key not in ("$and", "$or", "$nor"):
            raise ArgumentInvalid(f"unknown operator {key!r}")
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise ArgumentInvalid(f"{key} needs a list of filters")
        parts = tuple(self.all_of(each, depth + 1) for each in value)
        if key == "$and":
            return Every(parts)
        return Any(parts) if key == "$or" else Not(Any(parts))

    def _field(self, field: Field, value: object, depth: int) -> Condition:
        if not _is_operators(value):
            return Test(field, "$eq", _operand(field, value))
        tests = cast("Mapping[str, object]", value)
        parts = []
        for name, operand in tests.items():
            if name == "$options" and "$regex" in tests:
                continue
            parts.append(self._test(field, name, operand, tests, depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _test(
        self,
        field: Field,
        name: str,
        operand: object,
        tests: Mapping[str, object],
        depth: int,
    ) -> Condition:
        if name == "$not":
            if not _is_operators(operand):
                raise ArgumentInvalid("$not of a field needs operators")
            return Not(self._field(field, operand, depth + 1))
        if name == "$ne":
            return Not(Test(field, "$eq", _operand(field, operand)))
        if name == "$nin":
            return Not(Test(field, "$in", _operands(field, name, operand)))
        if name == "$regex":
            return Test(field, "$regex", _pattern(operand, tests.get("$options", "")))
        check = _CHECKS.get(name)
        if check is None:
            raise ArgumentInvalid(f"unknown operator {name!r}")
        return Test(field, cast("Operator", name), check(field, name, operand))


def _is_operators(value: object) -> bool:
    """Whether a field's value is a dict of operators, and not a dict to be equal to."""
    if not isinstance(value, Mapping) or not value:
        return False
    marked = [isinstance(key, str) and key.startswith("$") for key in value]
    if any(marked) and not all(marked):
        raise ArgumentInvalid("operators and other keys do not go together in one dict")
    return marked[0]


def _operand(field: Field, value: object) -> object:
    """The value, checked; a date becomes the seconds of a time, or the text of a document."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.timestamp() if field.kind == "time" else moment.isoformat()
    if field.kind == "time" and isinstance(value, str):
        try:
            return parse_time(value)
        except ValueError as error:
            raise ArgumentInvalid(f"not a date: {value!r}") from error
    return _plain(value)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else _as_float(value)
    if isinstance(value, float):
        if value != value:
            raise ArgumentInvalid("NaN is equal to nothing; filter with $exists instead")
        return value
    if isinstance(value, Mapping):
        return {storable(str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(each) for each in value]
    raise ArgumentTypeInvalid(f"a filter cannot compare with {type(value).__name__}")


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _operands(field: Field, name: str, value: object) -> tuple[object, ...]:
    if isinstance(value, str | Mapping | bytes) or not isinstance(
        value, Sequence | set | frozenset
    ):
        raise ArgumentInvalid(f"{name} needs a list")
    return tuple(_operand(field, each) for each in value)


def _bound(field: Field, name: str, value: object) -> object:
    bound = _operand(field, value)
    if isinstance(bound, bool) or not isinstance(bound, int | float | str):
        raise ArgumentInvalid(f"{name} needs a number or text, not {value!r}")
    return bound


def _flag(field: Field, name: str, value: object) -> bool:
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    raise ArgumentInvalid(f"{name} needs True or False, not {value!r}")


def _count(field: Field, name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ArgumentInvalid(f"{name} needs a number of members, not {value!r}")
    return value


def _part(field: Field, name: str, value: object) -> object:
    if value is None or isinstance(value, Mapping | list | tuple):
        raise ArgumentInvalid(f"{name} needs text or a member, not {value!r}")
    return _operand(field, value)


def _pattern(value: object, options: object) -> re.Pattern[str]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return value
    if not isinstance(value, str) or not isinstance(options, str):
        raise ArgumentInvalid(f"$regex needs text, not {value!r}")
    flags = re.RegexFlag(0)
    for letter in options:
        if letter not in _OPTIONS:
            raise ArgumentInvalid(f"unknown letter in $options: {letter!r}")
        flags |= _OPTIONS[letter]
    try:
        return re.compile(storable(value), flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise ArgumentInvalid(f"not a regular expression: {value!r}: {error}") from error


_CHECKS: Mapping[str, Callable[[Field, str, object], object]] = {
    "$eq": lambda field, name, value: _operand(field, value),
    "$in": _operands,
    "$all": _operands,
    "$exists": _flag,
    "$size": _count,
    "$contains": _part,
    **dict.fromkeys(_RANGES, _bound),
}
