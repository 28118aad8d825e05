"""Any interleaving of any committers on a store with bad days: acknowledged is in the log, once."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.interleaving import BadDays, Turns
from tests.storage.numbering import PREFIX, Numbers, committed, new_intent, new_journal

from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import EpochFenced, ObjectExists, OutcomeUnknown, StorageError
from wbart_storage.journal import checkpoint, commit, readback, tail
from wbart_storage.journal.fold import Tally
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.readback import Wait
from wbart_storage.journal.record import Intent
from wbart_storage.journal.slots import Slot
from wbart_storage.objects import ObjectStore


class Story:
    """One run: who was told what, to be compared with the log in the end."""

    def __init__(self, seed: int, rate: float) -> None:
        self.chance = random.Random(seed)
        self.turns = Turns(self.chance)
        self.inner = MemoryObjects()
        self.store = BadDays(self.inner, self.turns, self.chance, rate)
        self.epoch = 0
        self.told: dict[str, tuple[int, object]] = {}
        self.refused: set[str] = set()
        self.doubtful: set[str] = set()
        self.epochs: dict[str, set[int]] = {}
        self.journals: list[Journal[list[str]]] = []

    def journal(self) -> Journal[list[str]]:
        clock = FixedClock(1_700_000_000.0 + self.chance.randrange(-1000, 1000))
        journal = Journal(
            self.store,
            PREFIX,
            Numbers(),
            algorithm="blake3",
            clock=clock,
            tool="test",
            wait=lambda seconds: self.turns.step(),
            threads=1,
        )
        self.journals.append(journal)
        return journal

    def committer(self, count: int) -> Callable[[], None]:
        """One that commits, and now and then tries again what it was not told for sure."""

        def act() -> None:
            journal = self.journal()
            for _ in range(count):
                intent = new_intent(self.chance)
                while not self.commit(journal, intent, self.epoch):
                    if self.chance.random() < 0.5:
                        break
                    if self.chance.random() < 0.5:
                        journal = self.journal()

        return act

    def sweeper(self, count: int) -> Callable[[], None]:
        """One that fences the log; committers hear of its epoch at some other moment."""

        def act() -> None:
            journal = self.journal()
            for epoch in range(1, count + 1):
                self.commit(
                    journal, new_intent(self.chance, {"op": "fence", "epoch": epoch}), epoch
                )
                self.turns.step()
                self.epoch = epoch

        return act

    def commit(self, journal: Journal[list[str]], intent: Intent, epoch: int) -> bool:
        self.epochs.setdefault(intent.txid, set()).add(epoch)
        self.refused.discard(intent.txid)
        try:
            answer = journal.commit(intent, epoch=epoch)
        except OutcomeUnknown:
            self.doubtful.add(intent.txid)
            return False
        except EpochFenced:
            self.refused.add(intent.txid)
            return False
        except StorageError:
            if intent.txid not in self.doubtful:
                self.refused.add(intent.txid)
            return False
        assert self.told.setdefault(intent.txid, answer) == answer
        return True

    def check(self) -> None:
        """Compare what everybody was told with what the log says to one who reads all of it."""
        self.store.settle()
        state = new_journal(self.inner).read()
        once = committed(self.inner)
        assert state == once
        assert len(set(state)) == len(state)
        assert not self.refused & set(state)
        for record in new_journal(self.inner).records():
            for intent in record.intents:
                assert record.epoch <= max(self.epochs[intent.txid])
        for txid, (seq, outcome) in self.told.items():
            assert outcome == {"number": state.index(txid)}
            assert seq == self.seq(txid)
        for journal in self.journals:
            assert journal.read() == state

    def seq(self, txid: str) -> int:
        records = new_journal(self.inner).records()
        return next(r.seq for r in records if txid in [intent.txid for intent in r.intents])


def run(seed: int, rate: float, committers: int = 6, commits: int = 3, fences: int = 2) -> Story:
    story = Story(seed, rate)
    acts = [story.committer(commits) for _ in range(committers)]
    story.turns.run([*acts, story.sweeper(fences)] if fences else acts)
    story.store.settle()
    story.turns.run([story.committer(2), story.committer(2)])
    story.check()
    return story


def run_many(stories: int) -> None:
    for seed in range(stories):
        run(seed, 0.1)


@pytest.fixture(autouse=True)
def slots_of_note_are_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "EVERY", 3)
    monkeypatch.setattr(commit, "_SHARED", 4)
    monkeypatch.setattr(commit, "TRIES", 2)
    monkeypatch.setattr(readback, "TRIES", 2)


@settings(max_examples=150, database=None)
@given(seed=st.integers(0, 2**32), rate=st.sampled_from([0.0, 0.02, 0.1, 0.3]))
def test_whoever_was_told_yes_is_in_the_log_once(seed: int, rate: float) -> None:
    assert run(seed, rate).inner.list("")


def test_the_stories_are_worth_telling() -> None:
    """They hold what they are about: combined records, left-over letters, doubt, fences."""
    combined = doubts = fenced = checkpoints = 0
    for seed in range(40):
        story = run(seed, 0.1)
        records = list(new_journal(story.inner).records())
        combined += any(len(record.intents) > 1 for record in records)
        doubts += bool(story.doubtful)
        fenced += any(record.epoch > 0 for record in records)
        checkpoints += any(story.inner.list(f"{PREFIX}ckpt/"))

    assert combined > 10
    assert doubts > 5
    assert fenced > 30
    assert checkpoints > 30
    assert checkpoint.EVERY == 32


def test_without_reading_back_the_stories_go_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(store: ObjectStore, key: str, data: bytes, wait: Wait) -> bytes:
        try:
            store.create(key, data)
        except ObjectExists:
            return store.get(key)
        return data

    monkeypatch.setattr(readback, "create", trusting)
    with pytest.raises(AssertionError):
        run_many(20)


def test_without_remembering_txids_the_stories_go_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    apply = Tally.apply

    def forgetful(self: Tally[list[str]], slot: Slot) -> dict[str, object]:
        outcomes = apply(self, slot)
        self.txids.clear()
        return outcomes

    monkeypatch.setattr(Tally, "apply", forgetful)
    with pytest.raises(AssertionError):
        run_many(40)
