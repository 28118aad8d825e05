"""The committers of one process: they go together, and what befalls one is told to all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from tests.storage.numbering import (
    Counted,
    committed,
    letters,
    new_intent,
    new_journal,
    outpaced,
    write_letter,
)

from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import SystemClock
from wbart_storage.errors import AccessDenied, EpochFenced
from wbart_storage.journal import desk as desk_module
from wbart_storage.journal.desk import Desk
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import Intent
from wbart_storage.objects import ObjectStore

CHANCE = random.Random(17)


class Gate:
    """Holds up the first create of a slot until so many others stand in the line."""

    def __init__(self, counted: Counted, desk: Desk, others: int) -> None:
        self.entered = Event()
        self._desk, self._waits = desk, others
        counted.before = self._before

    def _before(self, call: str, key: str) -> None:
        if call == "create" and not self.entered.is_set():
            self.entered.set()
            for _ in range(10_000):
                if len(self._desk) > self._waits:
                    return
                time.sleep(0.001)
            raise AssertionError("the others did not come")


def journal_at(store: ObjectStore, desk: Desk) -> Journal[list[str]]:
    return new_journal(store, SystemClock(), desk)


def together(
    store: Counted,
    intents: Iterable[Intent],
    journal: Callable[[], Journal[list[str]]],
    desk: Desk,
    come: int | None = None,
) -> list[tuple[int, object] | BaseException]:
    """Commit the first, and while it is under way all the others; what each was told.

    Come is how many of the others get into the line: all, unless it is told.
    """
    first, *others = intents
    gate = Gate(store, desk, len(others) if come is None else come)

    def commit(intent: Intent) -> tuple[int, object] | BaseException:
        mine = journal()
        try:
            answer = mine.commit(intent)
        except Exception as error:
            return error
        assert intent.txid in mine.known()
        return answer

    with ThreadPoolExecutor(1 + len(others)) as pool:
        lead = pool.submit(commit, first)
        assert gate.entered.wait(10)
        answers = list(pool.map(commit, others))
        return [lead.result(), *answers]


@pytest.fixture
def store() -> MemoryObjects:
    store = MemoryObjects()
    new_journal(store).commit(new_intent(CHANCE))
    return store


@pytest.mark.parametrize("shared", [True, False])
def test_who_comes_while_another_commits_goes_with_the_others(
    store: MemoryObjects, shared: bool
) -> None:
    counted, desk = Counted(store), Desk()
    intents = [new_intent(CHANCE) for _ in range(20)]
    journals = [journal_at(counted, desk) for _ in intents]
    if shared:
        journals = journals[:1] * len(intents)
    for each in journals:
        each.read()

    told = together(counted, intents, iter(journals).__next__, desk)

    txids = committed(store)
    assert [len(each.intents) for each in new_journal(store).records()] == [1, 1, 19]
    assert told == [(1 + (n > 0), {"number": txids.index(i.txid)}) for n, i in enumerate(intents)]
    assert sum(call.startswith("create log/") for call in counted.calls) == 2
    assert len(desk) == 0


def test_who_was_taken_along_reads_nothing(store: MemoryObjects) -> None:
    counted, desk = Counted(store), Desk()
    intents = [new_intent(CHANCE) for _ in range(20)]
    journals = [journal_at(counted, desk) for _ in intents]
    for each in journals:
        each.read()
    counted.calls.clear()

    together(counted, intents, iter(journals).__next__, desk)

    assert [call.partition(" ")[0] for call in counted.calls] == ["create", "create"]
    assert [len(each.known()) for each in journals] == [2, *[21] * 19]


def test_under_contention_all_of_them_go_through_the_inbox(store: MemoryObjects) -> None:
    desk = Desk()
    counted = outpaced(store, 0)
    intents = [new_intent(CHANCE) for _ in range(6)]
    rivals = [new_intent(CHANCE) for _ in range(4)]
    waiting = new_intent(CHANCE)

    def journal() -> Journal[list[str]]:
        return journal_at(counted, desk)

    def rival(call: str, key: str) -> None:
        held(call, key)
        if rivals and call == "create" and "/log/" in key:
            if len(rivals) == 1:
                write_letter(store, waiting)
            new_journal(store, SystemClock()).commit(rivals.pop())

    Gate(counted, desk, 5)
    held, counted.before = counted.before, rival
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda intent: journal().commit(intent), intents))

    txids = committed(store)
    assert [outcome for _, outcome in told] == [{"number": txids.index(i.txid)} for i in intents]
    assert waiting.txid in txids
    assert any(call.startswith("create inbox/") for call in counted.calls)
    assert letters(store) == []


def test_an_intent_that_cannot_be_written_spoils_no_other(store: MemoryObjects) -> None:
    counted, desk = Counted(store), Desk()
    bad = new_intent(CHANCE, {"op": "take", "value": float("nan")})
    good = [new_intent(CHANCE) for _ in range(3)]

    told = together(
        counted, [good[0], bad, *good[1:]], lambda: journal_at(counted, desk), desk, come=2
    )

    assert isinstance(told.pop(1), ValueError)
    assert [answer[0] for answer in told if isinstance(answer, tuple)] == [1, 2, 2]
    assert set(committed(store)) >= {intent.txid for intent in good}


def test_what_the_store_refuses_is_told_to_all(store: MemoryObjects) -> None:
    counted, desk = Counted(store), Desk()
    intents = [new_intent(CHANCE) for _ in range(5)]

    def journal() -> Journal[list[str]]:
        return journal_at(counted, desk)

    Gate(counted, desk, 4)
    held = counted.before

    def refuse(call: str, key: str) -> None:
        held(call, key)
        if call == "create":
            raise AccessDenied("no")

    counted.before = refuse
    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(journal().commit, intent) for intent in intents]
        assert all(isinstance(call.exception(), AccessDenied) for call in calls)

    assert sum(call.startswith("create") for call in counted.calls) == 2
    assert len(committed(store)) == 1
    assert len(desk) == 0


def test_who_breaks_off_takes_no_other_along(store: MemoryObjects) -> None:
    counted, desk = Counted(store), Desk()
    intents = [new_intent(CHANCE) for _ in range(4)]
    gate = Gate(counted, desk, 3)
    held = counted.before

    def interrupt(call: str, key: str) -> None:
        if call == "create" and not gate.entered.is_set():
            held(call, key)
            raise KeyboardInterrupt

    counted.before = interrupt
    with ThreadPoolExecutor(4) as pool:
        lead = pool.submit(journal_at(counted, desk).commit, intents[0])
        assert gate.entered.wait(10)
        told = list(pool.map(lambda each: journal_at(counted, desk).commit(each), intents[1:]))
        assert isinstance(lead.exception(), KeyboardInterrupt)

    assert {seq for seq, _ in told} == {1}
    assert set(committed(store)[1:]) == {intent.txid for intent in intents[1:]}


def test_an_older_epoch_goes_alone(store: MemoryObjects) -> None:
    new_journal(store).commit(new_intent(CHANCE, {"op": "fence", "epoch": 3}), epoch=3)
    counted, desk = Counted(store), Desk()
    intents = [new_intent(CHANCE) for _ in range(4)]
    gate = Gate(counted, desk, 4)

    def commit(number: int) -> object:
        try:
            return journal_at(counted, desk).commit(intents[number], epoch=3 if number % 2 else 2)
        except EpochFenced as error:
            return error

    with ThreadPoolExecutor(5) as pool:
        lead = pool.submit(journal_at(counted, desk).commit, new_intent(CHANCE), epoch=3)
        assert gate.entered.wait(10)
        told = list(pool.map(commit, range(4)))
        lead.result()

    assert [isinstance(each, EpochFenced) for each in told] == [True, False, True, False]
    assert [each.epoch for each in new_journal(store).records()] == [0, 3, 3, 3]


def test_a_party_is_not_larger_than_a_record_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    tickets = [desk.join(new_intent(CHANCE), 0) for _ in range(10)]
    monkeypatch.setattr(desk_module, "MOST_INTENTS", 4)
    assert desk.party(tickets[7]) == [*tickets[:3], tickets[7]]

    monkeypatch.setattr(desk_module, "MOST_INTENTS", 100)
    monkeypatch.setattr(desk_module, "MOST_BYTES", 3 * tickets[0].size)
    assert desk.party(tickets[0]) == tickets[:3]


def test_each_txid_is_in_a_party_once() -> None:
    desk, intent = Desk(), new_intent(CHANCE)
    tickets = [desk.join(each, 0) for each in (intent, intent, new_intent(CHANCE))]
    assert desk.party(tickets[1]) == tickets[1:]


def test_the_handler_of_a_signal_may_commit_in_the_midst_of_a_commit(store: MemoryObjects) -> None:
    counted, desk = Counted(store), Desk()
    mine, signalled = new_intent(CHANCE), new_intent(CHANCE)
    other = journal_at(counted, desk)

    def on_signal(call: str, key: str) -> None:
        if call == "create":
            counted.before = lambda call, key: None
            other.commit(signalled)

    counted.before = on_signal
    with ThreadPoolExecutor(1) as pool:
        _, outcome = pool.submit(journal_at(counted, desk).commit, mine).result(30)

    txids = committed(store)
    assert set(txids[1:]) == {signalled.txid, mine.txid}
    assert outcome == {"number": txids.index(mine.txid)}
