"""The rows of a W&B run, read as they are asked for: its history, and the machine's samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from wbart.apis.importers.wandb.logfile import LogFile
from wbart.apis.importers.wandb.message import Message, body, put_in, told
from wbart.drafts.metadata import DEPTH
from wbart.recording.value import check_depth

Row = dict[str, Any]
_HISTORY: Final = {2: "history"}
_SAMPLES: Final = {7: "stats"}
_HISTORY_ITEM, _HISTORY_STEP, _STEP_NUMBER = 1, 2, 1
_SAMPLE_TIME, _SAMPLE_ITEM = 2, 3
_MOST: Final = 2**53
"""The largest step: more is no number of JSON."""


class Rows:
    """The rows of the files of one run, of which each later one resumes what is before it."""

    def __init__(self, files: Sequence[LogFile], started: float, problems: list[str]) -> None:
        self._files = files
        self._started = started
        self._problems = problems

    def history(self) -> Iterator[Row]:
        """Steps and seconds of a file that began anew go on where the one before it ended.

        A row that goes back has no place in a history; how many there are is told as a problem.
        """
        last, elapsed, dropped = -1, 0.0, 0
        for file in self._files:
            ahead = shift = None
            for row in _history(file):
                if ahead is None or shift is None:
                    ahead = last + 1 if row["_step"] <= last else 0
                    shift = elapsed if last >= 0 else 0.0
                row["_step"] += ahead
                self._complete(row, shift)
                if row["_step"] < last:
                    dropped += 1
                    continue
                last, elapsed = row["_step"], max(elapsed, row["_runtime"])
                yield row
        if dropped:
            self._problems.append(f"{dropped} rows of its history go back in steps")

    def samples(self) -> Iterator[Row]:
        """The machine's metrics, named as W&B's server names them."""
        number = 0
        for file in self._files:
            for time, values in _samples(file):
                at = self._started if time is None else time
                took = max(0.0, at - self._started)
                yield {**values, "_step": number, "_timestamp": at, "_runtime": took}
                number += 1

    def _complete(self, row: Row, shift: float) -> None:
        time, runtime = _number(row.get("_timestamp")), _number(row.get("_runtime"))
        if runtime is None:
            runtime = max(0.0, time - self._started) if time is not None else 0.0
        row["_runtime"] = runtime + shift
        row["_timestamp"] = self._started + row["_runtime"] if time is None else time


def _history(file: LogFile) -> Iterator[Row]:
    with told(file.path):
        for record in file.records():
            found = body(record, _HISTORY)
            if found is not None:
                yield _row(Message(found[1]))


def _row(message: Message) -> Row:
    """One row, flat, its step a number."""
    values: Row = {}
    for path, value in message.items(_HISTORY_ITEM):
        put_in(values, path, value)
    row: Row = {}
    _flatten(row, "", values, DEPTH)
    if type(row.get("_step")) is not int:
        step = message.message(_HISTORY_STEP)
        row["_step"] = step.integer(_STEP_NUMBER) if step is not None else 0
    if abs(row["_step"]) > _MOST:
        raise ValueError(f"step {row['_step']:.1e}")
    return row


def _flatten(row: Row, prefix: str, values: Row, depth: int) -> None:
    """Nested dicts by dotted names, but for those that are one value: they have a `_type`."""
    check_depth(depth)
    for name, value in values.items():
        if isinstance(value, dict) and value and "_type" not in value:
            _flatten(row, f"{prefix}{name}.", value, depth - 1)
        else:
            row[prefix + name] = value


def _samples(file: LogFile) -> Iterator[tuple[float | None, Row]]:
    with told(file.path):
        for record in file.records():
            found = body(record, _SAMPLES)
            if found is not None:
                sample = Message(found[1])
                values = {f"system.{path[-1]}": value for path, value in sample.items(_SAMPLE_ITEM)}
                yield sample.seconds(_SAMPLE_TIME), values


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
