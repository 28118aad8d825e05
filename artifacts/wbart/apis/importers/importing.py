"""Importing many runs: in parallel, each whole or not at all, and none for the sake of another."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sized
from concurrent.futures import Future
from itertools import count
from threading import BoundedSemaphore, Event, Lock
from typing import TYPE_CHECKING, NamedTuple

from wbart import names
from wbart.apis.importers.importreport import ImportReport
from wbart.apis.importers.keptartifacts import KeptArtifacts
from wbart.apis.importers.keptrun import KeptRun, Outcome
from wbart.errors import ArgumentInvalid
from wbart.lanes import Lanes
from wbart.recording import surroundings
from wbart.recording.path import RunPath
from wbart_storage.progress import Event as Progressed
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.apis.importers.importedrun import ImportedRun, RunSource
    from wbart.apis.importers.namespace import Namespace
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)

_WORKERS = 16
"""Threads at most; they wait for disks and networks."""
_AHEAD = 4
"""Runs that wait for each thread, so that a source of any length is read as it is needed."""


class Kept(NamedTuple):
    """What became of one run."""

    path: RunPath
    outcome: Outcome
    problems: tuple[str, ...]


def import_runs(
    workspace: Workspace,
    runs: Iterable[RunSource],
    *,
    namespace: Namespace | None = None,
    artifacts: bool = True,
    parallel: bool = True,
    max_workers: int | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Store what is new of the runs; the report tells of each. One bad run costs no other.

    A run that is there as its source has it is not written to. A run is seen once all of it is
    stored: who stops this, or kills it, calls it again, and it goes on where it was.
    """
    if max_workers is not None and max_workers < 1:
        raise ArgumentInvalid(f"max_workers must be 1 or more, not {max_workers}")
    workspace.store.config.check_writable()
    threads = (max_workers or min(_WORKERS, 2 * workspace.jobs)) if parallel else 1
    total = len(runs) if isinstance(runs, Sized) else None
    importing = _Importing(workspace, namespace, artifacts, _Told(progress, total), threads)
    surroundings.enter(workspace)  # what the sources make are drafts for this store
    try:
        return importing.all(runs)
    finally:
        surroundings.leave(workspace)


class _Told:
    """Tells how many runs are done; from any thread."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self._progress = progress
        self._total = total
        self._done = count(1)
        self._lock = Lock()

    def one(self) -> None:
        with self._lock:
            self._progress(Progressed("import", next(self._done), 0, self._total))


class _Importing:
    """One import under way."""

    def __init__(
        self,
        workspace: Workspace,
        namespace: Namespace | None,
        artifacts: bool,
        told: _Told,
        threads: int,
    ) -> None:
        self._workspace = workspace
        self._namespace = namespace
        self._artifacts = artifacts
        self._told = told
        self._threads = threads
        self._kept = KeptArtifacts(workspace)
        self._room = BoundedSemaphore(threads * _AHEAD)
        self._stopped = Event()

    def all(self, runs: Iterable[RunSource]) -> ImportReport:
        """Import them; what was begun is ended, whatever else happens."""
        lanes = Lanes(self._threads)
        begun: list[tuple[str, Future[None], list[Kept]]] = []
        try:
            for number, source in enumerate(runs):
                self._room.acquire()
                future, kept = Future[None](), list[Kept]()
                begun.append((source.id, future, kept))
                lane = source.lane or number
                lanes.submit(lane, lambda s=source, k=kept: self._one(s, k), future)  # type: ignore[misc]
            lanes.close()
        except BaseException:
            self._stopped.set()
            lanes.close()
            raise
        return _report(begun)

    def _one(self, source: RunSource, kept: list[Kept]) -> None:
        try:
            if not self._stopped.is_set():
                kept.append(self._keep(source.read()))
        finally:
            self._room.release()
            self._told.one()

    def _keep(self, run: ImportedRun) -> Kept:
        path = self._path(run)
        there = KeptRun(self._workspace, path, run)
        outcome = there.keep(self._kept, artifacts=self._artifacts)
        return Kept(path, outcome, there.problems)

    def _path(self, run: ImportedRun) -> RunPath:
        space = self._namespace
        entity = (space and space.entity) or run.entity or self._workspace.entity
        project = (space and space.project) or run.project or self._workspace.project
        return RunPath(names.entity(entity), names.project(project), names.run_id(run.id))


def _report(begun: Iterable[tuple[str, Future[None], list[Kept]]]) -> ImportReport:
    report = ImportReport()
    for id_, future, kept in begun:
        error = future.exception()
        if error is not None and not isinstance(error, Exception):
            raise error
        if error is not None:
            log.debug("run %s was not imported", id_, exc_info=error)
            report.failed.append((id_, error))
        for each in kept:
            getattr(report, each.outcome).append(each.path)
            if each.problems:
                report.damaged.append((id_, each.problems))
    return report
