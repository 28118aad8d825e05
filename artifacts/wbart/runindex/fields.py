"""The fields of runs that filters and orders may name, and a run's record as a row of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from wbart.query import Column, Document, Schema, flatten
from wbart.recording.heartbeat import observed_state
from wbart.recording.record import RunRecord

_COLUMNS: Mapping[str, tuple[Column, tuple[str, ...]]] = {
    "id": (Column("id"), ("name", "id")),
    "name": (Column("name"), ("displayName", "display_name")),
    "state": (Column("state"), ("state",)),
    "created": (Column("created", "time"), ("createdAt", "created_at")),
    "updated": (Column("updated", "time"), ("updatedAt", "updated_at")),
    "heartbeat": (Column("heartbeat", "time"), ("heartbeatAt", "heartbeat_at")),
    "duration": (Column("duration", "number"), ("duration", "runtime")),
    "run_group": (Column("run_group"), ("group",)),
    "job_type": (Column("job_type"), ("jobType", "job_type")),
    "host": (Column("host"), ("host",)),
    "username": (Column("username"), ("username", "user")),
    "sweep": (Column("sweep"), ("sweep",)),
    "notes": (Column("notes"), ("notes",)),
    "git_commit": (Column("git_commit"), ("commit",)),
    "program": (Column("program"), ("program",)),
    "entity": (Column("entity"), ("entity",)),
    "project": (Column("project"), ("project",)),
    "tags": (Column("tags", "list"), ("tags",)),
}

SCHEMA = Schema(
    columns={name: column for column, names in _COLUMNS.values() for name in names},
    documents={
        "config": Document("config", wrapped=True),
        "summary_metrics": Document("summary"),
        "summaryMetrics": Document("summary"),
        "summary": Document("summary"),
    },
)
"""In filters `name` is the run's id, as it is W&B's; the name that is shown is `display_name`."""


class Observed(NamedTuple):
    """What is known of a run from its record and its last sign of life together."""

    state: str
    summary: dict[str, Any]
    duration: float | None
    """Seconds that it ran."""
    heartbeat: float
    """When it was last heard of, in seconds since the epoch."""


def observe(
    fields: Mapping[str, Any], updated_at: float, beat: Mapping[str, Any], now: float
) -> Observed:
    """The newer of the two counts while the run goes on; what is recorded of its end is final.

    beat is empty when there is none; times are in seconds since the epoch.
    """
    ts = _number(beat.get("ts")) or 0.0
    newer = ts > updated_at and fields.get("state", "running") == "running"
    said = {**fields, **beat} if newer else fields
    heard = max(updated_at, ts)
    return Observed(
        observed_state(fields, heard, now),
        _document(said.get("summary")),
        _number(said.get("runtime")),
        heard,
    )


def row_of(record: RunRecord, beat: Mapping[str, Any], now: float) -> dict[str, object]:
    """A run as filters see it: values by column. Arguments as those of `observe`."""
    fields, path = record.fields, record.path
    seen = observe(fields, record.updated_at, beat, now)
    return {
        "id": path.id,
        "created": record.created_at,
        "updated": record.updated_at,
        "entity": path.entity,
        "project": path.project,
        **plain_row(path.id, fields, record.actor),
        "heartbeat": seen.heartbeat,
        "state": seen.state,
        "duration": seen.duration,
        "config": flatten(_document(fields.get("config"))),
        "summary": flatten(seen.summary),
    }


def plain_row(run: str, fields: Mapping[str, Any], actor: str) -> dict[str, object]:
    """The columns that follow from a record's fields alone, but for config and summary.

    run is its id; actor is who started it last.
    """
    metadata = _document(fields.get("metadata"))
    machine = {**metadata, **fields} if metadata else fields
    tags = fields.get("tags")
    return {
        "name": _text(fields.get("name")) or run,
        "run_group": _text(fields.get("group")),
        "job_type": _text(fields.get("job_type")),
        "host": _text(machine.get("host")),
        "username": _text(machine.get("username")) or actor or None,
        "sweep": _text(fields.get("sweep")),
        "notes": _text(fields.get("notes")),
        "git_commit": _text(_document(machine.get("git")).get("commit")),
        "program": _text(machine.get("program")),
        "tags": list(tags) if isinstance(tags, list | tuple) else None,
    }


def is_deleted(record: RunRecord) -> bool:
    """Whether somebody has deleted the run; then only its path finds it."""
    return record.fields.get("deleted") is not None


def _document(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
