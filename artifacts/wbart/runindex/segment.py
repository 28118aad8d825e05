"""A segment: the records of many finished runs as one object, so that few requests read them all.

zlib of JSON `{"v": 1, "id": <random>, "runs": [...]}`. The key is a hash of the bytes, and the
random part makes it nobody else's: whoever made a segment that came to nothing may delete it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from wbart.recording.increment import Edge, FileFact, Part, RunRecord
from wbart.recording.path import RunPath
from wbart_manifest.digest import domain
from wbart_storage.errors import JournalCorrupt, StoreUnsupported
from wbart_storage.tokens import token_hex

VERSION = 1
_LIMIT = 1 << 30
_NOTHING = b"null"


class Rest(Struct, frozen=True, omit_defaults=True):
    """What a record has besides its fields, and filters never ask for."""

    writer: str = ""
    actor: str = ""
    ended: bool = False
    used: tuple[Edge, ...] = ()
    logged: tuple[Edge, ...] = ()
    parts: tuple[Part, ...] = ()
    events: tuple[Part, ...] = ()
    files: dict[str, FileFact] = {}


class Packed(Struct, frozen=True, kw_only=True, gc=False):
    """A record with those pieces as JSON that who sorts many runs need not take apart."""

    run: str
    next: int
    """The number of the first increment that is not part of it."""
    created_at: float
    updated_at: float
    fields: Raw
    """All but config and summary."""
    config: Raw
    summary: Raw
    rest: Raw


class _Version(Struct, frozen=True):
    v: int


class _Segment(Struct, frozen=True):
    v: int
    id: str
    runs: list[Packed]


_decode_version = msgspec.json.Decoder(_Version).decode
_decode_segment = msgspec.json.Decoder(_Segment).decode
decode_rest = msgspec.json.Decoder(Rest).decode
encode_rest = msgspec.json.Encoder().encode


def pack(record: RunRecord) -> Packed:
    """The record in pieces."""
    fields = dict(record.fields)
    config, summary = fields.pop("config", None), fields.pop("summary", None)
    rest = Rest(
        record.writer,
        record.actor,
        record.ended,
        tuple(record.used.values()),
        tuple(record.logged.values()),
        tuple(record.parts.values()),
        tuple(record.events.values()),
        record.files,
    )
    return Packed(
        run=record.path.id,
        next=record.next,
        created_at=record.created_at,
        updated_at=record.updated_at,
        fields=_raw(fields),
        config=_raw(config),
        summary=_raw(summary),
        rest=Raw(encode_rest(rest)),
    )


def unpack(path: RunPath, packed: Packed) -> RunRecord:
    """The record whole again."""
    rest = decode_rest(packed.rest)
    fields: dict[str, Any] = json.loads(bytes(packed.fields))
    for name, raw in (("config", packed.config), ("summary", packed.summary)):
        if bytes(raw) != _NOTHING:
            fields[name] = json.loads(bytes(raw))
    return RunRecord(
        path,
        fields,
        {edge.id: edge for edge in rest.used},
        {edge.id: edge for edge in rest.logged},
        {part.number: part for part in rest.parts},
        {part.number: part for part in rest.events},
        dict(rest.files),
        rest.writer,
        rest.actor,
        rest.ended,
        packed.created_at,
        packed.updated_at,
        packed.next,
    )


def encode(records: Iterable[Packed], algorithm: str) -> tuple[str, bytes]:
    """A new segment of these records: its id and its bytes."""
    runs = sorted(records, key=lambda packed: packed.run)
    data = zlib.compress(msgspec.json.encode(_Segment(VERSION, token_hex(16), runs)))
    return domain("wbart-segment-v1", algorithm, data)[:16].hex(), data


def decode(data: bytes, key: str, algorithm: str) -> Mapping[str, Packed]:
    """The records in a segment by run. Raises JournalCorrupt, StoreUnsupported; both name key."""
    id_ = key.rpartition("/")[2].removesuffix(".json.z")
    if domain("wbart-segment-v1", algorithm, data)[:16].hex() != id_:
        raise JournalCorrupt(key, "other bytes than its name says")
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(data, _LIMIT)
        if not inflater.eof or inflater.unused_data:
            raise ValueError("cut short, too long, or followed by something")
        if _decode_version(text).v > VERSION:
            raise StoreUnsupported(f"{key} is of a newer form than this release knows")
        segment = _decode_segment(text)
    except (ValueError, zlib.error) as error:
        raise JournalCorrupt(key, f"no segment: {error}") from error
    return {packed.run: packed for packed in segment.runs}


def _raw(value: object) -> Raw:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Raw(text.encode())
