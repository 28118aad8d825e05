"""The journal of a collection: an append-only log on an object store, shared by many writers."""

from __future__ import annotations

import bisect
import time
from collections.abc import Iterator, Sequence
from threading import RLock
from typing import Generic

from wbart_storage.clock import Clock
from wbart_storage.errors import ObjectMissing, StorageError
from wbart_storage.journal.checkpoint import Checkpoints
from wbart_storage.journal.commit import Committer
from wbart_storage.journal.desk import Desk, Ticket
from wbart_storage.journal.fold import Fold, S
from wbart_storage.journal.inbox import Inbox
from wbart_storage.journal.readback import Wait
from wbart_storage.journal.record import Intent, Record
from wbart_storage.journal.slots import Log, Slot, check_chain
from wbart_storage.journal.tail import Tail
from wbart_storage.keys import log_key
from wbart_storage.objects import ObjectStore


class Journal(Generic[S]):
    """The log at prefix, its meaning given by fold. Safe to share between threads.

    Keep it: a journal that has read before asks only for what is new. The states that it returns
    are its own: later calls move them on, so read them at once and never change them.
    """

    def __init__(
        self,
        store: ObjectStore,
        prefix: str,
        fold: Fold[S],
        *,
        algorithm: str,
        clock: Clock,
        tool: str,
        wait: Wait = time.sleep,
        threads: int = 16,
        desk: Desk | None = None,
    ) -> None:
        """Desk: that of all journals of this process at this prefix of the same store."""
        self._desk = Desk() if desk is None else desk
        self._prefix = prefix
        self._fold = fold
        self._slots = Log(store, prefix, algorithm, wait, threads)
        self._tail = Tail(self._slots, Checkpoints(store, self._slots, fold), self._desk.show)
        inbox = Inbox(store, prefix, algorithm, wait)
        self._committer = Committer(self._slots, self._tail, inbox, clock, tool, wait)
        self._lock = RLock()

    def exists(self) -> bool:
        """Whether anything was ever committed."""
        with self._lock:
            known = self._tail.warm and self._tail.tally.seq >= 0
        return known or self._slots.slot(0) is not None

    def read(self) -> S:
        """The state with all that was committed before this call; ObjectMissing if nothing was."""
        with self._lock:
            self._catch_up()
            return self._tail.tally.state

    def known(self) -> S:
        """The state as the last read or commit here left it; reads only when there was none."""
        with self._lock:
            if not self._tail.warm:
                self._catch_up()
            return self._tail.tally.state

    def commit(self, intent: Intent, *, epoch: int = 0) -> tuple[int, object]:
        """Make the intent visible; the seq of its record, and what the fold said of it.

        However many commit at once, and whatever answers are lost, it is in the log once when
        this returns. The same intent may be committed again: then the first time counts.
        OutcomeUnknown: it may be in the log, or come into it later. Any other error: it is not,
        and will not be. EpochFenced: a sweep's fence is newer than epoch.
        ValueError: it cannot be written as canonical JSON.
        """
        ticket = self._desk.join(intent, epoch)
        try:
            with self._desk.turn, self._lock:
                if not ticket.over:
                    self._tail.learn(self._desk.after)
                    self._commit(self._desk.party(ticket))
                elif ticket.committed is not None:
                    self._tail.learn(self._desk.after, ticket.committed[0])
        finally:
            self._desk.leave(ticket)
        return ticket.outcome()

    def records(self, start: int = 0) -> Iterator[Record]:
        """The records from seq start on, void ones too; JournalCorrupt where the chain breaks."""
        before: Slot | None = None
        for slot in self._slots.following(start):
            if before is not None or slot.seq == 0:
                check_chain(self._prefix, before, slot)
            before = slot
            yield slot.record

    def state_at(self, seconds: float) -> S:
        """The state after the last record whose hlc is not later than seconds.

        Before the first record it is the initial one; ObjectMissing if there is no record at all.
        """
        with self._lock:
            if not self._tail.warm or seconds >= self._tail.tally.hlc:
                self._catch_up()
            tally = self._tail.tally
            if seconds >= tally.hlc:
                return tally.state
            slots = range(tally.seq + 1)
            count = bisect.bisect_right(slots, seconds, key=self._hlc)
            return self._tail.past(count - 1).state if count else self._fold.initial()

    def _commit(self, tickets: Sequence[Ticket]) -> None:
        """Settle all of them: what stands against one that can be written stands against all."""
        party = self._committer.party([each.intent for each in tickets], tickets[0].epoch)
        error = None
        try:
            self._committer.commit(party)
        except StorageError as failure:
            error = failure
        for ticket in tickets:
            ticket.committed = party.committed.get(ticket.intent.txid)
            ticket.error = None if ticket.committed else error

    def _catch_up(self) -> None:
        self._tail.catch_up()
        if self._tail.tally.seq < 0:
            raise ObjectMissing(log_key(self._prefix, 0))

    def _hlc(self, seq: int) -> float:
        return self._slots.taken(seq).record.hlc
