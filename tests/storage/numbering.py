"""A fold for the tests of the journal: each intent gets the next number. And what must hold."""

from __future__ import annotations

import random

from wbart_storage.clock import Clock, FixedClock
from wbart_storage.journal import Journal
from wbart_storage.objects import ObjectStore
from wbart_storage.record import Intent, Record

PREFIX = "c/team/project/data/"


class Numbers:
    """The txids in the order in which they were applied; one applied twice is in there twice."""

    def initial(self) -> list[str]:
        return []

    def apply(self, state: list[str], intent: Intent, record: Record) -> object:
        state.append(intent.txid)
        return {"number": len(state) - 1}

    def dump(self, state: list[str]) -> object:
        return list(state)

    def load(self, dumped: object) -> list[str]:
        if not isinstance(dumped, list):
            raise TypeError("not numbers")
        return [str(txid) for txid in dumped]


def new_journal(store: ObjectStore, clock: Clock | None = None) -> Journal[list[str]]:
    """A journal that waits for nothing and uses no threads."""
    return Journal(
        store,
        PREFIX,
        Numbers(),
        algorithm="blake3",
        clock=clock or FixedClock(),
        tool="test",
        wait=lambda seconds: None,
        threads=1,
    )


def new_intent(chance: random.Random, *ops: dict[str, object]) -> Intent:
    """An intent with a txid of its own."""
    txid = f"{chance.getrandbits(128):032x}"
    return Intent(txid=txid, actor="somebody", ts=1_700_000_000.0, ops=ops or ({"op": "take"},))


def committed(store: ObjectStore) -> list[str]:
    """The txids of a log in order, when every rule holds: read from slot 0, chained, none void."""
    seen: list[str] = []
    fence = 0
    for seq, record in enumerate(new_journal(store).records()):
        assert record.seq == seq
        assert record.epoch >= fence
        txids = dict.fromkeys(intent.txid for intent in record.intents)
        seen += [txid for txid in txids if txid not in seen]
        fence = max([fence, *(intent.fence for intent in record.intents)])
    return seen
