"""A fold for the tests of the journal: each intent gets the next number. And what must hold."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from wbart_storage.clock import Clock, FixedClock
from wbart_storage.journal.desk import Desk
from wbart_storage.journal.inbox import Inbox
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import Intent, Record
from wbart_storage.keys import inbox_prefix
from wbart_storage.objects import ObjectStat, ObjectStore

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


def new_journal(
    store: ObjectStore, clock: Clock | None = None, desk: Desk | None = None
) -> Journal[list[str]]:
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
        desk=desk,
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


class Counted:
    """A store that writes down what it is asked, and can be told to do something first."""

    def __init__(self, inner: ObjectStore) -> None:
        self.inner = inner
        self.calls: list[str] = []
        self.before: Callable[[str, str], None] = lambda call, key: None

    def _note(self, call: str, key: str) -> None:
        self.calls.append(f"{call} {key.removeprefix(PREFIX)}")
        self.before(call, key)

    def create(self, key: str, data: bytes) -> None:
        self._note("create", key)
        self.inner.create(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        self._note("put", key)
        self.inner.put(key, source)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._note("get", key)
        return self.inner.get(key, start, end)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        self._note("list", prefix)
        return self.inner.list(prefix, delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        wanted = list(keys)
        self._note("delete", " ".join(wanted))
        self.inner.delete(wanted)

    def stat(self, key: str) -> ObjectStat:
        self._note("stat", key)
        return self.inner.stat(key)


def outpaced(store: ObjectStore, times: int, through: ObjectStore | None = None) -> Counted:
    """A store on which somebody else takes the next slot right before each of our creates.

    We reach it by way of through, if that is given.
    """
    counted = Counted(through or store)
    chance = random.Random(times)

    def rival(call: str, key: str) -> None:
        nonlocal times
        if times and call == "create" and "/log/" in key:
            times -= 1
            new_journal(store).commit(new_intent(chance))

    counted.before = rival
    return counted


def write_letter(store: ObjectStore, intent: Intent, epoch: int = 0) -> None:
    """Put an intent into the inbox, as a committer does who meets contention and then dies."""
    inbox = Inbox(store, PREFIX, "blake3", lambda seconds: None)
    inbox.put(inbox.letter(intent, epoch), intent)


def letters(store: ObjectStore) -> list[str]:
    """The keys of all letters in the inbox."""
    return [stat.key for stat in store.list(inbox_prefix(PREFIX))]
