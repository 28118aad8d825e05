"""Where the committers of one process meet who want the next slot of the same log.

One of them goes at a time, and takes all the others along who came meanwhile: a hundred threads
are one committer to the store, and not a hundred that race each other by way of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import RLock

from wbart_storage.errors import StorageError
from wbart_storage.journal.record import MOST_BYTES, MOST_INTENTS, Intent, intent_size
from wbart_storage.journal.slots import Slot
from wbart_storage.journal.tail import Committed

_RECENT = 32


class Ticket:
    """One intent that is to be committed, and how that ended once it has."""

    def __init__(self, intent: Intent, epoch: int) -> None:
        """Raises ValueError for an intent that no record can hold: it would spoil the others'."""
        self.intent = intent
        self.epoch = epoch
        self.size = intent_size(intent)
        self.committed: Committed | None = None
        self.error: StorageError | None = None

    @property
    def over(self) -> bool:
        """Whether it is settled, either way."""
        return self.committed is not None or self.error is not None

    def outcome(self) -> Committed:
        """Where it was committed and what the fold said; raises what stood against it."""
        if self.error is not None:
            raise self.error
        if self.committed is None:
            raise RuntimeError("nobody has committed it yet")
        return self.committed


class Desk:
    """The line before one log. Shared by the journals of a process that commit to it."""

    def __init__(self) -> None:
        # Reentrant: the handler of a signal may commit in the midst of what it interrupts.
        self.turn = RLock()
        """Held by whoever commits."""
        self._lock = RLock()
        self._line: list[Ticket] = []
        self._recent: deque[Slot] = deque(maxlen=_RECENT)

    def __len__(self) -> int:
        """How many stand in the line, those included who are being served."""
        return len(self._line)

    def join(self, intent: Intent, epoch: int) -> Ticket:
        """Stand in the line; whoever has the turn may commit the intent from now on."""
        ticket = Ticket(intent, epoch)
        with self._lock:
            self._line.append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Leave the line, whether it was one's turn or not."""
        with self._lock:
            self._line.remove(ticket)

    def party(self, lead: Ticket) -> list[Ticket]:
        """Lead and those who may go with it into one record, each txid once, as they came."""
        txids, size = {lead.intent.txid}, lead.size
        party = []
        with self._lock:
            for ticket in self._line:
                fits = len(txids) < MOST_INTENTS and size + ticket.size <= MOST_BYTES
                joins = ticket.epoch == lead.epoch and not ticket.over
                if ticket is lead:
                    party.append(ticket)
                elif fits and joins and ticket.intent.txid not in txids:
                    party.append(ticket)
                    txids.add(ticket.intent.txid)
                    size += ticket.size
        return party

    def show(self, slot: Slot) -> None:
        """Tell the others what lies in a new slot, so that they need not read it."""
        self._recent.append(slot)

    def after(self, seq: int) -> Iterator[Slot]:
        """The slots right after seq that were shown lately; there may be more in the log."""
        shown = {slot.seq: slot for slot in list(self._recent)}
        while (slot := shown.get(seq := seq + 1)) is not None:
            yield slot
