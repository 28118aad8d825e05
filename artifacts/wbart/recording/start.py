"""How a run begins: which workspace, which id, anew or where it was left."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any

from wbart import names
from wbart.errors import RunNotFound, UsageError
from wbart.recording.history import History
from wbart.recording.liverun import Run
from wbart.recording.machine import facts
from wbart.recording.path import RunPath
from wbart.recording.record import RunRecord, read_record
from wbart.recording.recovery import recover
from wbart.recording.writer import RunWriter
from wbart.runs.historyparts import HistoryParts
from wbart.workspace import Workspace
from wbart_storage.keys import run_prefix

_RESUME = (None, False, True, "allow", "auto", "must", "never")
_MODES = (None, "online", "offline", "shared", "disabled")


def scratch(mode: str | None, store: object) -> object:
    """The store, or one that ends with the process when the mode is `disabled`."""
    if mode not in _MODES:
        raise UsageError(f"mode must be 'online', 'offline' or 'disabled': {mode!r}")
    if mode != "disabled":
        return store
    folder = tempfile.mkdtemp(prefix="wbart-disabled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def begin(
    workspace: Workspace, id_: str | None, resume: bool | str | None, fields: dict[str, Any]
) -> Run:
    """Write the start of the run. UsageError when `resume` forbids it."""
    if resume not in _RESUME:
        raise UsageError(f"resume must be 'allow', 'must', 'never', 'auto' or None: {resume!r}")
    run_id = names.run_id(id_) if id_ is not None else names.random_run_id()
    path = RunPath(workspace.entity, workspace.project, run_id)
    before = _before(workspace, path, resume) if id_ is not None or resume == "must" else None
    resumed = before is not None and bool(resume)
    kept = before.fields if before is not None and resumed else {}
    started = {"name": run_id, **kept, **fields, "state": "running"}
    parts = _parts(workspace, path, before, kept)
    started["first_part"] = parts.first
    started["metadata"] = facts()
    store = workspace.store
    number = before.next if before is not None else 0
    writer = RunWriter(store.objects, path, workspace.actor, store.clock, number)
    writer.start(started, fresh=not resumed)
    history = _history(workspace, parts, kept)
    return Run(workspace, writer, history, parts, started, resumed=resumed)


def _before(workspace: Workspace, path: RunPath, resume: bool | str | None) -> RunRecord | None:
    recover(workspace, path)
    try:
        record = read_record(workspace.store.objects, path)
    except RunNotFound:
        if resume == "must":
            raise UsageError(f"resume='must', but run {path} does not exist") from None
        return None
    if resume == "never":
        raise UsageError(f"resume='never', but run {path} exists")
    return record


def _parts(
    workspace: Workspace, path: RunPath, before: RunRecord | None, kept: Mapping[str, Any]
) -> HistoryParts:
    """The parts of the history; those of a run that begins anew are passed over."""
    objects = workspace.store.objects
    prefix = run_prefix(path.entity, path.project, path.id)
    first = int(kept.get("first_part", 0))
    if before is not None and not kept:
        first = HistoryParts(objects, prefix).count()
    return HistoryParts(objects, prefix, first)


def _history(workspace: Workspace, parts: HistoryParts, kept: Mapping[str, Any]) -> History:
    last = parts.last() if kept else None
    step = int(last["_step"]) + 1 if last is not None else 0
    elapsed = max(float(kept.get("runtime", 0.0)), float(last["_runtime"]) if last else 0.0)
    return History(workspace.store.clock, step=step, elapsed=elapsed)
