"""A store that refuses to change the store it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Never, TypeVar

from wbart_storage.errors import AccessDenied, StoreUnsupported
from wbart_storage.objects import Files, Located, ObjectStat, ObjectStore, ability

_Ability = TypeVar("_Ability")


class ReadOnly:
    """Passes reads to inner; every write raises AccessDenied, before inner hears of it.

    With unsupported it raises StoreUnsupported of that text instead.
    """

    def __init__(self, inner: ObjectStore, unsupported: str = "") -> None:
        self.inner = inner
        self._unsupported = unsupported

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        # The other abilities change things.
        return ability(self.inner, wanted) if wanted in (Files, Located) else None

    def create(self, key: str, data: bytes) -> None:
        self._refuse(key)

    def put(self, key: str, source: bytes | Path) -> None:
        self._refuse(key)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self.inner.get(key, start, end)

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return self.inner.list(prefix, delimiter)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._refuse(key)

    def stat(self, key: str) -> ObjectStat:
        return self.inner.stat(key)

    def _refuse(self, key: str) -> Never:
        if self._unsupported:
            raise StoreUnsupported(self._unsupported)
        raise AccessDenied(f"{key} may not be changed: the store is open read-only")
