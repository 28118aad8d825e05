"""Trace keeps the contract and tells of every call, how it ended and what it carried."""

from __future__ import annotations

from pathlib import Path

import pytest

from wbart_storage.around.trace import Call, Trace
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import ObjectMissing
from wbart_storage.objects import Files, ObjectStore, ability
from wbart_storage.testing import StoreContract


class TestTrace(StoreContract):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return Trace(MemoryObjects(), lambda call: None)


def test_every_call_is_told_once_with_its_size(tmp_path: Path) -> None:
    calls: list[Call] = []
    store = Trace(MemoryObjects(), calls.append)
    (tmp_path / "file").write_bytes(b"1234567")
    store.create("a/b", b"123")
    store.put("a/c", tmp_path / "file")
    store.put("a/d", b"12")
    store.get("a/c", 1, 5)
    list(store.list("a/"))
    store.stat("a/b")
    store.delete(iter(["a/b", "a/c"]))

    assert [(call.name, call.key, call.size) for call in calls] == [
        ("create", "a/b", 3),
        ("put", "a/c", 7),
        ("put", "a/d", 2),
        ("get", "a/c", 4),
        ("list", "a/", 3),
        ("stat", "a/b", 0),
        ("delete", "a/b", 2),
    ]
    assert {call.error for call in calls} == {None}


def test_a_call_that_failed_tells_of_what_and_how_long_it_took() -> None:
    clock = FixedClock()
    calls: list[Call] = []

    class Slow(MemoryObjects):
        def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
            clock.advance(2.5)
            return super().get(key, start, end)

    with pytest.raises(ObjectMissing):
        Trace(Slow(), calls.append, clock).get("a/b")

    assert calls == [Call("get", "a/b", 0, 2.5, ObjectMissing)]


def test_a_listing_that_is_dropped_is_no_failure() -> None:
    calls: list[Call] = []
    store = Trace(MemoryObjects(), calls.append)
    for key in ("l/0", "l/1", "l/2"):
        store.inner.put(key, b"x")
    listing = store.list("l/")
    next(listing)
    del listing

    assert [(call.name, call.size, call.error) for call in calls] == [("list", 1, None)]


def test_abilities_are_those_of_the_inner_store(tmp_path: Path) -> None:
    local = LocalObjects(tmp_path)

    assert ability(Trace(local, lambda call: None), Files) is local
