"""HistoryScan: every row of a run's history, unsampled, as often as it is iterated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.runs.historyparts import Row
from wbart.runs.historyreader import HistoryReader


class HistoryScan:
    """The rows of a run in order; each `iter` begins at the first one.

    With keys only the rows that have all of them, and only these values. Steps are from
    min_step up to, not including, max_step.
    """

    def __init__(
        self,
        open_reader: Callable[[], HistoryReader],
        keys: Sequence[str] | None,
        min_step: int | None,
        max_step: int | None,
    ) -> None:
        self._open = open_reader
        self._keys = None if keys is None else check_keys(keys)
        for name, step in (("min_step", min_step), ("max_step", max_step)):
            if not isinstance(step, int | float | None):
                raise ArgumentTypeInvalid(f"{name} must be a step, not {step!r}")
        self._first = min_step or 0
        self._end = max_step
        self._rows: Iterator[Row] | None = None

    def __iter__(self) -> Iterator[Row]:
        # They know nothing of this object, which keeps some: a cycle would let nobody end them.
        return _with_keys(self._open, self._first, self._end, self._keys)

    def __next__(self) -> Row:
        if self._rows is None:
            self._rows = iter(self)
        return next(self._rows)


def _with_keys(
    open_reader: Callable[[], HistoryReader],
    first: int,
    end: int | None,
    keys: Sequence[str] | None,
) -> Iterator[Row]:
    for row in open_reader().rows(first, end):
        if keys is None:
            yield row
        elif all(key in row for key in keys):
            yield {key: row[key] for key in keys}


def check_keys(keys: object) -> list[str]:
    """The keys, if they are a list of texts that is not empty; raises ArgumentInvalid."""
    if not isinstance(keys, list | tuple) or not keys:
        raise ArgumentInvalid(f"keys must be specified in a list, not {keys!r}")
    if not all(isinstance(key, str) for key in keys):
        raise ArgumentInvalid("keys argument must be a list of strings")
    return list(dict.fromkeys(keys))
