"""The one writer of a run's record, and what happens when another takes the run over."""

from __future__ import annotations

import logging
import secrets
import time
from threading import Lock
from typing import Any, Literal, TypedDict, Unpack

from wbart.errors import Conflict
from wbart.recording.path import RunPath
from wbart.recording.record import (
    Edge,
    FileFact,
    Increment,
    Part,
    decode,
    read_increment,
    read_record,
)
from wbart.runindex.merges import QUIET, read_merges
from wbart_storage.clock import Clock
from wbart_storage.errors import JournalCorrupt, StoreUnsupported
from wbart_storage.journal import readback
from wbart_storage.keys import increment_key, run_prefix
from wbart_storage.objects import ObjectStore

log = logging.getLogger(__name__)


class Said(TypedDict, total=False):
    """What an increment may say besides fields."""

    used: tuple[Edge, ...]
    logged: tuple[Edge, ...]
    parts: tuple[Part, ...]
    events: tuple[Part, ...]
    files: dict[str, FileFact | None]


class RunWriter:
    """Appends increments to the record of a run. Safe to share between threads."""

    def __init__(
        self,
        objects: ObjectStore,
        path: RunPath,
        actor: str,
        clock: Clock,
        number: int = 0,
        wait: readback.Wait = time.sleep,
    ) -> None:
        self.path = path
        self._objects = objects
        self.prefix = run_prefix(path.entity, path.project, path.id)
        self._actor = actor
        self._clock = clock
        self._number = number
        self._wait = wait
        self._said_at = clock.now()
        self.id = secrets.token_hex(16)
        """32 hex digits, random for each process and run."""
        self._lock = Lock()

    def start(self, fields: dict[str, Any], *, fresh: bool, **said: Unpack[Said]) -> None:
        """Take the run over: whoever wrote it before learns so at his next increment."""
        self._append("start", fields, fresh=fresh, **said)

    def update(self, fields: dict[str, Any], **said: Unpack[Said]) -> None:
        """Say what is so from now on; durable when this returns.

        Raises Conflict when another process has started the run meanwhile; nothing is written.
        """
        self._append("update", fields, **said)

    def finish(self, fields: dict[str, Any], **said: Unpack[Said]) -> None:
        """Say the last word. Raises as `update`."""
        self._append("finish", fields, **said)

    def edit(self, fields: dict[str, Any], **said: Unpack[Said]) -> None:
        """Say something about a run that is another's, who goes on undisturbed."""
        self._append("edit", fields, **said)

    def _append(
        self,
        kind: Literal["start", "update", "finish", "edit"],
        fields: dict[str, Any],
        *,
        fresh: bool = False,
        **said: Unpack[Said],
    ) -> None:
        increment = Increment(
            kind=kind,
            writer=self.id,
            actor=self._actor,
            ts=self._clock.now(),
            fresh=fresh,
            set=fields,
            **said,
        )
        data = increment.encode()
        with self._lock:
            self._place(kind, data)
            while self._is_lost(kind):
                self._place(kind, data)
            self._said_at = self._clock.now()

    def _place(self, kind: str, data: bytes) -> None:
        while not self._landed(kind, data):
            self._number += 1
        self._number += 1

    def _is_lost(self, kind: str) -> bool:
        """Whether the run was merged past the number that our words just got: they do not count.

        A run that is over is merged after an hour, and its increments are deleted; so a writer
        who spoke within the hour, and he alone, need not ask. Whoever starts a run that nobody
        knew need not, either.
        """
        number = self._number - 1
        lately = self._clock.now() - self._said_at < QUIET
        if kind != "edit" and lately and (kind != "start" or number == 0):
            return False
        line = read_merges(self._objects, self.path.entity, self.path.project).line(self.path.id)
        if number >= line.next:
            return False
        self._objects.delete([increment_key(self.prefix, number)])
        self._number = line.next
        if kind in ("update", "finish") and self._is_another_s():
            raise Conflict(f"run {self.path} was started again by another process")
        log.info("run %s was merged meanwhile: increment %s is said again", self.path, number)
        return True

    def _is_another_s(self) -> bool:
        return read_record(self._objects, self.path).writer != self.id

    def _landed(self, kind: str, data: bytes) -> bool:
        """Try the next number; False when somebody else's words stand there."""
        key = increment_key(self.prefix, self._number)
        there = readback.create(self._objects, key, data, self._wait)
        if there == data:
            return True
        try:
            other = decode(there, key)
        except (JournalCorrupt, StoreUnsupported):
            other = read_increment(self._objects, key)  # it may have come damaged: look once more
            if other.encode() == data:
                return True
        if kind in ("update", "finish") and other.kind == "start" and other.writer != self.id:
            raise Conflict(f"run {self.path} was started again by another process")
        log.info("increment %s of run %s is taken", self._number, self.path)
        return False
