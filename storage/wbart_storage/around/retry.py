"""A store that tries again while the error of the store it holds is transient."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from wbart_storage.around.parts import PartsThrough
from wbart_storage.clock import Clock, SystemClock
from wbart_storage.errors import ObjectExists, ObjectMissing, OutcomeUnknown, StorageError
from wbart_storage.objects import ObjectStat, ObjectStore, Parts, ability

log = logging.getLogger(__name__)

_PATIENCE = {"c": 15.0, "hints": 5.0}
"""Seconds for one call, by the first component of a key."""
_AT_FIRST = 10.0
_LONGEST = 30.0
_Result = TypeVar("_Result")
_Ability = TypeVar("_Ability")


def full_jitter(first: float = 0.1, cap: float = 10.0) -> Iterator[float]:
    """Pauses in seconds, drawn evenly from 0 to a bound that doubles up to cap; endless."""
    bound = first
    while True:
        yield random.uniform(0.0, bound)
        bound = min(2 * bound, cap)


class Retry:
    """Passes every call to inner, and repeats it while its error is transient.

    Gives up with the last error when pauses end, or when the budget (seconds for one call, its
    pauses included) would be overdrawn. Less is spent on a journal, whose writer tries again by
    himself, on hints, and on a store that has not answered a single time yet: that one is
    rather misspelled than busy. A pause is never shorter than the store asks for.
    """

    def __init__(
        self,
        inner: ObjectStore,
        pauses: Callable[[], Iterator[float]] = full_jitter,
        wait: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
        budget: float = 60.0,
    ) -> None:
        self.inner = inner
        self._pauses = pauses
        self._wait = wait
        self._clock = clock or SystemClock()
        self._budget = budget
        self._answered = False

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        if wanted is Parts and (parts := ability(self.inner, Parts)) is not None:
            return cast(_Ability, PartsThrough(parts, self._repeat))
        return ability(self.inner, wanted)

    def create(self, key: str, data: bytes) -> None:
        """As the contract says; but after a transient error the object is read back.

        For the create may have landed though its answer was lost: a blind second try would lose
        against the first. The same bytes mean success, other bytes ObjectExists.
        Raises OutcomeUnknown when it cannot be read back either.
        """
        unsure = False

        def attempt() -> None:
            nonlocal unsure
            if unsure and self._landed(key, data):
                return
            try:
                self.inner.create(key, data)
            except ObjectExists:
                if not (unsure and self._landed(key, data)):
                    raise
            except StorageError as error:
                unsure = unsure or error.transient
                raise

        try:
            self._repeat("create", key, attempt)
        except StorageError as error:
            if not unsure or isinstance(error, ObjectExists):
                raise
            self._settle(key, data, error)

    def put(self, key: str, source: bytes | Path) -> None:
        self._repeat("put", key, lambda: self.inner.put(key, source))

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self._repeat("get", key, lambda: self.inner.get(key, start, end))

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        last = ""
        # Key order is what makes going on possible: what came already is passed over.
        stats: Iterator[ObjectStat] | None = None

        def following() -> ObjectStat | None:
            nonlocal stats
            if stats is None:
                stats = (s for s in self.inner.list(prefix, delimiter) if s.key > last)
            try:
                return next(stats, None)
            except StorageError:
                stats = None
                raise

        while (stat := self._repeat("list", prefix, following)) is not None:
            yield stat
            last = stat.key

    def delete(self, keys: Iterable[str]) -> None:
        all_keys = tuple(keys)
        named = all_keys[0] if all_keys else ""
        self._repeat("delete", named, lambda: self.inner.delete(all_keys))

    def stat(self, key: str) -> ObjectStat:
        return self._repeat("stat", key, lambda: self.inner.stat(key))

    def _landed(self, key: str, data: bytes) -> bool:
        """Whether the object is ours. ObjectExists if it is another's."""
        try:
            found = self.inner.get(key)
        except ObjectMissing:
            return False
        if found != data:
            raise ObjectExists(key)
        return True

    def _settle(self, key: str, data: bytes, cause: StorageError) -> None:
        """The last word on a create that was given up: read once more, else say what is open."""
        try:
            landed = self._landed(key, data)
        except ObjectExists:
            raise
        except StorageError as error:
            raise OutcomeUnknown(f"create of {key} may have landed: {cause}") from error
        if not landed:
            raise cause

    def _repeat(self, call: str, key: str, attempt: Callable[[], _Result]) -> _Result:
        pauses = self._pauses()
        began = self._clock.monotonic()
        while True:
            try:
                done = attempt()
            except StorageError as error:
                self._answered = self._answered or not error.transient
                pause = next(pauses, None) if error.transient else None
                if pause is None:
                    raise
                pause = max(pause, _asked_for(error))
                if self._clock.monotonic() + pause > began + self._patience(key):
                    raise
                log.info("%s %s failed, again in %.2f s: %s", call, key, pause, error)
                self._wait(pause)
            else:
                self._answered = True
                return done

    def _patience(self, key: str) -> float:
        folder = key.partition("/")[0]
        most = _PATIENCE.get(folder, self._budget)
        return min(self._budget, most if self._answered else min(most, _AT_FIRST))


def _asked_for(error: StorageError) -> float:
    """The seconds that the store wants to be left alone, as far as we grant them."""
    return min(getattr(error, "retry_after", None) or 0.0, _LONGEST)
