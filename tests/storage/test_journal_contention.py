"""Contention, letters and fences: what is committed for whom, and what never is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from tests.storage.numbering import (
    PREFIX,
    Counted,
    Numbers,
    committed,
    letters,
    new_intent,
    new_journal,
    outpaced,
    write_letter,
)

from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import (
    EpochFenced,
    JournalCorrupt,
    OutcomeUnknown,
    StoreFull,
    StoreUnavailable,
)
from wbart_storage.journal import canonical, commit
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import Intent, Record, encode_record, record_digest
from wbart_storage.keys import inbox_prefix, log_key
from wbart_storage.objects import ObjectStore

CHANCE = random.Random(11)


def fence(epoch: int) -> Intent:
    return new_intent(CHANCE, {"op": "fence", "epoch": epoch})


def append(store: ObjectStore, *intents: Intent, epoch: int = 0, later: float = 1.0) -> None:
    """Write the next record by hand, as a committer might who does not know the rules."""
    last = list(new_journal(store).records())[-1]
    record = Record(
        seq=last.seq + 1,
        prev=record_digest(store.get(log_key(PREFIX, last.seq)), "blake3"),
        epoch=epoch,
        ts=last.ts,
        hlc=last.hlc + later,
        tool="other",
        intents=intents,
    )
    store.create(log_key(PREFIX, record.seq), encode_record(record, "blake3"))


@pytest.fixture
def store() -> MemoryObjects:
    store = MemoryObjects()
    new_journal(store).commit(new_intent(CHANCE))
    return store


@pytest.mark.parametrize("times", [1, 2, 3, 10])
def test_who_loses_slots_gets_one_in_the_end(store: MemoryObjects, times: int) -> None:
    journal = new_journal(outpaced(store, times))
    intent = new_intent(CHANCE)
    answer = journal.commit(intent)
    assert min(times, 3) + 2 <= len(committed(store)) <= times + 2
    assert answer[1] == {"number": committed(store).index(intent.txid)}
    assert letters(store) == []


def test_pauses_are_short(store: MemoryObjects) -> None:
    waits: list[float] = []
    journal = Journal(
        outpaced(store, 20),
        PREFIX,
        Numbers(),
        algorithm="blake3",
        clock=FixedClock(),
        tool="test",
        wait=waits.append,
    )
    journal.commit(new_intent(CHANCE))
    assert waits
    assert all(0 <= wait <= 0.05 for wait in waits)


def test_who_meets_contention_commits_all_that_wait(store: MemoryObjects) -> None:
    waiting = [new_intent(CHANCE) for _ in range(5)]
    for intent in waiting:
        write_letter(store, intent)
    new_journal(outpaced(store, 1)).commit(new_intent(CHANCE))
    last = list(new_journal(store).records())[-1]
    assert len(last.intents) == 6
    assert {intent.txid for intent in waiting} < {intent.txid for intent in last.intents}
    assert [intent.txid for intent in last.intents] == sorted(i.txid for i in last.intents)
    assert letters(store) == []


def test_letters_are_committed_even_if_nobody_else_meets_contention(store: MemoryObjects) -> None:
    intent = new_intent(CHANCE)
    write_letter(store, intent)
    journal = new_journal(store)
    for _ in range(8):
        journal.commit(new_intent(CHANCE))
    assert intent.txid in journal.read()
    assert letters(store) == []


def test_one_whose_intent_was_committed_by_another_is_told_so(store: MemoryObjects) -> None:
    counted = Counted(store)
    intent = new_intent(CHANCE)

    def helper(call: str, key: str) -> None:
        if call == "create" and letters(store):
            counted.before = lambda call, key: None
            for _ in range(8):
                new_journal(store).commit(new_intent(CHANCE))
        elif call == "create":
            new_journal(store).commit(new_intent(CHANCE))

    counted.before = helper
    _, outcome = new_journal(counted).commit(intent)
    assert outcome == {"number": committed(store).index(intent.txid)}


def test_a_record_holds_no_more_than_it_should(
    store: MemoryObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "MOST_INTENTS", 2)
    for _ in range(5):
        write_letter(store, new_intent(CHANCE))
    mine = new_intent(CHANCE)
    new_journal(outpaced(store, 1)).commit(mine)
    last = list(new_journal(store).records())[-1]
    assert 2 <= len(last.intents) <= 3
    assert mine in last.intents
    assert len(letters(store)) + len(last.intents) == 6


def test_a_record_is_not_longer_than_it_should_be(
    store: MemoryObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "MOST_BYTES", 500)
    for _ in range(5):
        write_letter(store, new_intent(CHANCE, {"op": "take", "text": "x" * 200}))
    new_journal(outpaced(store, 1)).commit(new_intent(CHANCE))
    assert len(list(new_journal(store).records())[-1].intents) <= 2


def test_a_letter_that_was_left_over_is_thrown_away(store: MemoryObjects) -> None:
    journal = new_journal(store)
    old = new_intent(CHANCE)
    journal.commit(old)
    for _ in range(100):
        journal.commit(new_intent(CHANCE))
    write_letter(store, old)

    new_journal(outpaced(store, 1)).commit(new_intent(CHANCE))

    assert letters(store) == []
    assert committed(store).count(old.txid) == 1
    assert all(old not in record.intents for record in journal.records(2))


def test_an_intent_that_is_in_the_log_again_much_later_counts_once(store: MemoryObjects) -> None:
    journal = new_journal(store)
    old = new_intent(CHANCE)
    journal.commit(old)
    for _ in range(100):
        journal.commit(new_intent(CHANCE))
    append(store, old, new_intent(CHANCE), old)

    for reader in (journal, new_journal(store)):
        assert reader.read().count(old.txid) == 1
        assert len(reader.read()) == 103


GARBAGE = {
    "no JSON": lambda data: b"\0" + data,
    "cut short": lambda data: data[:20],
    "a newer version": lambda data: data.replace(b'"v":1', b'"v":2'),
    "another epoch": lambda data: data.replace(b'"epoch":0', b'"epoch":9'),
    "another txid": lambda data: data.replace(b'"txid":"', b'"txid":"00', 1),
    "too deep": lambda data: data.replace(b"[", b"[" + b'{"x":' * 125 + b"1" + b"}" * 125 + b","),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_damaged_letter_stops_nobody(store: MemoryObjects, name: str) -> None:
    change: Callable[[bytes], bytes] = GARBAGE[name]
    write_letter(store, new_intent(CHANCE))
    (key,) = letters(store)
    good = store.get(key)
    assert change(good) != good
    store.put(key, change(good))
    store.put(f"{inbox_prefix(PREFIX)}README", b"what is this")

    new_journal(outpaced(store, 1)).commit(new_intent(CHANCE))

    assert len(committed(store)) == 3
    assert len(letters(store)) == 2


def test_what_is_as_deep_as_can_be_goes_either_way(store: MemoryObjects) -> None:
    deep: object = 1
    for _ in range(canonical.MAX_DEPTH - 5):
        deep = [deep]
    new_journal(store).commit(new_intent(CHANCE, {"op": "take", "x": deep}))
    write_letter(store, new_intent(CHANCE, {"op": "take", "x": deep}))
    new_journal(outpaced(store, 1)).commit(new_intent(CHANCE))
    assert len(committed(store)) == 5


def test_an_intent_older_than_a_fence_is_refused_and_nothing_is_written(
    store: MemoryObjects,
) -> None:
    journal = new_journal(store)
    journal.commit(fence(3), epoch=3)
    before = [stat.key for stat in store.list("")]
    intent = new_intent(CHANCE)
    for refusing in (journal, new_journal(store)):
        with pytest.raises(EpochFenced, match=r"epoch 2 .* fence of epoch 3") as told:
            refusing.commit(intent, epoch=2)
        assert (told.value.epoch, told.value.fence) == (2, 3)
    assert [stat.key for stat in store.list("")] == before
    assert journal.commit(intent, epoch=3) == (2, {"number": 2})
    assert journal.commit(new_intent(CHANCE), epoch=4) == (3, {"number": 3})


def test_a_fence_that_comes_while_an_intent_waits_is_told(store: MemoryObjects) -> None:
    counted = Counted(store)

    def fenced(call: str, key: str) -> None:
        if call == "create" and "/log/" in key:
            counted.before = lambda call, key: None
            new_journal(store).commit(fence(1), epoch=1)

    counted.before = fenced
    with pytest.raises(EpochFenced):
        new_journal(counted).commit(new_intent(CHANCE))
    assert letters(store) == []
    assert len(committed(store)) == 2


def test_a_letter_older_than_a_fence_is_never_committed(store: MemoryObjects) -> None:
    old = new_intent(CHANCE)
    write_letter(store, old, epoch=0)
    young = new_intent(CHANCE)
    write_letter(store, young, epoch=1)
    new_journal(store).commit(fence(1), epoch=1)

    counted = outpaced(store, 0)
    journal = new_journal(counted)
    while letters(store):
        journal.commit(new_intent(CHANCE), epoch=2)

    assert old.txid not in committed(store)
    assert young.txid in committed(store)


def test_a_record_speaks_for_its_oldest_intent(store: MemoryObjects) -> None:
    write_letter(store, new_intent(CHANCE), epoch=4)
    journal = new_journal(store)
    while letters(store):
        journal.commit(new_intent(CHANCE), epoch=7)
    records = [record for record in journal.records() if len(record.intents) == 2]
    assert [record.epoch for record in records] == [4]


def test_a_record_older_than_an_earlier_fence_is_void_but_in_the_chain(
    store: MemoryObjects,
) -> None:
    journal = new_journal(store)
    journal.commit(fence(5), epoch=5)
    late = new_intent(CHANCE)
    append(store, late, fence(9), epoch=4)
    append(store, new_intent(CHANCE), epoch=5)

    for reader in (journal, new_journal(store)):
        assert late.txid not in reader.read()
        assert len(reader.read()) == 3
    assert journal.commit(late, epoch=5) == (4, {"number": 3})


def test_fences_outlive_checkpoints(store: MemoryObjects) -> None:
    journal = new_journal(store)
    journal.commit(fence(1), epoch=1)
    for _ in range(40):
        journal.commit(new_intent(CHANCE), epoch=1)
    append(store, new_intent(CHANCE), epoch=0)
    assert len(new_journal(store).read()) == 42
    with pytest.raises(EpochFenced):
        new_journal(store).commit(new_intent(CHANCE))


def test_an_error_while_an_intent_waits_leaves_its_outcome_unknown(store: MemoryObjects) -> None:
    counted = outpaced(store, 1)
    rival = counted.before

    def full(call: str, key: str) -> None:
        rival(call, key)
        if call == "create" and "/log/" in key and letters(store):
            raise StoreFull("no room")

    counted.before = full
    intent = new_intent(CHANCE)
    with pytest.raises(OutcomeUnknown, match=intent.txid):
        new_journal(counted).commit(intent)

    assert new_journal(store).commit(intent)[1] == {"number": 2}
    for _ in range(20):
        new_journal(store).commit(new_intent(CHANCE))
    assert committed(store).count(intent.txid) == 1
    assert new_journal(store).read() == committed(store)
    assert letters(store) == []


def test_passing_trouble_while_an_intent_waits_is_survived(store: MemoryObjects) -> None:
    troubles = iter(range(5))
    counted = outpaced(store, 1)
    rival = counted.before

    def trouble(call: str, key: str) -> None:
        rival(call, key)
        if call in ("get", "list") and letters(store) and next(troubles, None) is not None:
            raise StoreUnavailable("try later")

    counted.before = trouble
    assert new_journal(counted).commit(new_intent(CHANCE)) == (2, {"number": 2})
    assert next(troubles, None) is None


@pytest.mark.parametrize("later", [0.0, -1.0])
def test_a_record_that_is_not_later_than_the_one_before_is_damage(
    store: MemoryObjects, later: float
) -> None:
    append(store, new_intent(CHANCE), later=later)
    with pytest.raises(JournalCorrupt, match=r"0001\.json: is not later"):
        new_journal(store).read()


def test_a_committer_that_always_loses_gives_up_in_the_end(
    store: MemoryObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "_ROUNDS", 5)
    monkeypatch.setattr(commit, "_SHARED", 10**9)
    with pytest.raises(OutcomeUnknown, match="lost 5 slots"):
        new_journal(outpaced(store, 100)).commit(new_intent(CHANCE))
