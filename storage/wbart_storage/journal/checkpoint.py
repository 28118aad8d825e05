"""Checkpoints: the tally after some slot as one object, so that a log need not be read whole.

They only save reading. One that is missing, damaged or of another log is passed over.
"""

from __future__ import annotations

import itertools
import json
import logging
import zlib
from collections.abc import Iterator
from typing import Generic

from wbart_manifest.digest import domain
from wbart_storage.errors import ObjectExists, ObjectMissing, StorageError
from wbart_storage.journal.fold import Fold, S, Tally
from wbart_storage.journal.slots import Log
from wbart_storage.keys import checkpoint_key, checkpoint_parts, checkpoint_prefix, hint_key
from wbart_storage.objects import ObjectStore

log = logging.getLogger(__name__)

EVERY = 32
"""A checkpoint is made by whoever fills a slot whose number plus one is a multiple of this."""
VERSION = 1
_LIMIT = 1 << 30
_HINT_LIMIT = 4096
_CANDIDATES = 3


class Checkpoints(Generic[S]):
    """Saves and finds the checkpoints of one log, and the hint that names the newest."""

    def __init__(self, store: ObjectStore, slots: Log, fold: Fold[S]) -> None:
        self._store = store
        self._slots = slots
        self._fold = fold
        self._prefix = slots.prefix

    def save(self, tally: Tally[S]) -> None:
        """Keep the tally and hint at it, as well as it goes: what fails here costs only time."""
        head = tally.head
        assert head is not None
        document = {"v": VERSION, "seq": head.seq, "digest": head.digest, **tally.dump()}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        data = zlib.compress(text.encode())
        key = checkpoint_key(self._prefix, head.seq, self._hash(data))
        hint = json.dumps({"v": VERSION, "seq": head.seq, "checkpoint": key.rpartition("/")[2]})
        try:
            self._create(key, data)
            self._store.put(hint_key(self._prefix), hint.encode())
        except StorageError as error:
            log.info("checkpoint %s not saved: %s", key, error)

    def load(self, last: int | None = None) -> Tally[S]:
        """A tally to go on from: of the newest usable checkpoint, not beyond slot last.

        With none it is the empty one.
        """
        for key in itertools.islice(self._candidates(last), _CANDIDATES):
            tally = self._open(key)
            if tally is not None:
                return tally
        return Tally(self._fold, self._prefix)

    def _create(self, key: str, data: bytes) -> None:
        try:
            self._store.create(key, data)
        except ObjectExists:
            log.debug("checkpoint %s is there already", key)

    def _candidates(self, last: int | None) -> Iterator[str]:
        hinted = self._hinted() if last is None else None
        if hinted is not None:
            yield hinted
        found = []
        for stat in self._store.list(checkpoint_prefix(self._prefix)):
            parts = checkpoint_parts(stat.key)
            if parts and stat.key != hinted and (last is None or parts[0] <= last):
                found.append(stat.key)
        yield from reversed(found)

    def _hinted(self) -> str | None:
        """The checkpoint that the hint names, which anybody may have written there."""
        try:
            hint = json.loads(self._store.get(hint_key(self._prefix), 0, _HINT_LIMIT))
            key = checkpoint_prefix(self._prefix) + hint["checkpoint"]
        except ObjectMissing:
            return None
        except (StorageError, ValueError, LookupError, TypeError, RecursionError) as error:
            log.info("no use of the hint at %s: %s", hint_key(self._prefix), error)
            return None
        parts = checkpoint_parts(key)
        return key if parts and key == checkpoint_key(self._prefix, *parts) else None

    def _open(self, key: str) -> Tally[S] | None:
        try:
            return self._read(key)
        except ObjectMissing:
            log.info("checkpoint %s is gone", key)
        except (ValueError, LookupError, TypeError, RecursionError, zlib.error) as error:
            log.warning("checkpoint %s passed over: %s", key, error)
        return None

    def _read(self, key: str) -> Tally[S]:
        parts = checkpoint_parts(key)
        if parts is None:
            raise ValueError("not the name of a checkpoint")
        data = self._fetch(key, parts[1])
        document = json.loads(_inflate(data))
        if document["v"] != VERSION or document["seq"] != parts[0]:
            raise ValueError(f"version {document['v']}, record {document['seq']}")
        head = self._slots.slot(parts[0])
        if head is None or head.digest != document["digest"]:
            raise ValueError("not of this log")
        tally = Tally(self._fold, self._prefix)
        tally.load(document, head)
        return tally

    def _fetch(self, key: str, hashed: str) -> bytes:
        for _ in range(self._slots.reads):
            data = self._store.get(key)
            if hashed == self._hash(data):
                return data
        raise ValueError("other bytes than its name says")

    def _hash(self, data: bytes) -> str:
        return domain("wbart-checkpoint-v1", self._slots.algorithm, data)[:8].hex()


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    text = inflater.decompress(data, _LIMIT)
    if not inflater.eof or inflater.unused_data:
        raise ValueError("cut short, too long, or followed by something")
    return text
