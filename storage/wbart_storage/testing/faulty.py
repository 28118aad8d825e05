"""A store that fails on purpose, at a call that is chosen: to see what is left behind."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

from wbart_storage.errors import StoreFull, StoreUnavailable
from wbart_storage.objects import Adopts, ObjectStat, ObjectStore, Syncs, ability

_Result = TypeVar("_Result")
_Ability = TypeVar("_Ability")


class Fault(Enum):
    """What goes wrong with a call."""

    BEFORE = "nothing happened"
    AFTER = "it landed, and the answer was lost"
    FULL = "no room: nothing happened (writes only)"


class Faulty:
    """Passes every call to inner, but lets the one numbered `at` (from 0) go wrong.

    Calls count from all threads together, those of abilities too; a listing counts when its
    first object is asked for.
    """

    def __init__(self, inner: ObjectStore, at: int, fault: Fault = Fault.BEFORE) -> None:
        self.inner = inner
        self.harmed = False
        """Whether the fault has happened."""
        self._at = at
        self._fault = fault
        self._calls = itertools.count()
        self._lock = threading.Lock()

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        found = ability(self.inner, wanted)
        if found is None or wanted not in (Adopts, Syncs):
            return found
        return cast(_Ability, _FaultyAbility(self, found))

    def create(self, key: str, data: bytes) -> None:
        self.strike(f"create {key}", lambda: self.inner.create(key, data), writes=True)

    def put(self, key: str, source: bytes | Path) -> None:
        self.strike(f"put {key}", lambda: self.inner.put(key, source), writes=True)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self.strike(f"get {key}", lambda: self.inner.get(key, start, end))

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        listed = self.strike(f"list {prefix}", lambda: [*self.inner.list(prefix, delimiter)])
        yield from listed

    def delete(self, keys: Iterable[str]) -> None:
        self.strike("delete", lambda: self.inner.delete(keys))

    def stat(self, key: str) -> ObjectStat:
        return self.strike(f"stat {key}", lambda: self.inner.stat(key))

    def strike(self, what: str, call: Callable[[], _Result], writes: bool = False) -> _Result:
        """Do the call, as the next one in number; or let it go wrong, if its turn has come."""
        with self._lock:
            # A disk that is full harms no reads: then the next write has the turn.
            is_due = not self.harmed and (self._fault is not Fault.FULL or writes)
            is_due = is_due and next(self._calls) == self._at
            self.harmed = self.harmed or is_due
        if not is_due:
            return call()
        if self._fault is Fault.FULL:
            raise StoreFull(f"planted at {what}: no room")
        if self._fault is Fault.AFTER:
            call()
        raise StoreUnavailable(f"planted at {what}: {self._fault.value}")


class _FaultyAbility:
    """Lends an ability of the inner store, with the faults of the store that holds it."""

    def __init__(self, faulty: Faulty, inner: object) -> None:
        self._faulty = faulty
        self._inner: Any = inner

    def staging(self) -> Path:
        return cast(Path, self._inner.staging())

    def adopt(self, key: str, staged: Path) -> None:
        self._faulty.strike(f"adopt {key}", lambda: self._inner.adopt(key, staged), writes=True)

    def sync(self, keys: Iterable[str]) -> None:
        all_keys = tuple(keys)
        self._faulty.strike("sync", lambda: self._inner.sync(all_keys), writes=True)


def faults(
    make: Callable[[], ObjectStore], kinds: Iterable[Fault] = tuple(Fault)
) -> Iterator[Faulty]:
    """For each kind a Faulty over make() that fails at call 0, then one at call 1, and so on.

    Each kind ends with one that came through unharmed, as `harmed` tells after its use.
    """
    for kind in kinds:
        for at in itertools.count():
            faulty = Faulty(make(), at, kind)
            yield faulty
            if not faulty.harmed:
                break
