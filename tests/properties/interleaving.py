"""Actors that take turns at every call to a store, and a store that has bad days."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from wbart_storage.errors import ObjectExists, OutcomeUnknown, StorageError, StoreUnavailable
from wbart_storage.objects import ObjectStat, ObjectStore

Act = Callable[[], None]


class Turns:
    """Runs actors in threads, but only one at a time; chance says who is next at each step."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._idle = threading.Semaphore(0)
        self._mine = threading.local()

    def step(self) -> None:
        """Let chance decide who goes on. Called by an actor; anybody else just goes on."""
        go: threading.Semaphore | None = getattr(self._mine, "go", None)
        if go is not None:
            self._idle.release()
            go.acquire()

    def run(self, actors: Iterable[Act]) -> None:
        """Run all to their ends; raise what the first of them raised."""
        errors: list[BaseException] = []
        waiting: dict[threading.Semaphore, threading.Thread] = {}
        for act in actors:
            go = threading.Semaphore(0)
            waiting[go] = threading.Thread(target=self._play, args=(act, go, errors))
            waiting[go].start()
        while waiting:
            go = self._chance.choice(list(waiting))
            go.release()
            self._idle.acquire()
            if getattr(waiting[go], "over", False):
                waiting.pop(go).join()
        if errors:
            raise errors[0]

    def _play(self, act: Act, go: threading.Semaphore, errors: list[BaseException]) -> None:
        self._mine.go = go
        go.acquire()
        try:
            act()
        except BaseException as error:
            errors.append(error)
        threading.current_thread().over = True  # type: ignore[attr-defined]
        self._idle.release()


class BadDays:
    """A store whose answers get lost, come twice, or are old; what it does stays atomic.

    Its troubles: `before` (refused, nothing done), `lost` (done, but said to have failed),
    `again` (a library repeats a create that landed, and loses against itself), `late` (said to
    have failed, done later), `twice` (done, and done again later), `stale` (an old listing).
    """

    def __init__(self, inner: ObjectStore, turns: Turns, chance: random.Random, rate: float):
        self.inner = inner
        self.rate = rate
        self._turns = turns
        self._chance = chance
        self._later: list[Act] = []
        self._past: list[list[ObjectStat]] = [[]]

    def settle(self) -> None:
        """End the bad days: all that is under way arrives now."""
        self.rate = 0.0
        while self._later:
            self._later.pop()()

    def create(self, key: str, data: bytes) -> None:
        self._begin()
        trouble = self._trouble("before", "lost", "again", "late", "twice")
        if trouble == "before":
            raise StoreUnavailable(f"{key}: no answer")
        if trouble == "late":
            self._later.append(lambda: self._quietly(key, data))
            raise StoreUnavailable(f"{key}: no answer yet")
        self.inner.create(key, data)
        self._note()
        if trouble == "again":
            raise ObjectExists(key)
        if trouble == "lost":
            raise self._chance.choice([StoreUnavailable, OutcomeUnknown])(f"{key}: answer lost")
        if trouble == "twice":
            self._later.append(lambda: self._quietly(key, data))

    def put(self, key: str, source: bytes | Path) -> None:
        self._begin()
        if self._trouble("before", "lost") == "before":
            raise StoreUnavailable(f"{key}: no answer")
        if isinstance(source, bytes) and self._trouble("torn") == "torn":
            source = source[: len(source) // 2]
        self.inner.put(key, source)
        self._note()

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._begin()
        if self._trouble("before") == "before":
            raise StoreUnavailable(f"{key}: no answer")
        return self.inner.get(key, start, end)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        self._begin()
        trouble = self._trouble("before", "stale")
        if trouble == "before":
            raise StoreUnavailable(f"{prefix}: no answer")
        if trouble == "stale":
            then = self._chance.choice(self._past[-30:])
            return iter([stat for stat in then if stat.key.startswith(prefix)])
        return iter(list(self.inner.list(prefix, delimiter)))

    def delete(self, keys: Iterable[str]) -> None:
        self._begin()
        trouble = self._trouble("before", "lost", "half")
        if trouble == "before":
            raise StoreUnavailable("delete: no answer")
        wanted = list(keys)
        self.inner.delete(wanted[: len(wanted) // 2] if trouble == "half" else wanted)
        self._note()
        if trouble:
            raise StoreUnavailable("delete: answer lost")

    def stat(self, key: str) -> ObjectStat:
        self._begin()
        return self.inner.stat(key)

    def _begin(self) -> None:
        self._turns.step()
        if self._later and self._chance.random() < 0.2:
            self._later.pop(self._chance.randrange(len(self._later)))()

    def _trouble(self, *kinds: str) -> str:
        return self._chance.choice(kinds) if self._chance.random() < self.rate else ""

    def _quietly(self, key: str, data: bytes) -> None:
        try:
            self.inner.create(key, data)
        except StorageError:
            return
        self._note()

    def _note(self) -> None:
        self._past.append(list(self.inner.list("")))
