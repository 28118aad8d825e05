"""Retry keeps the contract, survives every single fault, and never takes itself for a rival."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wbart_storage.around.retry import Retry, full_jitter
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.errors import (
    AccessDenied,
    ObjectExists,
    ObjectMissing,
    OutcomeUnknown,
    StorageError,
    StoreFull,
    StoreUnavailable,
)
from wbart_storage.objects import Adopts, Files, ObjectStat, ObjectStore, Syncs, ability
from wbart_storage.testing import DATA, Fault, Faulty, StoreContract, faults


class TestRetry(StoreContract):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return Retry(MemoryObjects())


class TestRetryOverLocal(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        (tmp_path / "store").mkdir()
        return Retry(LocalObjects(tmp_path / "store", durable=False))


class Stubborn:
    """Fails the first calls of one kind with the errors given, then passes them on."""

    def __init__(self, call: str, *errors: StorageError, lands: bool = False) -> None:
        self.inner = MemoryObjects()
        self.calls: list[str] = []
        self._call = call
        self._errors = list(errors)
        self._lands = lands

    def _do(self, call: str, do: Callable[[], object]) -> None:
        self.calls.append(call)
        if call == self._call and self._errors:
            if self._lands:
                do()
            raise self._errors.pop(0)

    def create(self, key: str, data: bytes) -> None:
        self._do("create", lambda: self.inner.create(key, data))
        self.inner.create(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        self._do("put", lambda: self.inner.put(key, source))
        self.inner.put(key, source)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._do("get", lambda: None)
        return self.inner.get(key, start, end)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        for number, stat in enumerate(self.inner.list(prefix, delimiter)):
            if number == 2:
                self._do("list", lambda: None)
            yield stat

    def delete(self, keys: Iterator[str]) -> None:
        self.inner.delete(keys)

    def stat(self, key: str) -> ObjectStat:
        return self.inner.stat(key)


def gone() -> StoreUnavailable:
    return StoreUnavailable("planted")


def retrying(inner: object, waits: list[float] | None = None) -> Retry:
    waits = [] if waits is None else waits
    return Retry(inner, lambda: itertools.repeat(0.1, 3), waits.append)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER])
def test_any_one_fault_is_survived(fault: Fault) -> None:
    waits: list[float] = []
    struck = 0
    for faulty in faults(MemoryObjects, [fault]):
        store = retrying(faulty, waits)
        store.create("c/0", DATA)
        store.put("o/x", DATA)
        assert store.get("c/0") == store.get("o/x") == DATA
        assert store.stat("o/x").size == len(DATA)
        assert [stat.key for stat in store.list("")] == ["c/0", "o/x"]
        store.delete(["o/x"])
        struck += faulty.harmed
    assert struck == 7
    assert waits == [0.1] * 7


def test_a_create_whose_answer_was_lost_has_won() -> None:
    inner = MemoryObjects()
    retrying(Faulty(inner, 0, Fault.AFTER)).create("c/0", DATA)

    assert inner.get("c/0") == DATA


def test_a_create_that_really_lost_says_so_after_a_fault() -> None:
    inner = MemoryObjects()
    inner.create("c/0", b"another's")
    for fault in (Fault.BEFORE,):
        with pytest.raises(ObjectExists):
            retrying(Faulty(inner, 0, fault)).create("c/0", DATA)

    assert inner.get("c/0") == b"another's"


def test_a_create_that_lands_late_is_still_ours() -> None:
    """The first attempt lands between our reading back and our second attempt."""

    class Late(Stubborn):
        def create(self, key: str, data: bytes) -> None:
            if "create" in self.calls:
                self.inner.create(key, data)
            super().create(key, data)

    late = Late("create", gone())
    retrying(late).create("c/0", DATA)

    assert late.inner.get("c/0") == DATA
    assert late.calls.count("create") == 2


def test_same_bytes_of_another_are_a_conflict_when_nothing_went_wrong() -> None:
    inner = MemoryObjects()
    inner.create("c/0", DATA)

    with pytest.raises(ObjectExists):
        retrying(inner).create("c/0", DATA)


def test_an_outcome_that_cannot_be_read_back_is_unknown() -> None:
    class Down(Stubborn):
        def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
            raise gone()

    with pytest.raises(OutcomeUnknown, match="c/0"):
        retrying(Down("create", gone())).create("c/0", DATA)


def test_a_create_given_up_is_unavailable_when_nothing_is_there() -> None:
    with pytest.raises(StoreUnavailable):
        retrying(Stubborn("create", *(gone() for _ in range(9)))).create("c/0", DATA)


def test_a_create_given_up_has_won_when_it_is_there() -> None:
    inner = Stubborn("create", gone(), lands=True)
    Retry(inner, lambda: iter(()), lambda _: None).create("c/0", DATA)  # type: ignore[arg-type]

    assert inner.inner.get("c/0") == DATA


@pytest.mark.parametrize("error", [AccessDenied("no"), StoreFull("full"), StorageError("odd")])
def test_only_transient_errors_are_repeated(error: StorageError) -> None:
    waits: list[float] = []
    with pytest.raises(type(error)):
        retrying(Stubborn("put", error), waits).put("a", b"")

    assert waits == []


def test_pauses_that_end_end_the_patience() -> None:
    waits: list[float] = []
    inner = Stubborn("put", *(gone() for _ in range(9)))
    with pytest.raises(StoreUnavailable):
        retrying(inner, waits).put("a", b"")

    assert waits == [0.1] * 3
    assert inner.calls == ["put"] * 4


def test_the_budget_counts_the_time_that_calls_take() -> None:
    clock = FixedClock()
    waits: list[float] = []

    class Slow(MemoryObjects):
        def put(self, key: str, source: bytes | Path) -> None:
            clock.advance(25.0)
            raise gone()

    store = Retry(Slow(), lambda: itertools.repeat(1.0), waits.append, clock, budget=60.0)
    assert list(store.list("")) == []
    with pytest.raises(StoreUnavailable):
        store.put("a", b"")

    assert waits == [1.0, 1.0]


@pytest.mark.parametrize(
    ("key", "answered", "budget"),
    [
        ("o/a", True, 60),
        ("o/a", False, 10),
        ("c/a", True, 15),
        ("c/a", False, 10),
        ("hints/a", True, 5),
    ],
)
def test_patience_hangs_on_the_key_and_on_a_first_answer(
    key: str, answered: bool, budget: float
) -> None:
    clock = FixedClock()

    class Down(MemoryObjects):
        def put(self, key: str, source: bytes | Path) -> None:
            raise gone()

    store = Retry(Down(), lambda: itertools.repeat(1.0), clock.advance, clock)
    began = clock.monotonic()
    if answered:
        with pytest.raises(ObjectMissing):
            store.get("o/none")
    with pytest.raises(StoreUnavailable):
        store.put(f"{key}/a", b"")

    assert clock.monotonic() - began == budget


def test_a_pause_is_as_long_as_the_store_asks_for_within_reason() -> None:
    waits: list[float] = []
    errors = [gone(), gone(), gone()]
    errors[0].retry_after, errors[1].retry_after = 7.0, 3600.0
    inner = Stubborn("put", *errors)
    store = Retry(inner, lambda: itertools.repeat(0.1), waits.append)  # type: ignore[arg-type]
    list(store.list(""))

    store.put("a", b"")

    assert waits == [7.0, 30.0, 0.1]


def test_a_broken_listing_goes_on_where_it_broke() -> None:
    inner = Stubborn("list", gone(), gone())
    keys = [f"l/{number}" for number in range(6)]
    for key in keys:
        inner.inner.put(key, b"x")

    assert [stat.key for stat in retrying(inner).list("l/")] == keys
    assert inner.calls == ["list"] * 3


def test_pauses_are_drawn_below_a_doubling_bound() -> None:
    draws = [list(itertools.islice(full_jitter(1.0, 8.0), 6)) for _ in range(200)]
    bounds = [1, 2, 4, 8, 8, 8]

    for position, bound in enumerate(bounds):
        column = [draw[position] for draw in draws]
        assert all(0 <= pause <= bound for pause in column)
        assert max(column) > bound / 2


def test_abilities_are_those_of_the_inner_store(tmp_path: Path) -> None:
    local = LocalObjects(tmp_path)
    store = Retry(Retry(local))

    assert [ability(store, wanted) for wanted in (Files, Adopts, Syncs)] == [local] * 3
    assert ability(Retry(MemoryObjects()), Files) is None
