"""The newest state that this process knows, and how it catches up with the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Generic

from wbart_storage.errors import JournalCorrupt, StorageError
from wbart_storage.journal.checkpoint import EVERY, Checkpoints
from wbart_storage.journal.fold import S, Tally
from wbart_storage.journal.slots import Log, Slot

log = logging.getLogger(__name__)

Committed = tuple[int, object]
"""The seq of the record that carries an intent, and what the fold said of it."""
Found = dict[str, Committed]
"""By txid."""


class Tail(Generic[S]):
    """A tally kept warm: one probe of the next slot tells whether it is still the newest."""

    def __init__(
        self, slots: Log, checkpoints: Checkpoints[S], seen: Callable[[Slot], object]
    ) -> None:
        """Seen is told of each slot that was folded in."""
        self._slots = slots
        self._checkpoints = checkpoints
        self._seen = seen
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

    def catch_up(self, txids: Collection[str] = ()) -> Found:
        """Fold in all that is new; where and how the intents of those txids were committed.

        Those of long ago are found too, whoever committed them. Where the chain is broken, all is
        read anew, once: a record that we hold may have been damaged on its way.
        """
        try:
            return self._catch_up(txids)
        except JournalCorrupt as error:
            if self._slots.reads == 1:
                raise
            log.info("reading the log anew: %s", error)
        self._tally = None
        return self._catch_up(txids)

    def _catch_up(self, txids: Collection[str]) -> Found:
        known = self.tally.txids
        found = {txid: self._recall(txid, known[txid]) for txid in txids if txid in known}
        if txids and len(found) == len(txids):
            return found
        for slot in self._slots.following(self.tally.seq + 1):
            found |= self.advance(slot, txids)
        return found

    def advance(self, slot: Slot, txids: Collection[str] = ()) -> Found:
        """Fold in the next slot; where and how those intents were committed that are new in it."""
        tally = self.tally
        self._tally = None  # stays so if the slot cannot be folded in: half a fold is no state
        outcomes = tally.apply(slot)
        self._tally = tally
        self._seen(slot)
        return {txid: (slot.seq, outcomes[txid]) for txid in txids if txid in outcomes}

    def learn(self, known: Callable[[int], Iterable[Slot]], seq: int = -1) -> None:
        """Fold in what others know of the log, and reach slot seq, where they committed for us.

        Raises nothing: he told us how it went, and a state that is not known will be read.
        """
        if not self.warm:
            return
        try:
            for slot in known(self.tally.seq):
                self.advance(slot)
            if self.tally.seq < seq:
                self.catch_up()
        except StorageError as error:
            log.info("the log is read anew when it is asked for: %s", error)
            self._tally = None

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
