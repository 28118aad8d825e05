"""MLflow's measurements as rows of a history, and as a summary."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from wbart.apis.importers.mlflow.tracking import Measurement

SYSTEM: Final = "system/"
"""What the names of the machine's metrics begin with."""
STEP: Final = "mlflow_step"
"""Where a row has its step in MLflow, if that is negative: no step of ours is."""
_MOST: Final = sys.float_info.max


def value_of(value: float, *, is_nan: bool = False) -> float:
    """A number as MLflow's databases keep it: the largest ones stand for infinity."""
    if is_nan:
        return math.nan
    return math.copysign(math.inf, value) if abs(value) >= _MOST else value


def in_order(found: Iterable[Measurement]) -> list[Measurement]:
    """By step, and by time within one."""
    return sorted(found, key=lambda each: (each.step, each.ms))


def rows(found: Iterable[Measurement], started_ms: int | None) -> Iterator[dict[str, Any]]:
    """A row for each step with all metrics of it, and the time of the last of them.

    A metric that was measured again at the same step gets a further row of that step, so that
    nothing is lost. found is in order.
    """
    for step, group in groupby(found, key=lambda each: each.step):
        for row in _layers(group):
            ms = max(each.ms for each in row.values())
            yield {
                **{name: each.value for name, each in row.items()},
                **({STEP: step} if step < 0 else {}),
                **_standard(max(step, 0), ms, started_ms),
            }


def summary(found: Iterable[Measurement], runtime: float | None) -> dict[str, Any]:
    """The last value of each metric, by step and time, as MLflow has it."""
    last: dict[str, Measurement] = {}
    for each in found:
        newest = last.get(each.name)
        if newest is None or _rank(each) >= _rank(newest):
            last[each.name] = each
    said: dict[str, Any] = {name: each.value for name, each in last.items()}
    if last:
        newest = max(last.values(), key=_rank)
        said["_step"] = max(newest.step, 0)
        said["_timestamp"] = max(each.ms for each in last.values()) / 1000
    return said if runtime is None else {**said, "_runtime": runtime}


def _layers(group: Iterable[Measurement]) -> list[Mapping[str, Measurement]]:
    """The measurements of a step, each metric once in each."""
    layers: list[dict[str, Measurement]] = []
    seen: dict[str, int] = {}
    for each in group:
        depth = seen.get(each.name, 0)
        seen[each.name] = depth + 1
        if depth == len(layers):
            layers.append({})
        layers[depth][each.name] = each
    return list(layers)


def _standard(step: int, ms: int, started_ms: int | None) -> dict[str, Any]:
    runtime = (ms - started_ms) / 1000 if started_ms is not None else 0.0
    return {"_step": step, "_timestamp": ms / 1000, "_runtime": max(0.0, runtime)}


def _rank(each: Measurement) -> tuple[int, int, float]:
    value = each.value
    return each.step, each.ms, -math.inf if math.isnan(value) else value
