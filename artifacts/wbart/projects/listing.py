"""Sources of paginators whose rows are few enough to be sorted in memory, and their orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from wbart.errors import ArgumentInvalid
from wbart.projects.paginator import Key

R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True)
class Listing(Generic[R, T]):
    """Rows, loaded once when first asked for; an item is made of a row when its page comes."""

    load: Callable[[], Iterable[R]]
    key: Callable[[R], Key]
    make: Callable[[R], T]
    descending: bool = False

    def items(self, after: Key | None) -> Iterator[tuple[Key, T]]:
        """The items after the one of that key, which may be gone by now."""
        for row in self._rows:
            key = self.key(row)
            if after is None or (key < after if self.descending else key > after):
                yield key, self.make(row)

    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @cached_property
    def _rows(self) -> list[R]:
        return sorted(self.load(), key=self.key, reverse=self.descending)


def parse_order(
    order: str | None, fields: Iterable[str], default: str, *, bare_descending: bool = False
) -> tuple[str, bool]:
    """Field and direction of an order such as `-created_at`; `createdAt` is the same field.

    A field without a sign is ascending for artifacts and collections, and descending for runs.
    """
    found = re.fullmatch(r"([+-]?)(.+)", default if order is None else order, re.DOTALL)
    known: Mapping[str, str] = {_plain(field): field for field in fields}
    field = known.get(_plain(found[2])) if found is not None else None
    if found is None or field is None:
        raise ArgumentInvalid(f"order {order!r} is none of {', '.join(known.values())}")
    return field, {"+": False, "-": True}.get(found[1], bare_descending)


def _plain(field: str) -> str:
    return field.replace("_", "").lower()
