"""`Run.history` and `Run.scan_history`: what W&B's page says, made of a reader's rows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.runs.frames import table
from wbart.runs.historyparts import Row
from wbart.runs.historyreader import HistoryReader
from wbart.runs.historyscan import HistoryScan, check_keys
from wbart.runs.sampling import sampled, sampled_with

log = logging.getLogger(__name__)

Open = Callable[[str], HistoryReader]
_STANDARD = ("_step", "_runtime", "_timestamp")


def history(
    open_: Open, samples: int, keys: object, x_axis: str, *, pandas: bool, stream: str
) -> Any:
    """As `PublicRun.history`. Keys that are none end in an empty list, as W&B has it."""
    if not isinstance(samples, int):
        raise ArgumentTypeInvalid(f"samples must be a whole number: {samples!r}")
    if samples < 1:
        raise ArgumentInvalid(f"samples must be at least 1: {samples}")
    if keys is not None:
        try:
            keys = check_keys(keys)
            if stream != "default":
                raise ArgumentInvalid("stream must be default when specifying keys")
        except ArgumentInvalid as error:
            log.error("%s", error)
            return []
    rows = _rows(open_, samples, keys, x_axis, stream)
    return table(rows) if pandas else rows


def _rows(open_: Open, samples: int, keys: list[str] | None, x_axis: str, stream: str) -> list[Row]:
    if keys is None:
        return sampled(open_("history" if stream == "default" else "events"), samples)
    wanted = list(dict.fromkeys([x_axis, *keys]))
    shown = list(dict.fromkeys([*_STANDARD, *wanted]))
    found = sampled_with(open_("history"), wanted, samples)
    return [{name: row[name] for name in shown if name in row} for row in found]


def scan_history(
    open_: Open, keys: list[str] | None, min_step: int | None, max_step: int | None
) -> HistoryScan:
    """As `PublicRun.scan_history`. Raises ArgumentInvalid for keys that are none."""
    return HistoryScan(lambda: open_("history"), keys, min_step, max_step)
