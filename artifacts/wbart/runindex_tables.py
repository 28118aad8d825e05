"""The tables of the index of runs, and how a record becomes a row of them and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from wbart.query import flatten
from wbart.runfields import observe, plain_row
from wbart.runincrement import RunRecord
from wbart.runpath import RunPath
from wbart.runsegment import Packed, decode_rest, unpack

LAYOUT = 1
TABLES = """
CREATE TABLE IF NOT EXISTS home (
  id INTEGER PRIMARY KEY, entity TEXT NOT NULL, project TEXT NOT NULL,
  seq INTEGER NOT NULL DEFAULT -1, UNIQUE (entity, project));
CREATE TABLE IF NOT EXISTS run (
  home INTEGER NOT NULL, id TEXT NOT NULL, next INTEGER NOT NULL, line INTEGER NOT NULL,
  ended INTEGER NOT NULL, running INTEGER NOT NULL, deleted INTEGER NOT NULL,
  entity TEXT NOT NULL, project TEXT NOT NULL, name TEXT, state TEXT, created REAL, updated REAL,
  heartbeat REAL, duration REAL, run_group TEXT, job_type TEXT, host TEXT, username TEXT,
  sweep TEXT, notes TEXT, git_commit TEXT, program TEXT, tags TEXT,
  fields TEXT NOT NULL, rest TEXT NOT NULL, beat TEXT NOT NULL,
  config_raw TEXT NOT NULL, config_flat TEXT, summary_raw TEXT NOT NULL, summary_flat TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS run_id ON run (home, id);
CREATE INDEX IF NOT EXISTS run_live ON run (home) WHERE next > line;
CREATE INDEX IF NOT EXISTS run_running ON run (home) WHERE running;
CREATE TABLE IF NOT EXISTS edge (
  version TEXT NOT NULL, logged INTEGER NOT NULL, home INTEGER NOT NULL, run TEXT NOT NULL,
  PRIMARY KEY (version, logged, home, run)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edge_run ON edge (home, run, logged);
CREATE VIEW IF NOT EXISTS run_row AS SELECT *,
  COALESCE(config_flat, config_raw) AS config, COALESCE(summary_flat, summary_raw) AS summary
  FROM run;
"""
"""`next` and `line`: the next increment of the run, and the first that is not merged.

A config or summary in which no object nests is flat as it is, and kept once. An edge says that
the run logged the version, or else that it used it.
"""

_PLAIN = (
    "entity", "project", "name", "created", "updated", "run_group", "job_type", "host", "username",
    "sweep", "notes", "git_commit", "program",
)  # fmt: skip
COLUMNS = (
    "home", "id", "next", "line", "ended", "running", "deleted", *_PLAIN, "state", "heartbeat",
    "duration", "tags", "fields", "rest", "beat", "config_raw", "config_flat", "summary_raw",
    "summary_flat",
)  # fmt: skip
PIECES = "id, next, created, updated, fields, config_raw, summary_raw, rest, beat"
"""What `packed_of` needs of a row, in this order."""
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "line")
PUT = (
    f"INSERT INTO run ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    f"ON CONFLICT (home, id) DO UPDATE SET {_CHANGED}, line = max(run.line, excluded.line) "
    "WHERE excluded.next >= run.next"
)
"""Never goes back, so that who was slower than another process does no harm."""
PUT_EDGE = "INSERT OR IGNORE INTO edge (version, logged, home, run) VALUES (?, ?, ?, ?)"

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class Made(NamedTuple):
    """A row of the table `run`, and the rows of `edge` beside it."""

    row: tuple[object, ...]
    edges: list[tuple[object, ...]]


def made_of(
    home: int, path: RunPath, packed: Packed, line: int, beat: Mapping[str, Any], now: float
) -> Made:
    """A record as rows. beat is its last sign of life, empty for none; now is in seconds."""
    fields, rest = _decode(packed.fields), decode_rest(packed.rest)
    record = RunRecord(
        path,
        fields,
        actor=rest.actor,
        created_at=packed.created_at,
        updated_at=packed.updated_at,
    )
    running = fields.get("state", "running") == "running"
    summary = bytes(packed.summary)
    if running:
        fields = record.fields = {**fields, "summary": msgspec.json.decode(summary)}
    seen = observe(record, beat, now)
    if running:
        summary = _encode(seen.summary)
    plain = plain_row(record)
    tags = plain["tags"]
    row = (
        home, path.id, packed.next, line, rest.ended, running, fields.get("deleted") is not None,
        *(plain[name] for name in _PLAIN), seen.state, seen.heartbeat, seen.duration,
        None if tags is None else _encode(tags).decode(), bytes(packed.fields).decode(),
        bytes(packed.rest).decode(), _encode(beat).decode(),
        *_document(bytes(packed.config)), bytes(packed.summary).decode(), _flat(summary, running),
    )  # fmt: skip
    edges: list[tuple[object, ...]] = [(edge.id, False, home, path.id) for edge in rest.used]
    edges += [(edge.id, True, home, path.id) for edge in rest.logged]
    return Made(row, edges)


def packed_of(row: tuple[Any, ...]) -> tuple[Packed, dict[str, Any]]:
    """The record in pieces, and the last sign of life, of a row's `PIECES`."""
    run, number, created, updated, fields, config, summary, rest, beat = row
    packed = Packed(
        run=run,
        next=number,
        created_at=created,
        updated_at=updated,
        fields=Raw(fields),
        config=Raw(config),
        summary=Raw(summary),
        rest=Raw(rest),
    )
    return packed, _decode(beat)


def record_of(path: RunPath, row: tuple[Any, ...]) -> RunRecord:
    """The record of a row's `PIECES`."""
    return unpack(path, packed_of(row)[0])


def _document(raw: bytes) -> tuple[str, str | None]:
    return raw.decode(), _flat(raw, False)


def _flat(raw: bytes, changed: bool) -> str | None:
    """The document with dotted keys; None when it is so already, and the record's own."""
    if not raw.startswith(b"{"):
        return "{}"
    if raw.count(b"{") > 1:
        return _encode(flatten(_decode(raw))).decode()
    return raw.decode() if changed else None
