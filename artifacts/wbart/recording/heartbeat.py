"""Signs of life of a run: a small object that is overwritten, and what its absence means."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from wbart.recording.path import RunPath
from wbart_storage.errors import ObjectMissing, StorageError
from wbart_storage.keys import heartbeat_key
from wbart_storage.objects import ObjectStore

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two signs of life."""
SILENCE = 300.0
"""Seconds without any after which a run that did not finish is told as crashed."""


def beat(objects: ObjectStore, path: RunPath, now: float, fields: dict[str, Any]) -> None:
    """Say that the run is alive, and how far it is. A store that refuses is only noted."""
    data = json.dumps({"ts": now, **fields}).encode()
    try:
        objects.put(heartbeat_key(path.entity, path.project, path.id), data)
    except StorageError as error:
        log.info("no sign of life of run %s: %s", path, error)


def last_beat(objects: ObjectStore, path: RunPath) -> dict[str, Any]:
    """The last sign of life: `ts`, `summary`, `runtime`, `step`; empty when there is none."""
    try:
        found = json.loads(objects.get(heartbeat_key(path.entity, path.project, path.id)))
    except (ObjectMissing, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def observed_state(fields: Mapping[str, Any], heard: float, now: float) -> str:
    """The state of a run as it looks from outside: recorded, or `crashed` by its silence.

    fields are its record's; heard is when it was last heard of, in seconds since the epoch.
    """
    state = str(fields.get("state", "running"))
    if state == "running" and now - heard > SILENCE:
        return "crashed"
    return state
