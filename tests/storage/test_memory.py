"""Memory is the model: it keeps the contract, and its times come from the clock it was given."""

from __future__ import annotations

import pytest

from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.objects import Adopts, Files, ObjectStore, Syncs, ability
from wbart_storage.testing import StoreContract


class TestMemoryObjects(StoreContract):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return MemoryObjects()


def test_times_are_those_of_the_clock() -> None:
    clock = FixedClock(1000.0)
    store = MemoryObjects(clock)
    store.put("a/b", b"1")
    clock.advance(5)
    store.put("a/c", b"1")

    assert [stat.modified for stat in store.list("a/")] == [1000.0, 1005.0]


def test_a_caller_who_changes_his_buffer_changes_no_object() -> None:
    buffer = bytearray(b"before")
    store = MemoryObjects()
    store.put("a/b", buffer)  # type: ignore[arg-type]
    buffer[:] = b"after!"

    assert store.get("a/b") == b"before"


def test_memory_has_no_further_abilities() -> None:
    assert [ability(MemoryObjects(), wanted) for wanted in (Files, Adopts, Syncs)] == [None] * 3
