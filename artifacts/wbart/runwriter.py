"""The one writer of a run's record, and what happens when another takes the run over."""

from __future__ import annotations

import logging
import secrets
import time
from threading import Lock
from typing import Any, Literal, TypedDict, Unpack

from wbart.errors import Conflict
from wbart.runpath import RunPath
from wbart.runrecord import Edge, FileFact, Increment, Part, decode
from wbart_storage import readback
from wbart_storage.clock import Clock
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
        self.id = secrets.token_hex(16)
        """32 hex digits, random for each process and run."""
        self._lock = Lock()

    def start(self, fields: dict[str, Any], *, fresh: bool) -> None:
        """Take the run over: whoever wrote it before learns so at his next increment."""
        self._append("start", fields, fresh=fresh)

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
            while not self._landed(kind, data):
                self._number += 1
            self._number += 1

    def _landed(self, kind: str, data: bytes) -> bool:
        """Try the next number; False when somebody else's words stand there."""
        key = increment_key(self.prefix, self._number)
        there = readback.create(self._objects, key, data, self._wait)
        if there == data:
            return True
        other = decode(there, key)
        if kind in ("update", "finish") and other.kind == "start" and other.writer != self.id:
            raise Conflict(f"run {self.path} was started again by another process")
        log.info("increment %s of run %s is taken", self._number, self.path)
        return False
