"""How an intent gets into the log: by a slot of its own, or under contention with all others."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Generic

from wbart_storage.clock import Clock, rfc3339
from wbart_storage.errors import EpochFenced, OutcomeUnknown, StorageError
from wbart_storage.journal.fold import S
from wbart_storage.journal.inbox import Inbox, Letter
from wbart_storage.journal.party import Party
from wbart_storage.journal.readback import TRIES, Wait
from wbart_storage.journal.record import MOST_BYTES, MOST_INTENTS, Intent, Record
from wbart_storage.journal.slots import Log
from wbart_storage.journal.tail import Tail
from wbart_storage.journal.turns import Turns

log = logging.getLogger(__name__)

_SHARED = 8
"""Of so many slots one is shared with the inbox even by a committer that met no contention."""
_PASSING = 16
"""How many letters he takes along then: enough that none waits for ever."""
_ROUNDS = 1000
_PATIENCE = 120.0
"""Seconds after which a committer no longer waits for his letter to be committed."""
_TICK = 1e-6


class Committer(Generic[S]):
    """Commits intents to one log."""

    def __init__(
        self, slots: Log, tail: Tail[S], inbox: Inbox, clock: Clock, tool: str, wait: Wait
    ) -> None:
        self._slots = slots
        self._tail = tail
        self._inbox = inbox
        self._clock = clock
        self._tool = tool
        self._wait = wait

    def party(self, intents: Sequence[Intent], epoch: int) -> Party:
        """What is to be committed together."""
        return Party(self._inbox, intents, epoch)

    def commit(self, party: Party) -> None:
        """Commit them all, as `Journal.commit` does with one; the party tells how.

        After an error it tells of those that were in the log before.

        A state that nobody has compared with the log in this call may be stale, so it may lose
        one slot for free, unless that one was filled about when we came: that means contention.
        """
        began = self._clock.now()
        if self._tail.warm and not self._tail.tally.txids.keys() & party.txids:
            self._through_slot(party)
            took = self._clock.now() - began
            stale = abs(self._tail.tally.hlc - began) > 2 * took or not took
        else:
            self._catch_up(party)
            stale = True
        if not party.done and stale:
            self._through_slot(party)
        if not party.done:
            self._through_inbox(party)

    def _catch_up(self, party: Party) -> None:
        party.settle(self._tail.catch_up(party.txids))

    def _through_slot(self, party: Party) -> None:
        """Try the next slot without the inbox; when it is lost, read on to the end of the log.

        Some slots are for all, or letters of the slow would wait as long as the quick commit.
        """
        self._check_fence(party.epoch)
        slot = self._tail.tally.seq + 1
        if slot % _SHARED == _SHARED - 1:
            waiting = self._inbox.waiting(party.letters, self._tail.tally)[:_PASSING]
            self._share(party, _with(waiting, party.letters), sent=False)
        else:
            self._place(party, party.own, party.epoch)
        if not party.done:
            self._catch_up(party)

    def _through_inbox(self, party: Party) -> None:
        """Let anybody commit the intents, and do so for all when the turn is ours."""
        first, *others = party.letters
        log.info("contention: %s goes through the inbox", first.key)
        started = self._clock.monotonic()
        self._inbox.put(first, party.intents[first.key])
        turns = Turns(self._clock.monotonic() - started)
        for _ in self._slots.gather(lambda letter: self._send(party, letter), others):
            pass
        failures = 0
        for _ in range(_ROUNDS):
            try:
                self._turn(party, turns)
                failures = 0
            except EpochFenced:
                raise
            except StorageError as error:
                failures += 1
                if failures == TRIES or not error.transient:
                    raise _unknown(party, error) from error
            if party.done:
                return
            if self._clock.monotonic() - started > _PATIENCE:
                raise _unknown(party, f"not committed within {_PATIENCE:.0f} s")
            turns.pause(self._wait)
        raise _unknown(party, f"lost {_ROUNDS} slots")

    def _send(self, party: Party, letter: Letter) -> None:
        """Put one more letter into the inbox; without it, only we can commit what it says."""
        try:
            self._inbox.put(letter, party.intents[letter.key])
        except StorageError as error:
            log.info("%s is not in the inbox: %s", letter.key, error)

    def _turn(self, party: Party, turns: Turns) -> None:
        """Look which of our letters were committed, and commit all if it is for us to do so."""
        self._catch_up(party)
        if party.done:
            return
        if party.epoch < self._tail.tally.fence:
            self._inbox.discard(party.letters)
        self._check_fence(party.epoch)
        if not turns.must_look(self._tail.tally.seq):
            return
        waiting = self._inbox.waiting(party.letters, self._tail.tally)
        if turns.leads(waiting.index(party.letters[0]), len(waiting)):
            self._share(party, _with(_first(waiting), party.letters), sent=True)

    def _share(self, party: Party, letters: Sequence[Letter], sent: bool) -> None:
        """Try the next slot with our intents, sent to the inbox or not, and those of the letters.

        What has been opened is not read again.
        """
        self._check_fence(party.epoch)
        closed = [letter for letter in letters if letter.key not in party.intents]
        found = self._slots.gather(self._inbox.open, closed)
        party.intents |= {each.key: read for each, read in zip(closed, found, strict=True) if read}
        batch = [letter for letter in letters if letter.key in party.intents]
        unsent = [] if sent else list(party.letters)
        intents = [party.intents[letter.key] for letter in batch]
        if self._place(party, intents, min(letter.epoch for letter in batch)):
            self._inbox.discard(letter for letter in batch if letter not in unsent)

    def _place(self, party: Party, intents: Sequence[Intent], epoch: int) -> bool:
        """Put the intents into the next slot and fold in what it then holds.

        Whether the record in there is ours.
        """
        slot, won = self._slots.place(self._record(intents, epoch))
        party.settle(self._tail.advance(slot, party.txids))
        if won:
            self._tail.save_if_due()
        return won

    def _record(self, intents: Sequence[Intent], epoch: int) -> Record:
        """The next record; its hlc is later than the last even when our clock is behind."""
        now, tally = self._clock.now(), self._tail.tally
        return Record(
            seq=tally.seq + 1,
            prev=tally.head.digest if tally.head else "",
            epoch=epoch,
            ts=rfc3339(now),
            hlc=max(
                round(now, 6), round(tally.hlc + _TICK, 6), math.nextafter(tally.hlc, math.inf)
            ),
            tool=self._tool,
            intents=tuple(intents),
        )

    def _check_fence(self, epoch: int) -> None:
        """A record lies behind all fences that its writer knows of, for it has read them all."""
        if epoch < self._tail.tally.fence:
            raise EpochFenced(epoch, self._tail.tally.fence)


def _first(waiting: Sequence[Letter]) -> list[Letter]:
    """As many letters as one record should hold, oldest first."""
    size, some = 0, list(waiting[:MOST_INTENTS])
    for count, letter in enumerate(some):
        size += letter.size
        if size > MOST_BYTES:
            return some[:count]
    return some


def _with(letters: Sequence[Letter], mine: Sequence[Letter]) -> list[Letter]:
    """These letters, and those of ours that are not among them."""
    return [*letters, *(letter for letter in mine if letter not in letters)]


def _unknown(party: Party, reason: object) -> OutcomeUnknown:
    txids = ", ".join(party.txids[:3]) + (", …" if len(party.txids) > 3 else "")
    return OutcomeUnknown(f"intent {txids} waits in the inbox and may be committed: {reason}")
