"""What a trial does at a bracket: it says how good it is, looks at the others, and may be stopped.

Nobody watches all runs: each trial asks the store, where those before it have left their numbers.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

from wbart.kept import documents
from wbart.recording.active import INTERRUPTED
from wbart.sweeps.draw import Draw, sweep_prefix
from wbart.sweeps.hyperband import Hyperband
from wbart.sweeps.space import Metric, understand
from wbart.sweeps.sweeps import value_of
from wbart_storage.errors import StorageError
from wbart_storage.keys import bracket_prefix, increment_key

if TYPE_CHECKING:
    from wbart.recording.liverun import Run
    from wbart_storage.store import Store

log = logging.getLogger(__name__)

_READERS = 16
_numbers: dict[tuple[str, str], float] = {}
"""What trials left at brackets, by store and key: nobody changes it, so it is read once."""


class TrialStopped(KeyboardInterrupt):
    """`run.log` raises it to end a function: others of the sweep did better at this point.

    An interrupt, as W&B's stopped runs get one, so that `except Exception` does not keep it.
    """


class Watch:
    """Counts the numbers of the metric that a run logs, and judges it at each bracket."""

    def __init__(self, draw: Draw, run: Run, rule: Hyperband, metric: Metric) -> None:
        self.stopped = False
        self._draw = draw
        self._run = run
        self._rule = rule
        self._metric = metric
        self._count = 0
        self._best = float("inf")
        self._step: object = None
        self._lock = Lock()

    def look(self, row: Mapping[str, Any]) -> None:
        """Take what was just logged. TrialStopped when that was the last of it, and ever after.

        Of several numbers of one step the first one counts. A program has its run finished,
        as killed, and gets the signal that W&B's agents send, SIGTERM.
        """
        with self._lock:
            value = value_of(row, self._metric)
            if value is not None and row["_step"] != self._step and not self.stopped:
                self._step = row["_step"]
                self._take(value if self._metric.goal == "minimize" else -value)
        if self.stopped:
            self._end()

    def _take(self, value: float) -> None:
        self._count += 1
        self._best = min(self._best, value)
        if self._count not in self._rule.brackets:
            return
        try:
            there = self._those_there(value)
        except StorageError as error:
            # A store that is away ends nobody's training.
            log.warning("run %s is not judged after %s: %s", self._run.path, self._count, error)
            return
        self.stopped = not self._rule.goes_on(value, self._best, there)

    def _those_there(self, value: float) -> list[float]:
        """The numbers of all trials that got to this bracket before, and our own."""
        draw = self._draw
        store = draw.workspace.store
        prefix = bracket_prefix(sweep_prefix(draw.sweep), self._count)
        said = {"run": draw.run, "value": value}
        documents.create_once(draw.workspace, increment_key(prefix, draw.number), said)
        keys = [stat.key for stat in store.objects.list(prefix)]
        with ThreadPoolExecutor(_READERS, "wbart-sweep") as executor:
            return [*executor.map(lambda key: _number_at(store, key), keys)]

    def _end(self) -> None:
        log.warning(
            "run %s is stopped after %s numbers of %s: other runs of sweep %s did better",
            self._run.path,
            self._count,
            self._metric.name,
            self._draw.sweep,
        )
        if self._draw.program:
            self._run.finish(exit_code=INTERRUPTED)
            signal.raise_signal(signal.SIGTERM)
            return
        raise TrialStopped(f"run {self._run.path} is stopped by its sweep")


def begin(draw: Draw, run: Run) -> Watch | None:
    """What watches the run of a draw; None where the sweep stops nobody early."""
    document = documents.read(draw.workspace.store.objects, sweep_prefix(draw.sweep))
    space = understand(document.fields["config"]) if document is not None else None
    if space is None or space.early_terminate is None or space.metric is None:
        return None
    return Watch(draw, run, space.early_terminate, space.metric)


def _number_at(store: Store, key: str) -> float:
    known = _numbers.get((store.url, key))
    if known is None:
        known = _numbers[store.url, key] = float(documents.load(store.objects, key)["value"])
    return known
