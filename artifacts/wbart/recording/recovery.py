"""Bringing in what a killed process left of its runs on this machine."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wbart.errors import RunNotFound
from wbart.recording.path import RunPath
from wbart.recording.record import FileFact, read_record
from wbart.recording.spool import KILLED, Spool, has_any, orphans
from wbart.recording.stored import put_files
from wbart.recording.waiting import Waiting
from wbart.recording.writer import RunWriter
from wbart.runs.historyparts import HistoryParts
from wbart_storage.errors import StorageError
from wbart_storage.keys import run_prefix

if TYPE_CHECKING:
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)


def recover(workspace: Workspace, only: RunPath | None = None) -> list[RunPath]:
    """Store the rows that processes left which are no more, and tell these runs as crashed.

    Of the one run, or of all that this machine wrote to the store. A store that cannot be written
    to is left as it is: the rows wait.
    """
    if not has_any(workspace.store.local):
        return []
    recovered = []
    for path, writer, spool in orphans(workspace.store.local, only):
        done = False
        try:
            _bring_in(workspace, path, writer, spool)
            done = True
            recovered.append(path)
        except StorageError as error:
            log.warning("the last rows of run %s still wait on this machine: %s", path, error)
        finally:
            spool.close(remove=done)
    return recovered


def _bring_in(workspace: Workspace, path: RunPath, writer: str, spool: Spool) -> None:
    objects = workspace.store.objects
    try:
        record = read_record(objects, path)
    except RunNotFound:
        return  # it did not even begin
    prefix = run_prefix(path.entity, path.project, path.id)
    parts = HistoryParts(objects, prefix, int(record.fields.get("first_part", 0)))
    newest = parts.last()
    after = int(newest["_step"]) if newest is not None else -1
    left = spool.open_()
    unnamed = set(range(parts.first, parts.count())) - record.parts.keys()
    stored = [parts.describe(number) for number in sorted(unnamed)]
    for lines in _lines(spool, left.get("row"), after):
        stored.append(parts.append(lines))
    fields: dict[str, Any] = {}
    if record.fields.get("state") == "running" and record.writer == writer:
        fields = {name: left[name] for name in ("summary", "runtime") if name in left}
        killed = (spool.folder / KILLED).exists()
        fields["state"] = "killed" if killed else "crashed"
    waiting = Waiting(spool.media).files()
    files: dict[str, FileFact | None] = dict(put_files(workspace, waiting)) if waiting else {}
    if fields or stored or files:
        edit = RunWriter(objects, path, workspace.actor, workspace.store.clock, record.next)
        edit.edit(fields, parts=tuple(stored), files=files)


def _lines(spool: Spool, row: object, after: int) -> Iterator[bytes]:
    """The rows behind the step that is stored, in pieces; the open row comes last."""
    newest = after
    while chunk := spool.chunk():
        kept = [line for line in chunk.splitlines(keepends=True) if _step(line) > newest]
        if kept:
            newest = _step(kept[-1])
            yield b"".join(kept)
        spool.stored(chunk)
    if isinstance(row, dict) and isinstance(row.get("_step"), int) and row["_step"] > newest:
        yield json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _step(line: bytes) -> int:
    try:
        return int(json.loads(line)["_step"])
    except (ValueError, KeyError, TypeError):
        return -1  # damaged: not worth the rest
