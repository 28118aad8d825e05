"""The slots of one log: numbered objects, each created once, each naming the bytes before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from wbart_storage.errors import JournalCorrupt, ObjectMissing, StoreUnsupported
from wbart_storage.journal import readback
from wbart_storage.journal.readback import Wait
from wbart_storage.journal.record import Record, decode_record, encode_record, record_digest
from wbart_storage.keys import log_key, log_seq
from wbart_storage.objects import Files, ObjectStore, ability
from wbart_storage.reread import reads, reread

PROBES = 2
"""How many records in a row are fetched one by one before a listing tells how many there are."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Slot(msgspec.Struct, frozen=True):
    """A record as it lies in the log, and the digest of its bytes."""

    record: Record
    digest: str

    @property
    def seq(self) -> int:
        """The number of the slot."""
        return self.record.seq


class Log:
    """The records of one collection. Holds no state; safe to share between threads."""

    def __init__(
        self, store: ObjectStore, prefix: str, algorithm: str, wait: Wait, threads: int
    ) -> None:
        self.prefix = prefix
        self.algorithm = algorithm
        self._store = store
        self._wait = wait
        near = ability(store, Files) is not None
        self._threads = 1 if near else threads
        self.reads = reads(store)
        """How often something is read until its damage is taken for the store's, not the way's."""

    def slot(self, seq: int) -> Slot | None:
        """The slot of that number, None while it is free. Raises JournalCorrupt."""
        key = log_key(self.prefix, seq)
        try:
            return reread(
                self.reads,
                lambda: self._slot(seq, self._store.get(key)),
                JournalCorrupt,
                StoreUnsupported,  # as one flipped bit of the version has it
            )
        except ObjectMissing:
            return None

    def taken(self, seq: int) -> Slot:
        """The slot of that number, which is known to be taken: JournalCorrupt when it is not."""
        slot = self.slot(seq)
        if slot is None:
            raise JournalCorrupt(log_key(self.prefix, seq), "missing, though later ones were there")
        return slot

    def place(self, record: Record) -> tuple[Slot, bool]:
        """Put the record into its slot; what the slot then holds, and whether that is ours.

        Raises ValueError for what is no record, OutcomeUnknown when it may or may not be in, and
        what else refuses a create, with nothing written.
        """
        data = encode_record(record, self.algorithm)
        ours = self._slot(record.seq, data)
        key = log_key(self.prefix, record.seq)
        there = readback.create(self._store, key, data, self._wait)
        if there == data:
            return ours, True
        taken = self._winner(record.seq, there)
        return taken, taken.digest == ours.digest

    def following(self, seq: int) -> Iterator[Slot]:
        """All slots from seq on up to the first free one, which is looked for anew each time."""
        hits = 0
        while (slot := self.slot(seq)) is not None:
            yield slot
            seq, hits = seq + 1, hits + 1
            if hits < PROBES:
                continue
            for slot in self.gather(self.taken, self._listed(seq)):
                yield slot
                seq = slot.seq + 1

    def gather(self, fetch: Callable[[_In], _Out], items: Sequence[_In]) -> Iterator[_Out]:
        """Fetch all items in order: at once where each costs a round trip."""
        if self._threads == 1 or len(items) < 2:
            yield from map(fetch, items)
        else:
            with ThreadPoolExecutor(min(self._threads, len(items))) as pool:
                yield from pool.map(fetch, items)

    def _winner(self, seq: int, there: bytes) -> Slot:
        """The slot that was lost; read once more if what came back of it is no record."""
        try:
            return self._slot(seq, there)
        except (JournalCorrupt, StoreUnsupported):
            if self.reads == 1:
                raise
            return self.taken(seq)

    def _listed(self, seq: int) -> range:
        """The slots from seq on that a listing of its segment shows; it may lag behind."""
        folder = log_key(self.prefix, seq).rpartition("/")[0] + "/"
        seqs = [log_seq(stat.key) for stat in self._store.list(folder)]
        return range(seq, max((found for found in seqs if found is not None), default=-1) + 1)

    def _slot(self, seq: int, data: bytes) -> Slot:
        key = log_key(self.prefix, seq)
        record = decode_record(data, key)
        if record.seq != seq:
            raise JournalCorrupt(key, f"holds record {record.seq}")
        return Slot(record, record_digest(data, self.algorithm))


def check_chain(prefix: str, before: Slot | None, slot: Slot) -> None:
    """Raise JournalCorrupt unless slot is the one right after before (None: the first)."""
    key = log_key(prefix, slot.seq)
    if slot.record.prev != (before.digest if before else ""):
        raise JournalCorrupt(key, "does not name the bytes of the record before")
    if before is not None and slot.record.hlc <= before.record.hlc:
        raise JournalCorrupt(key, "is not later than the record before")
