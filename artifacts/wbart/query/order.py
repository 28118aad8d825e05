"""Order strings: `+created_at`, `-summary_metrics.loss`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wbart.errors import ArgumentInvalid
from wbart.query.evaluate import MISSING, Row, value_of
from wbart.query.fields import Field, Schema


@dataclass(frozen=True, slots=True)
class Order:
    """Rows by one field: numbers before text, and last, either way, those that have neither."""

    field: Field
    descending: bool

    def key(self, identity: Callable[[Row], str]) -> Callable[[Row], Any]:
        """A sort key for rows in memory; rows that are equal go by their identity, upwards."""

        def compare(left: Row, right: Row) -> int:
            a, b = self._ranked(left), self._ranked(right)
            if a[0] != b[0] and 2 in (a[0], b[0]):
                return a[0] - b[0]
            if a != b:
                less = a < b
                return -1 if less is not self.descending else 1
            one, other = identity(left), identity(right)
            return (one > other) - (one < other)

        return functools.cmp_to_key(compare)

    def _ranked(self, row: Row) -> tuple[int, Any]:
        value = value_of(self.field, row)
        if isinstance(value, str):
            return 1, value
        if isinstance(value, int | float) and value is not MISSING:
            return 0, value
        return 2, 0


def parse_order(order: str, schema: Schema, *, unsigned_descends: bool = False) -> Order:
    """The order that a string means; a name without a sign ascends unless it is said otherwise.

    Raises ArgumentInvalid for an unknown field.
    """
    if not isinstance(order, str) or not order.lstrip("+-"):
        raise ArgumentInvalid(f"an order is a field's name with + or - before it, not {order!r}")
    sign, name = (order[0], order[1:]) if order[0] in "+-" else ("", order)
    return Order(schema.field(name), sign == "-" or (not sign and unsigned_descends))


def check_order(order: str, allowed: Sequence[str]) -> str:
    """Return order if its field is one of those that are allowed, else raise ArgumentInvalid."""
    if order.lstrip("+-") not in allowed:
        raise ArgumentInvalid(f"cannot order by {order!r}; only by {', '.join(allowed)}")
    return order
