"""The threads that store what a run logs, so that logging never waits for a disk or a network."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from wbart.errors import Conflict
from wbart.recording.heartbeat import EVERY, beat
from wbart.recording.history import History
from wbart.recording.record import FileFact, Part
from wbart.recording.spool import KILLED, Spool
from wbart.recording.stored import put_files
from wbart.recording.systemmetrics import SystemMetrics
from wbart.recording.waiting import Waiting
from wbart.recording.writer import RunWriter, Said
from wbart.runs.historyparts import HistoryParts
from wbart_storage.clock import Clock
from wbart_storage.errors import StorageError
from wbart_storage.keys import run_prefix
from wbart_storage.objects import ObjectStore

if TYPE_CHECKING:
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)

_SPOOL_EVERY = 0.25
"""Seconds: about what a crash of the process may lose."""
_OVERDUE = 2 * _SPOOL_EVERY
_BREATH = 0.0005
"""Seconds: long enough that a thread that waits for the interpreter wakes up and has it."""
_STORE_EVERY = 1.0
_PART_SIZE = 1 << 20
_FILES_SIZE = 32 << 20
_FIRST_PART = 15.0
_PART_SHARE = 0.02
"""Of the run's time so far, between two parts: long runs have few and large ones."""


class Samples(NamedTuple):
    """What the machine does, and where that is stored."""

    metrics: SystemMetrics
    parts: HistoryParts


class Files(NamedTuple):
    """The files of what is logged, and what puts them into the store."""

    waiting: Waiting
    put: Callable[[Mapping[str, Path]], dict[str, FileFact]]


class Recorder:
    """Takes rows from a history to a spool at once, and from there to the store in parts.

    A store that does not answer is asked again a second later; the spool holds the rows.
    """

    def __init__(
        self,
        objects: ObjectStore,
        history: History,
        spool: Spool,
        parts: HistoryParts,
        writer: RunWriter,
        state: Callable[[], dict[str, Any]],
        clock: Clock,
        samples: Samples | None = None,
        files: Files | None = None,
    ) -> None:
        self._objects = objects
        self._history = history
        self._spool = spool
        self._parts = parts
        self._writer = writer
        self._state = state
        self._clock = clock
        self._samples = samples
        self._files = files
        self._stop = Event()
        self._threads: list[Thread] = []
        self._stored_at = self._beaten_at = clock.monotonic()
        self._spooled_at = history.runtime
        self._noted: dict[str, Any] = {}

    @property
    def waiting(self) -> Waiting:
        """Where the files of what is logged wait."""
        assert self._files is not None, "only tests of rows do without"
        return self._files.waiting

    def mark_killed(self) -> None:
        """Note that the process was told to end. Fit for a signal's handler: it takes no lock."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        os.close(os.open(f"{self._spool.folder}/{KILLED}", flags, 0o600))

    def start(self) -> None:
        """Begin to spool and to store."""
        for work, pause in ((self.spool, _SPOOL_EVERY), (self.store, _STORE_EVERY)):
            thread = Thread(target=self._run, args=(work, pause), name="wbart-record", daemon=True)
            self._threads.append(thread)
            thread.start()

    def spool(self) -> None:
        """Take what was logged to this machine's disk."""
        lines, row = self._history.take()
        self._spool.append(lines)
        found = {"row": row, **self._state()}
        if row != self._noted.get("row") or found["summary"] != self._noted.get("summary"):
            self._spool.note(found)
            self._noted = found
        self._spooled_at = self._history.runtime

    def keep_up(self, runtime: float) -> None:
        """Wait a moment if what was logged by now, in seconds of the run, is spooled too late.

        A thread that lets go of the interpreter for microseconds at a time, as one does that
        logs and prints, may keep all others from it for ever: they are called each time, and
        find it taken again.
        """
        if runtime - self._spooled_at > _OVERDUE:
            time.sleep(_BREATH)

    def store(self) -> None:
        """Store what is due now. Conflict when another process has taken the run over."""
        if self._samples is not None:
            self._samples.metrics.sample(self._history.runtime, self._clock.now())
        if self._is_due():
            self._stored_at = self._clock.monotonic()
            stored = self._store_rows()
            stored["files"] = self._store_files()
            self._writer.update(self._state(), **stored)
            self._let_go(stored["files"])
            self._beat()
        elif self._clock.monotonic() - self._beaten_at >= EVERY:
            self._beat()

    def finish(self, fields: dict[str, Any]) -> Said:
        """End the threads and store all rows; returns the parts that no increment names yet.

        Raises what the store raises; then the spool keeps the rows, and fields with them.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._history.close()
        self._spool.append(self._history.take()[0])
        try:
            stored = self._store_rows()
            if files := self._store_files():
                # They are told of before they go: the end may not be told.
                self._writer.update({}, files=files)
        except BaseException:
            self._spool.note({**self._state(), **fields})
            self._spool.close(remove=False)
            raise
        self._spool.close(remove=True)
        return stored

    def _run(self, work: Callable[[], None], pause: float) -> None:
        failed = False
        while not self._stop.wait(pause):
            try:
                work()
                failed = False
            except Conflict as error:
                log.warning("no more is recorded: %s", error)
                return
            except (StorageError, OSError) as error:
                if not failed:
                    log.warning("what the run logs waits on this machine: %s", error)
                failed = True

    def _is_due(self) -> bool:
        waited = self._clock.monotonic() - self._stored_at
        due = max(_FIRST_PART, _PART_SHARE * self._history.runtime)
        files = self._files.waiting.size if self._files is not None else 0
        if self._spool.size >= _PART_SIZE or files >= _FILES_SIZE:
            return True
        return self._spool.size + files > 0 and waited >= due

    def _store_rows(self) -> Said:
        parts = []
        while chunk := self._spool.chunk():
            parts.append(self._parts.append(chunk))
            self._spool.stored(chunk)
        return {"parts": tuple(parts), "events": self._store_samples()}

    def _store_files(self) -> dict[str, FileFact | None]:
        """Store what waits: all that the rows tell of which were just stored, and maybe more."""
        waiting = self._files.waiting.files() if self._files is not None else {}
        return dict(self._files.put(waiting)) if self._files is not None and waiting else {}

    def _let_go(self, files: Mapping[str, FileFact | None]) -> None:
        if self._files is not None:
            self._files.waiting.stored(list(files))

    def _store_samples(self) -> tuple[Part, ...]:
        if self._samples is None:
            return ()
        lines = self._samples.metrics.take()
        return (self._samples.parts.append(lines),) if lines else ()

    def _beat(self) -> None:
        self._beaten_at = self._clock.monotonic()
        fields = {**self._state(), "step": self._history.step}
        beat(self._objects, self._writer.path, self._clock.now(), fields)


def recorder(
    workspace: Workspace,
    writer: RunWriter,
    history: History,
    parts: HistoryParts,
    state: Callable[[], dict[str, Any]],
) -> Recorder:
    """The recorder of a run that has just begun, at work."""
    store = workspace.store
    spool = _spool(store.local, writer)
    samples = _samples(workspace, writer)
    files = Files(Waiting(spool.media), partial(put_files, workspace))
    made = Recorder(
        store.objects, history, spool, parts, writer, state, store.clock, samples, files
    )
    made.start()
    return made


def _spool(local: Path, writer: RunWriter) -> Spool:
    """A spool where the store's near things lie, or one that nobody will find after a crash."""
    try:
        return Spool.begin(local, writer.path, writer.id)
    except (StorageError, OSError) as error:
        log.warning("a crash may lose rows that are not in the store yet: %s", error)
    folder = Path(tempfile.mkdtemp(prefix="wbart-spool-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Spool.begin(folder, writer.path, writer.id)


def _samples(workspace: Workspace, writer: RunWriter) -> Samples | None:
    if not workspace.settings.stats:
        return None
    path = writer.path
    prefix = run_prefix(path.entity, path.project, path.id)
    parts = HistoryParts(workspace.store.objects, prefix, stream="events")
    return Samples(SystemMetrics(workspace.settings.stats_interval), parts)
