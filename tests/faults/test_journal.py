"""A journal on a store that fails at its first call, at its second, … until it gets through."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from tests.storage.numbering import (
    committed,
    letters,
    new_intent,
    new_journal,
    outpaced,
    write_letter,
)

from wbart_storage.around.retry import Retry
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import OutcomeUnknown, StorageError
from wbart_storage.journal.record import Intent
from wbart_storage.objects import ObjectStore
from wbart_storage.testing import Fault, Faulty, faults

CHANCE = random.Random(5)
Commit = Callable[[ObjectStore, ObjectStore, Intent], tuple[int, object]]


def cold(inner: ObjectStore, store: ObjectStore, intent: Intent) -> tuple[int, object]:
    return new_journal(store).commit(intent)


def contended(inner: ObjectStore, store: ObjectStore, intent: Intent) -> tuple[int, object]:
    return new_journal(outpaced(inner, 3, through=store)).commit(intent)


def stores(records: int) -> Callable[[], MemoryObjects]:
    def make() -> MemoryObjects:
        store = MemoryObjects()
        for _ in range(records):
            new_journal(store).commit(new_intent(CHANCE))
        write_letter(store, new_intent(CHANCE))
        return store

    return make


CASES = pytest.mark.parametrize(
    ("commit", "records"),
    [(cold, 0), (cold, 1), (cold, 31), (cold, 40), (contended, 1), (contended, 28)],
)


@CASES
def test_after_any_fault_the_intent_is_in_once_or_not_at_all(commit: Commit, records: int) -> None:
    unharmed = 0
    for faulty in faults(stores(records)):
        intent = new_intent(CHANCE)
        answer: object = None
        refused = False
        try:
            answer = commit(faulty.inner, faulty, intent)
        except OutcomeUnknown:
            pass
        except StorageError:
            refused = True

        check(faulty, intent, answer, refused)
        unharmed += not faulty.harmed
    assert unharmed == 3


def check(faulty: Faulty, intent: Intent, answer: object, refused: bool) -> None:
    """Whatever the committer was told is so, and the log goes on for others and for him."""
    store = faulty.inner
    assert answer is not None or faulty.harmed
    new_journal(store).commit(new_intent(CHANCE))
    while letters(store):
        new_journal(store).commit(new_intent(CHANCE))
    log = committed(store)
    assert new_journal(store).read() == log
    assert log.count(intent.txid) in ({0} if refused else {1} if answer else {0, 1})
    again = new_journal(store).commit(intent)
    assert answer in (None, again)
    assert again[1] == {"number": committed(store).index(intent.txid)}


@CASES
def test_below_a_store_that_tries_again_every_passing_fault_is_survived(
    commit: Commit, records: int
) -> None:
    kinds = (Fault.BEFORE, Fault.AFTER)
    for faulty in faults(stores(records), kinds):
        intent = new_intent(CHANCE)
        store = Retry(faulty, wait=lambda seconds: None)
        answer = commit(faulty.inner, store, intent)
        assert answer[1] == {"number": committed(faulty.inner).index(intent.txid)}


def test_a_read_is_right_or_fails() -> None:
    for faulty in faults(stores(40)):
        try:
            state = new_journal(faulty).read()
        except StorageError:
            assert faulty.harmed
        else:
            assert state == committed(faulty.inner)
