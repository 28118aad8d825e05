"""How an intent gets into the log: by a slot of its own, or under contention with all others."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Generic

from wbart_storage.clock import Clock, rfc3339
from wbart_storage.errors import EpochFenced, OutcomeUnknown, StorageError
from wbart_storage.fold import S
from wbart_storage.inbox import Inbox, Letter
from wbart_storage.readback import TRIES, Wait, pause
from wbart_storage.record import Intent, Record, check_intent
from wbart_storage.slots import Log
from wbart_storage.tail import Committed, Tail

log = logging.getLogger(__name__)

_SHARED = 8
"""Of so many slots one is shared with the inbox even by a committer that met no contention."""
_ROUNDS = 1000
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
        one slot for free: it is the second loss that means contention.
        """
        check_intent(intent)
        mine = self._inbox.letter(intent, epoch)
        if self._tail.warm and intent.txid not in self._tail.tally.txids:
            found = self._through_slot(mine, intent)
        else:
            found = self._tail.catch_up(intent.txid)
        found = found or self._through_slot(mine, intent)
        return found or self._through_inbox(mine, intent)

    def _through_slot(self, mine: Letter, intent: Intent) -> Committed | None:
        """Try the next slot without the inbox; when it is lost, read on to the end of the log.

        Some slots are for all, or letters of the slow would wait as long as the quick commit.
        """
        self._check_fence(mine.epoch)
        slot = self._tail.tally.seq + 1
        if slot % _SHARED == _SHARED - 1:
            found = self._share(mine, intent, sent=False)
        else:
            found, _ = self._place([intent], mine.epoch, mine.txid)
        return found or self._tail.catch_up(mine.txid)

    def _through_inbox(self, mine: Letter, intent: Intent) -> Committed:
        """Let anybody commit the intent, and try to commit all that wait until somebody has."""
        log.info("contention: %s goes through the inbox", mine.key)
        self._inbox.put(mine, intent)
        failures = 0
        for _ in range(_ROUNDS):
            try:
                found = self._tail.catch_up(mine.txid) or self._share(mine, intent, sent=True)
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
            pause(self._wait)
        raise _unknown(mine, f"lost {_ROUNDS} slots")

    def _share(self, mine: Letter, intent: Intent, sent: bool) -> Committed | None:
        """Try the next slot with our intent, sent to the inbox or not, and all that wait there."""
        waiting = self._waiting(mine)
        self._check_fence(mine.epoch)

        def opened(letter: Letter) -> Intent | None:
            return intent if letter.key == mine.key else self._inbox.open(letter)

        intents = list(self._slots.gather(opened, waiting))
        batch = [letter for letter, found in zip(waiting, intents, strict=True) if found]
        epoch = min(letter.epoch for letter in batch)
        found, won = self._place([found for found in intents if found], epoch, mine.txid)
        if won:
            self._inbox.discard(letter for letter in batch if sent or letter.key != mine.key)
        return found

    def _waiting(self, mine: Letter) -> list[Letter]:
        """The letters to commit next, in order, ours among them; drop those that are done for."""
        tally = self._tail.tally
        letters = {letter.txid: letter for letter in [*self._inbox.letters(), mine]}
        waiting: list[Letter] = []
        over: list[Letter] = []
        for letter in sorted(letters.values(), key=lambda letter: letter.key):
            done = letter.txid in tally.txids or letter.epoch < tally.fence
            (over if done else waiting).append(letter)
        self._inbox.discard(over)
        return _first(waiting, mine)

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


def _first(waiting: list[Letter], mine: Letter) -> list[Letter]:
    """As many letters as one record should hold, oldest first; ours in any case."""
    size, some = 0, waiting[:_MOST_INTENTS]
    for count, letter in enumerate(some):
        size += letter.size
        if size > _MOST_BYTES:
            some = some[:count]
            break
    return some if any(letter.key == mine.key for letter in some) else [*some, mine]


def _unknown(mine: Letter, reason: object) -> OutcomeUnknown:
    return OutcomeUnknown(f"intent {mine.txid} waits in the inbox and may be committed: {reason}")
