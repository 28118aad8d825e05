"""Intents and records of a journal, and their bytes."""

from __future__ import annotations

import math
import re

import msgspec

from wbart_manifest.digest import Digest, domain
from wbart_storage.clock import parse_time
from wbart_storage.errors import JournalCorrupt, StoreUnsupported
from wbart_storage.journal import canonical
from wbart_storage.journal.seal import MEMBER, algorithm_of, seal, unseal

VERSION = 1
"""The version of the form of records and intents that this release writes and reads."""

MOST_INTENTS = 256
"""How many intents, and bytes of them, one record should hold at most."""
MOST_BYTES = 4 << 20

_SEAL = "wbart-record-sum-v1"
_TXID = re.compile(r"[0-9a-f]{32}")


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one committer wants to happen, whole or not at all."""

    txid: str
    """32 hex digits, random. A log takes each txid once, for ever."""
    actor: str
    ts: float
    """Seconds since the epoch, by the committer's clock; only told, never relied upon."""
    ops: tuple[dict[str, object], ...]
    """JSON objects. The journal understands `{"op": "fence", "epoch": E}` and no other."""

    @property
    def fence(self) -> int:
        """The highest epoch that this intent fences; 0 for none."""
        epochs = [op.get("epoch") for op in self.ops if op.get("op") == "fence"]
        return max((epoch for epoch in epochs if isinstance(epoch, int)), default=0)


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One slot of a log: the intents that became visible together, in this order."""

    seq: int
    prev: str
    """The digest of the bytes of record seq - 1; empty in the first."""
    epoch: int
    """The newest sweep that every intent in here has taken into account."""
    ts: str
    """RFC 3339, by the writer's clock."""
    hlc: float
    """Seconds since the epoch, later than that of every record before."""
    tool: str
    intents: tuple[Intent, ...]


def record_digest(data: bytes, algorithm: str) -> str:
    """What the next record's `prev` says of a record of these bytes."""
    return str(Digest(algorithm, domain("wbart-record-v1", algorithm, data)))


def check_intent(intent: Intent) -> None:
    """Raise ValueError if no journal may hold the intent (its ops' values aside)."""
    if _TXID.fullmatch(intent.txid) is None:
        raise ValueError(f"not a txid: {intent.txid!r}")
    if not math.isfinite(intent.ts):
        raise ValueError(f"not a time: {intent.ts}")
    for op in intent.ops:
        if op.get("op") == "fence" and not _is_epoch(op.get("epoch")):
            raise ValueError(f"not an epoch: {op.get('epoch')!r}")


def encode_record(record: Record, algorithm: str) -> bytes:
    """The canonical, sealed bytes of a record. Raises ValueError if it cannot be one."""
    _check(record)
    document = {
        "epoch": record.epoch,
        "hlc": float(record.hlc),
        "intents": [intent_document(intent) for intent in record.intents],
        "prev": record.prev,
        "seq": record.seq,
        "tool": record.tool,
        "ts": record.ts,
        "v": VERSION,
    }
    return seal(document, _SEAL, algorithm)


def decode_record(data: bytes, key: str) -> Record:
    """The record of these bytes, which must be exactly what `encode_record` would write.

    Raises JournalCorrupt, which names key, or StoreUnsupported for a newer form.
    """
    try:
        document = versioned(canonical.decode(data), key)
        algorithm = algorithm_of(document.pop(MEMBER, None))
        record = msgspec.convert(document, Record)
        if encode_record(record, algorithm) != data:
            unseal(data, _SEAL)  # says what is wrong, unless it is the form of a value
            raise ValueError("not in canonical form")
    except ValueError as error:
        raise JournalCorrupt(key, f"no record: {error}") from error
    return record


def intent_document(intent: Intent) -> dict[str, object]:
    """The JSON form of an intent. Raises ValueError if it cannot be committed."""
    check_intent(intent)
    return {
        "actor": intent.actor,
        "ops": list(intent.ops),
        "ts": float(intent.ts),
        "txid": intent.txid,
    }


def intent_size(intent: Intent) -> int:
    """The bytes that an intent adds to a record. Raises ValueError if none can hold it."""
    # As deep as it will lie in a record.
    return len(canonical.encode([[intent_document(intent)]]))


def versioned(document: object, key: str) -> dict[str, object]:
    """The JSON object without its `v`, if that is ours.

    Raises ValueError if there is none, StoreUnsupported if it is newer.
    """
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    version = document.get("v")
    if isinstance(version, int) and version > VERSION:
        raise StoreUnsupported(f"{key} has version {version}, this release knows {VERSION}")
    if version != VERSION:
        raise ValueError(f"version {version!r}")
    return {name: value for name, value in document.items() if name != "v"}


def _is_epoch(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _check(record: Record) -> None:
    if record.seq < 0 or record.epoch < 0:
        raise ValueError(f"seq {record.seq}, epoch {record.epoch}")
    if not math.isfinite(record.hlc):
        raise ValueError(f"hlc {record.hlc}")
    if not record.intents:
        raise ValueError("no intents")
    if bool(record.prev) != (record.seq > 0):
        raise ValueError(f"record {record.seq} after {record.prev!r}")
    if record.prev:
        Digest.parse(record.prev)
    parse_time(record.ts)
