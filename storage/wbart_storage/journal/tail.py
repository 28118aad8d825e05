"""The newest state that this process knows, and how it catches up with the log."""

from __future__ import annotations

import logging
from typing import Generic

from wbart_storage.errors import JournalCorrupt
from wbart_storage.journal.checkpoint import EVERY, Checkpoints
from wbart_storage.journal.fold import S, Tally
from wbart_storage.journal.slots import Log, Slot

log = logging.getLogger(__name__)

Committed = tuple[int, object]
"""The seq of the record that carries an intent, and what the fold said of it."""


class Tail(Generic[S]):
    """A tally kept warm: one probe of the next slot tells whether it is still the newest."""

    def __init__(self, slots: Log, checkpoints: Checkpoints[S]) -> None:
        self._slots = slots
        self._checkpoints = checkpoints
        self._tally: Tally[S] | None = None

    @property
    def warm(self) -> bool:
        """Whether something is known already, so that nothing has to be read to guess the end."""
        return self._tally is not None

    @property
    def tally(self) -> Tally[S]:
        """What is known; read from the store only when nothing is."""
        if self._tally is None:
            self._tally = self._checkpoints.load()
        return self._tally

    def catch_up(self, txid: str = "") -> Committed | None:
        """Fold in all that is new; where and how the intent of that txid was committed, if it was.

        An intent of long ago is found too, whoever committed it. Where the chain is broken, all is
        read anew, once: a record that we hold may have been damaged on its way.
        """
        try:
            return self._catch_up(txid)
        except JournalCorrupt as error:
            if self._slots.reads == 1:
                raise
            log.info("reading the log anew: %s", error)
        self._tally = None
        return self._catch_up(txid)

    def _catch_up(self, txid: str) -> Committed | None:
        known = self.tally.txids.get(txid)
        if known is not None:
            return self._recall(txid, known)
        found: Committed | None = None
        for slot in self._slots.following(self.tally.seq + 1):
            found = self.advance(slot, txid) or found
        return found

    def advance(self, slot: Slot, txid: str = "") -> Committed | None:
        """Fold in the next slot; where and how the intent was committed, if it is new in there."""
        tally = self.tally
        self._tally = None  # stays so if the slot cannot be folded in: half a fold is no state
        outcomes = tally.apply(slot)
        self._tally = tally
        return (slot.seq, outcomes[txid]) if txid in outcomes else None

    def save_if_due(self) -> None:
        """Make a checkpoint if the last slot folded in is one after which there should be one."""
        if (self.tally.seq + 1) % EVERY == 0:
            self._checkpoints.save(self.tally)

    def past(self, last: int) -> Tally[S]:
        """A tally of its own, of the log up to and with slot last, which must be taken."""
        tally = self._checkpoints.load(last)
        for seq in range(tally.seq + 1, last + 1):
            tally.apply(self._slots.taken(seq))
        return tally

    def _recall(self, txid: str, seq: int) -> Committed:
        return seq, self.past(seq - 1).apply(self._slots.taken(seq))[txid]
