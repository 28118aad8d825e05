"""The history of a run while it is written: steps, the open row, and those that just closed."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from threading import RLock

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.runs.historyparts import Row
from wbart_storage.clock import Clock

log = logging.getLogger(__name__)

MOST = 2**53
"""The largest step: what every reader of JSON takes for a whole number."""


class History:
    """Rows of one run, one a step. Safe to share between threads.

    Values come flat and as JSON values. What is logged twice at one step is one row.
    """

    def __init__(self, clock: Clock, *, step: int = 0, elapsed: float = 0.0) -> None:
        self.step = step
        """The step that the next row gets."""
        self._clock = clock
        self._began = clock.monotonic() - elapsed
        self._row: Row = {}
        self._lines: list[bytes] = []
        self._logged = step > 0
        self._lock = RLock()

    @property
    def runtime(self) -> float:
        """Seconds that the run has taken so far, those before a resumption included."""
        return self._clock.monotonic() - self._began

    @property
    def next_step(self) -> int | None:
        """One more than the newest row's step, open rows included; None before the first row."""
        with self._lock:
            if self._row:
                return self.step + 1
            return self.step if self._logged else None

    def log(
        self, values: Mapping[str, object], step: int | None = None, commit: bool | None = None
    ) -> Row | None:
        """Merge values into the row of a step, the current one unless given.

        Without a step the row is closed, unless commit is False; with one it stays open, unless
        commit is True. Returns what was merged, with the standard columns; None when the step
        is over already: then the values are dropped, with a warning.
        """
        if step is not None and type(step) is not int:
            step = _whole(step)
        with self._lock:
            if step is not None and step < self.step:
                log.warning(
                    "step %s is less than the current step %s, so its values were dropped: "
                    "steps must not go down",
                    step,
                    self.step,
                )
                return None
            if step is not None and step > self.step:
                if step > MOST:
                    raise ArgumentInvalid(f"step must be at most {MOST}: {step}")
                self._close()
                self.step = step
            merged = self._merge(values)
            if commit or (commit is None and step is None):
                self._close()
            return merged

    def take(self) -> tuple[bytes, Row | None]:
        """The rows closed since the last time, as JSON lines, and a copy of the open row."""
        with self._lock:
            lines, self._lines = self._lines, []
            row = dict(self._row) if self._row else None
        return b"".join(lines), row

    def close(self) -> None:
        """Close the open row."""
        with self._lock:
            self._close()

    def _merge(self, values: Mapping[str, object]) -> Row:
        standard = {
            "_step": self.step,
            "_runtime": self.runtime,
            "_timestamp": self._clock.now(),
        }
        merged = {**values, **standard}
        self._row.update(merged)
        return merged

    def _close(self) -> None:
        if not self._row:
            return
        line = json.dumps(self._row, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        self._lines.append(line)
        self._row = {}
        self._logged = True
        self.step += 1


def _whole(step: object) -> int:
    """A step that is no int: numpy's, or a float without a fraction. ArgumentTypeInvalid else."""
    try:
        number = int(step)  # type: ignore[call-overload]
        if not isinstance(step, str) and number == step:
            return int(number)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ArgumentTypeInvalid(f"step must be a whole number, not {step!r}")
