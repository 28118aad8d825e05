"""Lists that are loaded a page at a time, and can be taken up again where somebody left them."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Generic, Protocol, TypeVar, overload

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Key = tuple[str | float, ...]
"""Where an item stands in its order; unique, and JSON can say it."""


class Source(Protocol[T_co]):
    """What a paginator pages through: items in a fixed order, each with its key."""

    def items(self, after: Key | None) -> Iterator[tuple[Key, T_co]]:
        """The items after the one with that key, from the first one when it is None."""
        ...

    def count(self) -> int:
        """How many items there are in all."""
        ...


class Paginator(Generic[T]):
    """A lazy list. What was loaded stays in `objects`; a new paginator sees what is new.

    Iterators are independent of each other; only `next(paginator)` moves `index`. Indices and
    slices, negative ones too, load what they need.
    """

    PER_PAGE = 50

    def __init__(
        self, source: Source[T], per_page: int | None = None, start: str | None = None
    ) -> None:
        """start is the `cursor` of another paginator over the same: the rest of it follows."""
        self.per_page = _check_size(per_page, self.PER_PAGE)
        self.objects: list[T] = []
        self.index = -1
        self.more = True
        self._source = source
        self._key = None if start is None else _decode(start)
        self._rest: Iterator[tuple[Key, T]] | None = None

    @property
    def cursor(self) -> str | None:
        """Where the loaded part ends: an opaque text; None before the first page."""
        return None if self._key is None else _encode(self._key)

    @property
    def length(self) -> int:
        """Deprecated: use `len()`."""
        warnings.warn("length is deprecated, use len() instead", DeprecationWarning, stacklevel=2)
        return len(self)

    def load_page(self) -> bool:
        """Load one more page; whether there was anything to load."""
        if self._rest is None:
            self._rest = self._source.items(self._key)
        page = list(islice(self._rest, self.per_page))
        self.more = len(page) == self.per_page
        if page:
            self._key = page[-1][0]
            self.objects.extend(item for _, item in page)
        return bool(page)

    def __len__(self) -> int:
        return self._source.count()

    def __iter__(self) -> Iterator[T]:
        at = 0
        while self._reaches(at):
            yield self.objects[at]
            at += 1

    def __next__(self) -> T:
        if not self._reaches(self.index + 1):
            raise StopIteration
        self.index += 1
        return self.objects[self.index]

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        self._reaches(_last(index) if isinstance(index, slice) else _forward(index))
        return self.objects[index]

    def _reaches(self, at: int | None) -> bool:
        """Load until an index is there, everything for None; whether it is."""
        while self.more and (at is None or at >= len(self.objects)):
            self.load_page()
        return at is None or at < len(self.objects)


def _forward(index: int) -> int | None:
    """The index that has to be loaded; None stands for all, as one from the end needs all."""
    return index if index >= 0 else None


def _last(wanted: slice) -> int | None:
    """The last index that a slice needs, or None when it needs all."""
    if wanted.stop is None or wanted.stop < 0 or (wanted.start or 0) < 0 or (wanted.step or 1) < 0:
        return None
    return int(wanted.stop) - 1


def _check_size(per_page: int | None, default: int) -> int:
    if per_page is None:
        return default
    if not isinstance(per_page, int):
        raise ArgumentTypeInvalid(f"per_page must be a number, not {type(per_page).__name__}")
    if per_page < 1:
        raise ArgumentInvalid(f"per_page must be at least 1: {per_page}")
    return per_page


def _encode(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _decode(cursor: str) -> Key:
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not isinstance(key, list) or not all(isinstance(k, str | int | float) for k in key):
            raise ValueError("no list")
    except ValueError as error:
        raise ArgumentInvalid(f"not a cursor: {cursor!r}") from error
    return tuple(key)
