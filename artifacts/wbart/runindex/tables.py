"""The tables of the index of runs, and how a record becomes a row of them and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from wbart.query import flatten
from wbart.recording.increment import RunRecord
from wbart.recording.path import RunPath
from wbart.runindex.fields import observe, plain_row
from wbart.runindex.segment import Packed, unpack

LAYOUT = 1
PAGE_SIZE = 16384
"""Bytes: a row is some thousands, and a page holds whole ones."""
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
  config TEXT NOT NULL, summary TEXT NOT NULL,
  config_raw, summary_raw, fields TEXT NOT NULL, rest TEXT NOT NULL, beat TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS run_id ON run (home, id);
CREATE INDEX IF NOT EXISTS run_live ON run (home) WHERE next > line;
CREATE INDEX IF NOT EXISTS run_running ON run (home) WHERE running;
CREATE TABLE IF NOT EXISTS edge (
  version TEXT NOT NULL, logged INTEGER NOT NULL, home INTEGER NOT NULL, run TEXT NOT NULL,
  PRIMARY KEY (version, logged, home, run)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edge_run ON edge (home, run, logged);
"""
"""`next` and `line`: the next increment of the run, and the first that is not merged.

config and summary are flat (see `wbart.query.flat`). The record's own are what `config_raw` and
`summary_raw` say: NULL for the same, a number for so many letters of it and a brace, else the
text. An edge says that the run logged the version, or else that it used it.
"""

_PLAIN = (
    "name", "run_group", "job_type", "host", "username", "sweep", "notes", "git_commit", "program",
)  # fmt: skip
COLUMNS = (
    "home", "entity", "project", "id", "next", "line", "ended", "running", "deleted", "created",
    "updated", *_PLAIN, "state", "heartbeat", "duration", "tags", "config", "config_raw",
    "summary", "summary_raw", "fields", "rest", "beat",
)  # fmt: skip
PIECES = "id, next, created, updated, fields, config, config_raw, summary, summary_raw, rest, beat"
"""What `packed_of` needs of a row, in this order."""
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "line")
PUT = (
    f"INSERT INTO run ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    f"ON CONFLICT (home, id) DO UPDATE SET {_CHANGED}, line = max(run.line, excluded.line) "
    "WHERE excluded.next >= run.next"
)
"""Never goes back, so that who was slower than another process does no harm."""
PUT_EDGE = "INSERT OR IGNORE INTO edge (version, logged, home, run) VALUES (?, ?, ?, ?)"

_plain_of = itemgetter(*_PLAIN)
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class _Id(Struct, gc=False):
    id: str


class _Marks(Struct, gc=False):
    """What a row needs of a `runsegment.Rest`, which is mostly what it does not need."""

    actor: str = ""
    ended: bool = False
    used: tuple[_Id, ...] = ()
    logged: tuple[_Id, ...] = ()


_decode_marks = msgspec.json.Decoder(_Marks).decode


class Made(NamedTuple):
    """A row of the table `run`, and the rows of `edge` beside it."""

    row: tuple[object, ...]
    edges: list[tuple[object, ...]]


def made_of(
    home: tuple[int, str, str], packed: Packed, line: int, beat: Mapping[str, Any], now: float
) -> Made:
    """A record as rows. home is its project's number and names.

    beat is the run's last sign of life, empty for none; now is in seconds.
    """
    fields, rest = _decode(packed.fields), _decode_marks(packed.rest)
    running = fields.get("state", "running") == "running"
    config, config_raw = _document(packed.config)
    if running:
        told = {**fields, "summary": msgspec.json.decode(packed.summary)}
        seen = observe(told, packed.updated_at, beat, now)
        summary = _encode(flatten(seen.summary)).decode()
        summary_raw: str | int | None = bytes(packed.summary).decode()
    else:
        seen = observe(fields, packed.updated_at, beat, now)
        summary, summary_raw = _document(packed.summary)
    plain = plain_row(packed.run, fields, rest.actor)
    tags = plain["tags"]
    row = (
        *home, packed.run, packed.next, line, rest.ended, running,
        fields.get("deleted") is not None, packed.created_at, packed.updated_at,
        *_plain_of(plain), seen.state, seen.heartbeat, seen.duration,
        None if tags is None else _encode(tags).decode(), config, config_raw, summary, summary_raw,
        bytes(packed.fields).decode(), bytes(packed.rest).decode(),
        _encode(beat).decode() if beat else "{}",
    )  # fmt: skip
    edges: list[tuple[object, ...]] = [(edge.id, False, home[0], packed.run) for edge in rest.used]
    edges += [(edge.id, True, home[0], packed.run) for edge in rest.logged]
    return Made(row, edges)


def packed_of(row: tuple[Any, ...]) -> tuple[Packed, dict[str, Any]]:
    """The record in pieces, and the last sign of life, of a row's `PIECES`."""
    run, number, created, updated, fields, *documents, rest, beat = row
    config, config_raw, summary, summary_raw = documents
    packed = Packed(
        run=run,
        next=number,
        created_at=created,
        updated_at=updated,
        fields=Raw(fields),
        config=Raw(_own(config, config_raw)),
        summary=Raw(_own(summary, summary_raw)),
        rest=Raw(rest),
    )
    return packed, _decode(beat)


def record_of(path: RunPath, row: tuple[Any, ...]) -> RunRecord:
    """The record of a row's `PIECES`."""
    return unpack(path, packed_of(row)[0])


def _document(raw: Raw) -> tuple[str, str | int | None]:
    """The document with dotted keys, and how to get from there to what it was."""
    data = bytes(raw)
    text = data.decode()
    if not data.startswith(b"{"):
        return "{}", text
    if data.count(b"{") == 1:
        return text, None
    document = _decode(data)
    if "." in "".join(document):
        return _encode(flatten(document)).decode(), text
    dotted: dict[str, object] = {}
    for key, value in document.items():
        if type(value) is dict:
            for inner, each in flatten(value).items():
                dotted[f"{key}.{inner}"] = each
    if not dotted:
        return text, None
    return f"{text[:-1]},{_encode(dotted)[1:].decode()}", len(text) - 1


def _own(flat: str, raw: str | int | None) -> str:
    """Undo `_document`."""
    if isinstance(raw, int):
        return flat[:raw] + "}"
    return flat if raw is None else raw
