"""The journal, one committer after the other: what is asked of the store, and what is told."""

from __future__ import annotations

import errno
import math
import random
import threading
from pathlib import Path

import pytest
from tests.storage.numbering import (
    PREFIX,
    Counted,
    Numbers,
    committed,
    new_intent,
    new_journal,
)

from wbart_storage.backends import folders
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import AccessDenied, ObjectMissing, OutcomeUnknown
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import Intent, Record, record_digest
from wbart_storage.keys import log_key

CHANCE = random.Random(7)
START = 1_700_000_000.0


@pytest.fixture
def store() -> MemoryObjects:
    return MemoryObjects()


def fill(store: MemoryObjects, count: int, clock: FixedClock | None = None) -> list[Intent]:
    """Commit count intents, ten seconds apart."""
    clock = clock or FixedClock(START)
    journal = new_journal(store, clock)
    intents = [new_intent(CHANCE) for _ in range(count)]
    for intent in intents:
        journal.commit(intent)
        clock.advance(10)
    return intents


def test_a_journal_without_records_is_missing(store: MemoryObjects) -> None:
    journal = new_journal(store)
    assert not journal.exists()
    with pytest.raises(ObjectMissing):
        journal.read()
    with pytest.raises(ObjectMissing):
        journal.state_at(START)
    assert list(journal.records()) == []
    assert list(store.list("")) == []


def test_a_commit_tells_its_record_and_what_the_fold_said(store: MemoryObjects) -> None:
    journal = new_journal(store)
    answers = [journal.commit(new_intent(CHANCE)) for _ in range(3)]
    assert answers == [(0, {"number": 0}), (1, {"number": 1}), (2, {"number": 2})]
    assert journal.exists()


def test_what_one_commits_another_reads(store: MemoryObjects) -> None:
    writer, reader = new_journal(store), new_journal(store)
    for count in range(1, 200, 23):
        fill(store, 22)
        writer.commit(new_intent(CHANCE))
        assert reader.read() == writer.read() == committed(store)
        assert len(reader.read()) == count + 22


def test_records_tell_who_when_and_after_what(store: MemoryObjects) -> None:
    first, second = fill(store, 2)
    records = list(new_journal(store).records())
    assert [record.intents for record in records] == [(first,), (second,)]
    assert [record.ts for record in records] == [
        "2023-11-14T22:13:20.000000Z",
        "2023-11-14T22:13:30.000000Z",
    ]
    assert [record.hlc for record in records] == [START, START + 10]
    assert records[1].prev == record_digest(store.get(log_key(PREFIX, 0)), "blake3")
    assert list(new_journal(store).records(1)) == records[1:]


def test_a_warm_read_costs_one_get(store: MemoryObjects) -> None:
    fill(store, 40)
    counted = Counted(store)
    journal = new_journal(counted)
    journal.read()
    counted.calls.clear()

    journal.read()

    assert counted.calls == [f"get {log_key('', 40)}"]


def test_a_cold_read_needs_few_calls_however_long_the_log(store: MemoryObjects) -> None:
    fill(store, 33)
    counted = Counted(store)
    new_journal(counted).read()
    assert [call.split("/")[0] for call in counted.calls] == [
        "get hints",
        "get ckpt",
        *["get log"] * 3,
    ]


def test_a_warm_commit_costs_one_create(store: MemoryObjects) -> None:
    counted = Counted(store)
    journal = new_journal(counted)
    journal.commit(new_intent(CHANCE))
    counted.calls.clear()

    journal.commit(new_intent(CHANCE))

    assert counted.calls == [f"create {log_key('', 1)}"]


def test_eight_commits_ask_for_one_listing_of_the_inbox(store: MemoryObjects) -> None:
    counted = Counted(store)
    journal = new_journal(counted)
    journal.commit(new_intent(CHANCE))
    counted.calls.clear()

    for _ in range(8):
        journal.commit(new_intent(CHANCE))

    assert [call for call in counted.calls if "log/" not in call] == ["list inbox/"]
    assert len(counted.calls) == 9


def test_the_committer_folds_what_a_reader_will_fold(store: MemoryObjects) -> None:
    seen: list[object] = []

    class Watching(Numbers):
        def apply(self, state: list[str], intent: Intent, record: Record) -> object:
            seen.append(intent.ops)
            return super().apply(state, intent, record)

    def watching() -> Journal[list[str]]:
        clock = FixedClock()
        return Journal(store, PREFIX, Watching(), algorithm="blake3", clock=clock, tool="test")

    fill(store, 31)
    watching().commit(new_intent(CHANCE, {"op": "take", "aliases": ("a", "b")}))
    checkpoints = [stat.key for stat in store.list(f"{PREFIX}ckpt/")]
    assert len(checkpoints) == 1
    assert seen[-1] == ({"op": "take", "aliases": ["a", "b"]},)


def test_a_committer_that_was_only_behind_does_not_use_the_inbox(store: MemoryObjects) -> None:
    counted = Counted(store)
    behind = new_journal(counted)
    behind.commit(new_intent(CHANCE))
    fill(store, 3)

    assert behind.commit(new_intent(CHANCE)) == (4, {"number": 4})
    assert not any("inbox" in call for call in counted.calls)


def test_the_same_intent_is_committed_once_and_answered_alike(store: MemoryObjects) -> None:
    journal = new_journal(store)
    intent = new_intent(CHANCE)
    answer = journal.commit(intent)
    assert journal.commit(intent) == answer
    assert new_journal(store).commit(intent) == answer

    fill(store, 70)

    assert new_journal(store).commit(intent) == journal.commit(intent) == answer
    assert len(committed(store)) == 71


def test_time_in_a_log_never_goes_back(store: MemoryObjects) -> None:
    clock = FixedClock(START)
    journal = new_journal(store, clock)
    for step in (0.0, -3600.0, 0.0, 1e-7, 7200.0):
        clock.advance(step)
        journal.commit(new_intent(CHANCE))
    times = [record.hlc for record in journal.records()]
    assert times == sorted(set(times))
    assert times[0] == START
    assert times[3] < START + 0.001
    assert times[4] == pytest.approx(START + 3600)


def test_a_clock_gone_wild_stops_nobody(store: MemoryObjects) -> None:
    new_journal(store, FixedClock(2.5e11)).commit(new_intent(CHANCE))
    fill(store, 3)
    assert len(committed(store)) == 4


def test_the_state_at_a_time_is_that_of_the_records_up_to_it(store: MemoryObjects) -> None:
    txids = [intent.txid for intent in fill(store, 70)]
    journal = new_journal(store)
    assert journal.state_at(START - 0.1) == []
    for count in (1, 2, 31, 32, 33, 34, 64, 69, 70):
        at = START + 10 * (count - 1)
        assert journal.state_at(at) == txids[:count]
        assert journal.state_at(at + 9.9) == txids[:count]
        assert new_journal(store).state_at(at) == txids[:count]


def test_the_state_at_a_time_knows_what_was_committed_since_the_last_read(
    store: MemoryObjects,
) -> None:
    clock = FixedClock(START)
    fill(store, 1, clock)
    journal = new_journal(store)
    journal.read()
    fill(store, 1, clock)
    assert len(journal.state_at(START + 10)) == 2


def test_the_past_does_not_move_the_present(store: MemoryObjects) -> None:
    fill(store, 40)
    journal = new_journal(store)
    before = list(journal.read())
    journal.state_at(START + 100)
    assert journal.read() == before


def test_a_store_may_use_sha256(store: MemoryObjects) -> None:
    def sha256() -> Journal[list[str]]:
        clock = FixedClock()
        return Journal(store, PREFIX, Numbers(), algorithm="sha256", clock=clock, tool="t")

    for _ in range(35):
        sha256().commit(new_intent(CHANCE))
    records = list(sha256().records())
    assert records[1].prev == record_digest(store.get(log_key(PREFIX, 0)), "sha256")
    assert len(sha256().read()) == 35


UNFIT = {
    "a NaN": Intent(txid="0" * 32, actor="", ts=0.0, ops=({"op": "take", "x": math.nan},)),
    "a txid that is none": Intent(txid="0", actor="", ts=0.0, ops=()),
    "a time that is none": Intent(txid="0" * 32, actor="", ts=math.inf, ops=()),
    "a surrogate": Intent(txid="0" * 32, actor="\ud800", ts=0.0, ops=()),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_no_record_can_hold_is_refused_before_anything_is_written(
    store: MemoryObjects, name: str
) -> None:
    journal = new_journal(store)
    with pytest.raises(ValueError):
        journal.commit(UNFIT[name])
    assert list(store.list("")) == []
    assert journal.commit(new_intent(CHANCE)) == (0, {"number": 0})


def test_a_refused_create_is_an_answer_not_a_doubt(store: MemoryObjects) -> None:
    def deny(call: str, key: str) -> None:
        if call == "create":
            raise AccessDenied(f"{key}: read-only")

    counted = Counted(store)
    counted.before = deny
    with pytest.raises(AccessDenied):
        new_journal(counted).commit(new_intent(CHANCE))


class Clumsy(Numbers):
    """A fold that is interrupted in the middle of its work, once."""

    interrupt = False

    def apply(self, state: list[str], intent: Intent, record: Record) -> object:
        if self.interrupt:
            self.interrupt = False
            raise KeyboardInterrupt
        return super().apply(state, intent, record)


def test_half_a_fold_is_forgotten(store: MemoryObjects) -> None:
    fold = Clumsy()
    journal = Journal(store, PREFIX, fold, algorithm="blake3", clock=FixedClock(), tool="test")
    journal.commit(new_intent(CHANCE))
    fill(store, 1)
    fold.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        journal.read()
    assert journal.read() == committed(store)


def test_one_journal_serves_many_threads(store: MemoryObjects) -> None:
    journal = new_journal(store)
    answers: list[tuple[str, int, object]] = []

    def work() -> None:
        chance = random.Random()
        for _ in range(10):
            intent = new_intent(chance)
            answers.append((intent.txid, *journal.commit(intent)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    txids = committed(store)
    assert len(txids) == len(answers) == 80
    assert all(outcome == {"number": txids.index(txid)} for txid, _, outcome in answers)
    records = list(new_journal(store).records())
    assert all(txid in {each.txid for each in records[seq].intents} for txid, seq, _ in answers)


def test_many_records_are_fetched_at_once_where_that_pays(store: MemoryObjects) -> None:
    fill(store, 200)
    store.delete([stat.key for stat in store.list(f"{PREFIX}ckpt/")])
    together = threading.Barrier(2)
    counted = Counted(store)

    def meet(call: str, key: str) -> None:
        if key in (log_key(PREFIX, 10), log_key(PREFIX, 11)):
            together.wait(10)

    counted.before = meet
    journal = Journal(
        counted, PREFIX, Numbers(), algorithm="blake3", clock=FixedClock(), tool="test"
    )
    assert journal.read() == committed(store)


@pytest.mark.parametrize("failures", [1, math.inf])
def test_a_record_whose_folder_could_not_be_synced_is_not_believed(
    failures: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies there and is read back, but power loss might still take it."""
    left, synced = failures, list[str]()

    def sync(folder: str) -> None:
        nonlocal left
        if folder.endswith("/log/000000000000"):
            left -= 1
            if left >= 0:
                raise OSError(errno.EIO, "Input/output error")
        synced.append(folder)

    monkeypatch.setattr(folders, "sync_folder", sync)
    journal = new_journal(LocalObjects(tmp_path))
    if failures == math.inf:
        with pytest.raises(OutcomeUnknown, match="may or may not have landed"):
            journal.commit(new_intent(CHANCE))
    else:
        assert journal.commit(new_intent(CHANCE)) == (0, {"number": 0})
        assert any(folder.endswith("/log/000000000000") for folder in synced)
