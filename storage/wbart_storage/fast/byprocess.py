"""A store that is another one in the children of forks than in the process that made it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from wbart_storage.objects import ObjectStat, ObjectStore, ability

_Ability = TypeVar("_Ability")


class ByProcess:
    """Passes every call to first; in the child of a fork to what other makes there, once."""

    def __init__(self, first: ObjectStore, other: Callable[[], ObjectStore]) -> None:
        self._found = [(os.getpid(), first)]
        self._other = other

    @property
    def inner(self) -> ObjectStore:
        """The store of this process."""
        process, store = self._found[-1]
        if process != os.getpid():
            # The parent's stays in the list: its end would shut down what only the parent has.
            store = self._other()
            self._found.append((os.getpid(), store))
        return store

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        return ability(self.inner, wanted)

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        self.inner.put(key, source)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self.inner.get(key, start, end)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return self.inner.list(prefix, delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        self.inner.delete(keys)

    def stat(self, key: str) -> ObjectStat:
        return self.inner.stat(key)
