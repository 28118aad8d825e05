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
from wbart_storage.journal.readback import TRIES, Wait
from wbart_storage.journal.record import Intent, Record, check_intent
from wbart_storage.journal.slots import Log
from wbart_storage.journal.tail import Committed, Tail
from wbart_storage.journal.turns import Turns

log = logging.getLogger(__name__)

_SHARED = 8
"""Of so many slots one is shared with the inbox even by a committer that met no contention."""
_PASSING = 16
"""How many letters he takes along then: enough that none waits for ever."""
_ROUNDS = 1000
_PATIENCE = 120.0
"""Seconds after which a committer no longer waits for his letter to be committed."""
_MOST_INTENTS = 256
_MOST_BYTES = 4 << 20
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

    def commit(self, intent: Intent, epoch: int) -> Committed:
        """See `Journal.commit`.

        A state that nobody has compared with the log in this call may be stale, so it may lose
        one slot for free, unless that one was filled about when we came: that means contention.
        """
        check_intent(intent)
        mine, began = self._inbox.letter(intent, epoch), self._clock.now()
        if self._tail.warm and intent.txid not in self._tail.tally.txids:
            found = self._through_slot(mine, intent)
            took = self._clock.now() - began
            stale = abs(self._tail.tally.hlc - began) > 2 * took or not took
        else:
            found, stale = self._tail.catch_up(intent.txid), True
        if found is None and stale:
            found = self._through_slot(mine, intent)
        return found or self._through_inbox(mine, intent)

    def _through_slot(self, mine: Letter, intent: Intent) -> Committed | None:
        """Try the next slot without the inbox; when it is lost, read on to the end of the log.

        Some slots are for all, or letters of the slow would wait as long as the quick commit.
        """
        self._check_fence(mine.epoch)
        slot = self._tail.tally.seq + 1
        if slot % _SHARED == _SHARED - 1:
            waiting = self._inbox.waiting(mine, self._tail.tally)[:_PASSING]
            found = self._share(mine, _with(waiting, mine), {mine.key: intent}, sent=False)
        else:
            found, _ = self._place([intent], mine.epoch, mine.txid)
        return found or self._tail.catch_up(mine.txid)

    def _through_inbox(self, mine: Letter, intent: Intent) -> Committed:
        """Let anybody commit the intent, and do so for all when the turn is ours."""
        log.info("contention: %s goes through the inbox", mine.key)
        started = self._clock.monotonic()
        self._inbox.put(mine, intent)
        turns = Turns(self._clock.monotonic() - started)
        opened, failures = {mine.key: intent}, 0
        for _ in range(_ROUNDS):
            try:
                found = self._turn(mine, opened, turns)
                failures = 0
            except EpochFenced:
                raise
            except StorageError as error:
                failures += 1
                if failures == TRIES or not error.transient:
                    raise _unknown(mine, error) from error
                found = None
            if found is not None:
                return found
            if self._clock.monotonic() - started > _PATIENCE:
                raise _unknown(mine, f"not committed within {_PATIENCE:.0f} s")
            turns.pause(self._wait)
        raise _unknown(mine, f"lost {_ROUNDS} slots")

    def _turn(self, mine: Letter, opened: dict[str, Intent], turns: Turns) -> Committed | None:
        """Look whether our letter was committed, and commit all if it is for us to do so."""
        found = self._tail.catch_up(mine.txid)
        if found is not None:
            return found
        if mine.epoch < self._tail.tally.fence:
            self._inbox.discard([mine])
        self._check_fence(mine.epoch)
        if not turns.must_look(self._tail.tally.seq):
            return None
        waiting = self._inbox.waiting(mine, self._tail.tally)
        if not turns.leads(waiting.index(mine), len(waiting)):
            return None
        return self._share(mine, _first(waiting, mine), opened, sent=True)

    def _share(
        self, mine: Letter, letters: Sequence[Letter], opened: dict[str, Intent], sent: bool
    ) -> Committed | None:
        """Try the next slot with our intent, sent to the inbox or not, and those of the letters.

        What has been opened is not read again.
        """
        self._check_fence(mine.epoch)
        closed = [letter for letter in letters if letter.key not in opened]
        found = self._slots.gather(self._inbox.open, closed)
        opened |= {letter.key: read for letter, read in zip(closed, found, strict=True) if read}
        batch = [letter for letter in letters if letter.key in opened]
        intents = [opened[letter.key] for letter in batch]
        epoch = min(letter.epoch for letter in batch)
        committed, won = self._place(intents, epoch, mine.txid)
        if won:
            self._inbox.discard(letter for letter in batch if sent or letter.key != mine.key)
        return committed

    def _place(
        self, intents: Sequence[Intent], epoch: int, txid: str
    ) -> tuple[Committed | None, bool]:
        """Put the intents into the next slot and fold in what it then holds.

        Whether the intent of that txid is in there now, and whether the record is ours.
        """
        slot, won = self._slots.place(self._record(intents, epoch))
        found = self._tail.advance(slot, txid)
        if won:
            self._tail.save_if_due()
        return found, won

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


def _first(waiting: Sequence[Letter], mine: Letter) -> list[Letter]:
    """As many letters as one record should hold, oldest first; ours in any case."""
    size, some = 0, list(waiting[:_MOST_INTENTS])
    for count, letter in enumerate(some):
        size += letter.size
        if size > _MOST_BYTES:
            some = some[:count]
            break
    return _with(some, mine)


def _with(letters: Sequence[Letter], mine: Letter) -> list[Letter]:
    return [*letters] if mine in letters else [*letters, mine]


def _unknown(mine: Letter, reason: object) -> OutcomeUnknown:
    return OutcomeUnknown(f"intent {mine.txid} waits in the inbox and may be committed: {reason}")
