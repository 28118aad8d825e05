"""The rows of a history out of the series of all folders."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from wbart.apis.importers.tensorboard.series import Series
from wbart.recording.value import to_json

Row = dict[str, Any]
STANDARD = frozenset({"_step", "_runtime", "_timestamp"})
STEP = "global_step"
_Item = tuple[int, int, float, str, Any]


def rows(series: Mapping[str, Series], started: float) -> Iterator[Row]:
    """One row for each step, with all that was said of it; steps ascend.

    What a key says of a step a second time gets a second row of the step, so that nothing is
    lost. A row's time is that of its newest value.
    """
    streams = (_items(number, key, each) for number, (key, each) in enumerate(series.items()))
    merged = heapq.merge(*streams, key=itemgetter(0, 1))
    for step, items in groupby(merged, itemgetter(0)):
        yield from _rows_of(step, items, started)


def _items(number: int, key: str, series: Series) -> Iterator[_Item]:
    for step, wall_time, value in series.in_steps():
        yield step, number, wall_time, key, value


def _rows_of(step: int, items: Iterator[_Item], started: float) -> list[Row]:
    found: list[Row] = []
    times: list[float] = []
    seen: dict[str, int] = {}
    for _, _, wall_time, key, value in items:
        place = seen.get(key, 0)
        seen[key] = place + 1
        if place == len(found):
            found.append({STEP: step})
            times.append(wall_time)
        found[place][key] = to_json(value)
        times[place] = max(times[place], wall_time)
    for row, time in zip(found, times, strict=True):
        row |= {"_step": step, "_timestamp": time, "_runtime": max(0.0, time - started)}
    return found


def newest(series: Mapping[str, Series], started: float) -> Row:
    """What a summary says: of each key its value at its last step, as far as rows have it."""
    found: Row = {}
    step, time = -1, started
    for key, each in series.items():
        for at, wall_time, value in each.last():
            found[key] = to_json(value)
            step, time = max(step, at), max(time, wall_time)
    if step >= 0:
        standard = {"_step": step, "_timestamp": time, "_runtime": max(0.0, time - started)}
        found = {STEP: step, **found, **standard}
    return found
