"""Lists that are filtered and ordered level by level, such as collections of registries.

Nothing is read before a list is looked at. Without an order of its parents a list is ordered as a
whole. When a parent is ordered, what belongs to one parent stays together, in the parents' order;
then no cursor could name a place in it, so `start`, `cursor` and `len()` are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.projects.paginator import Key, Paginator
from wbart.query import Condition, Order, holds

R = TypeVar("R")
T = TypeVar("T")


class Grouped(ArgumentInvalid, ArgumentTypeInvalid):
    """A list whose parents are ordered cannot tell it. A TypeError, too, as of any such list."""


@dataclass(frozen=True)
class Level(Generic[R]):
    """The rows of one level: groups of them, each of one parent if parents are ordered."""

    groups: Callable[[], Iterator[list[R]]]
    row: Callable[[R], Mapping[str, object]]
    identity: Callable[[R], Key]
    condition: Condition
    order: Order | None
    grouped: bool
    """Whether a parent, or a parent's parent, is ordered."""

    def parents(self) -> Iterator[list[R]]:
        """The groups for the level below: each row alone when they are in an order."""
        rows = self.rows()
        if self.grouped or self.order is not None:
            yield from ([row] for row in rows)
        else:
            yield list(rows)

    def rows(self) -> Iterator[R]:
        """The rows that fulfil the condition, in order."""
        for group in self.groups():
            found = [(self.row(each), each) for each in group]
            kept = [pair for pair in found if holds(self.condition, pair[0])]
            kept.sort(key=lambda pair: self.identity(pair[1]))
            if self.order is not None:
                kept.sort(key=_by(self.order))
            yield from (each for _, each in kept)


def _by(order: Order) -> Callable[[tuple[Mapping[str, object], object]], Any]:
    key = order.key(lambda row: "")  # those that are equal stay as they are
    return lambda pair: key(pair[0])


class LevelPages(Paginator[T], Generic[R, T]):
    """A page of one level after the other; see this module."""

    PER_PAGE = 100

    def __init__(
        self,
        level: Level[R],
        make: Callable[[R], T],
        per_page: int | None,
        start: str | None,
    ) -> None:
        if level.grouped and start is not None:
            raise ArgumentInvalid("start cannot be used when the parents are ordered")
        self.level = level
        super().__init__(_Rows(level, make), per_page, start)

    @property
    def cursor(self) -> str | None:
        """As a paginator's; ArgumentInvalid when the parents are ordered."""
        if self.level.grouped:
            raise ArgumentInvalid("there is no cursor when the parents are ordered")
        return super().cursor

    def __bool__(self) -> bool:
        return self._reaches(0)


@dataclass(frozen=True)
class _Rows(Generic[R, T]):
    """A level as the source of a paginator. An item's key is its order's value and its name."""

    level: Level[R]
    make: Callable[[R], T]

    def items(self, after: Key | None) -> Iterator[tuple[Key, T]]:
        """The rest of the rows after the one of that name, or where it would be."""
        rows: Iterator[R] = self.level.rows()
        if after is not None:
            rows = self._after(list(rows), after)
        for row in rows:
            yield self._key(row), self.make(row)

    def count(self) -> int:
        """How many rows there are. Raises Grouped."""
        if self.level.grouped:
            raise Grouped("a list has no length when its parents are ordered")
        return sum(1 for _ in self.level.rows())

    def _key(self, row: R) -> Key:
        order = self.level.order
        value = None if order is None else self.level.row(row).get(order.field.column)
        ordered = (value,) if isinstance(value, str | int | float) else ("",)
        return (*ordered, *self.level.identity(row))

    def _after(self, rows: list[R], after: Key) -> Iterator[R]:
        order, identity = self.level.order, self.level.identity
        at = next((i for i, row in enumerate(rows) if identity(row) == after[1:]), None)
        if at is not None:
            return iter(rows[at + 1 :])
        # It is gone by now: go on where it was.
        try:
            if order is None:
                return (row for row in rows if identity(row) > after[1:])
            sign = -1 if order.descending else 1
            return (row for row in rows if _beyond(self._key(row), after, sign))
        except TypeError as error:
            raise ArgumentInvalid("the cursor is of another list") from error


def _beyond(key: Key, after: Key, sign: int) -> bool:
    if key[0] != after[0]:
        less: bool = after[0] < key[0]  # type: ignore[operator]
        return less is (sign == 1)
    return key[1:] > after[1:]
