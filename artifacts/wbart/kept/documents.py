"""Documents: small records that change seldom and that several may change, on any store.

A document is a folder of numbered increments, each written once, as a run's record is: what is
said later counts. So nothing is ever overwritten, and two writers do not undo each other.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from wbart_storage.errors import JournalCorrupt, StoreUnsupported
from wbart_storage.journal import canonical, readback
from wbart_storage.journal.seal import seal, unseal
from wbart_storage.keys import increment_key, increment_number, unquote
from wbart_storage.objects import ObjectStore
from wbart_storage.reread import reads, reread

if TYPE_CHECKING:
    from wbart.workspace import Workspace

VERSION = 1
_SEAL = "wbart-document-sum-v1"


@dataclass(frozen=True)
class Document:
    """What all increments of one document say together."""

    prefix: str
    fields: Mapping[str, Any]
    created_at: float
    """Seconds since the epoch, as are all times here."""
    updated_at: float
    actor: str
    """Who made it."""
    next: int
    """The number of the next increment."""

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted it; it may be made anew."""
        return self.fields.get("deleted") is not None


def read(objects: ObjectStore, prefix: str) -> Document | None:
    """The document at prefix as it is now; None when there is none."""
    fields: dict[str, Any] = {}
    first: dict[str, Any] | None = None
    number, updated = 0, 0.0
    for stat in objects.list(prefix, "/"):
        if increment_number(stat.key) is None:
            continue
        if increment_number(stat.key) != number:
            raise JournalCorrupt(stat.key, f"increment {number} is missing")
        increment = load(objects, stat.key)
        first = increment if first is None or increment.get("fresh") else first
        fields = {**({} if increment.get("fresh") else fields), **increment["set"]}
        updated = max(updated, float(increment["ts"]))
        number += 1
    if first is None:
        return None
    return Document(prefix, fields, float(first["ts"]), updated, str(first["actor"]), number)


def create(workspace: Workspace, prefix: str, fields: Mapping[str, Any]) -> bool:
    """Make the document at prefix, unless it is there; whether it was made."""
    before = read(workspace.store.objects, prefix)
    if before is not None and not before.deleted:
        return False
    number = before.next if before is not None else 0
    return _landed(workspace, prefix, number, {"fresh": True, "set": dict(fields)})


def edit(workspace: Workspace, document: Document, fields: Mapping[str, Any]) -> None:
    """Say what is so from now on; durable when this returns."""
    number = document.next
    while not _landed(workspace, document.prefix, number, {"set": dict(fields)}):
        number += 1


def children(objects: ObjectStore, prefix: str) -> Iterator[str]:
    """The names of the folders just below a prefix."""
    for stat in objects.list(prefix, "/"):
        if stat.key.endswith("/"):
            yield unquote(stat.key[len(prefix) : -1])


def create_once(workspace: Workspace, key: str, fields: Mapping[str, Any]) -> bool:
    """Write an object that nobody changes, unless the key is taken; whether this call did."""
    store = workspace.store
    # The nonce tells our own bytes, read back after a lost answer, from another's.
    said = {"v": VERSION, "ts": store.clock.now(), "actor": workspace.actor, **fields}
    data = seal({**said, "nonce": secrets.token_hex(8)}, _SEAL, store.algorithm)
    there = readback.create(store.objects, key, data, time.sleep)
    return there == data or store.objects.get(key) == data  # it may have come back damaged


def load(objects: ObjectStore, key: str) -> dict[str, Any]:
    """The object at key; read again, if the store is a distant one, before damage is believed."""
    read = partial(_load, objects, key)
    return reread(reads(objects), read, JournalCorrupt, StoreUnsupported)


def _load(objects: ObjectStore, key: str) -> dict[str, Any]:
    return decode(objects.get(key), key)


def decode(data: bytes, key: str) -> dict[str, Any]:
    """The object of these bytes. Raises JournalCorrupt, StoreUnsupported; both name key."""
    try:
        found = canonical.decode(data)
    except ValueError as error:
        raise JournalCorrupt(key, f"not JSON: {error}") from error
    if not isinstance(found, dict) or not {"v", "ts", "actor"} <= found.keys():
        raise JournalCorrupt(key, "no increment of a document")
    if found["v"] != VERSION:
        raise StoreUnsupported(f"{key} has version {found['v']}, this release knows {VERSION}")
    try:
        return unseal(data, _SEAL)
    except ValueError as error:
        raise JournalCorrupt(key, f"no increment of a document: {error}") from error


def _landed(workspace: Workspace, prefix: str, number: int, said: Mapping[str, Any]) -> bool:
    return create_once(workspace, increment_key(prefix, number), said)
