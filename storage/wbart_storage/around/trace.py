"""A store that tells of every call to the store it holds: for figures, logs and tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from wbart_storage.around.parts import PartsThrough
from wbart_storage.clock import Clock, SystemClock
from wbart_storage.objects import ObjectStat, ObjectStore, Part, Parts, ability

_Ability = TypeVar("_Ability")


@dataclass(frozen=True, slots=True)
class Call:
    """One finished call. A listing is finished when it is exhausted or dropped."""

    name: str
    key: str
    """The key or prefix; of a delete, the first one."""
    size: int
    """Bytes carried; for a listing or a delete the number of objects."""
    seconds: float
    error: type[BaseException] | None


class _Sizes:
    def __init__(self) -> None:
        self.size = 0


class Trace:
    """Passes every call to inner and hands a Call to on_call after each, from the same thread.

    Of the abilities only Parts makes requests, and so is traced; the others are lent as they are.
    """

    def __init__(
        self, inner: ObjectStore, on_call: Callable[[Call], None], clock: Clock | None = None
    ) -> None:
        self.inner = inner
        self._on_call = on_call
        self._clock = clock or SystemClock()

    def lend(self, wanted: Callable[..., _Ability]) -> _Ability | None:
        if wanted is Parts and (parts := ability(self.inner, Parts)) is not None:
            return cast(_Ability, PartsThrough(parts, self._parted))
        return ability(self.inner, wanted)

    def create(self, key: str, data: bytes) -> None:
        with self._told("create", key) as told:
            told.size = len(data)
            self.inner.create(key, data)

    def put(self, key: str, source: bytes | Path) -> None:
        with self._told("put", key) as told:
            self.inner.put(key, source)
            told.size = source.stat().st_size if isinstance(source, Path) else len(source)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        with self._told("get", key) as told:
            data = self.inner.get(key, start, end)
            told.size = len(data)
            return data

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        with self._told("list", prefix) as told:
            for stat in self.inner.list(prefix, delimiter):
                told.size += 1
                yield stat

    def delete(self, keys: Iterable[str]) -> None:
        all_keys = tuple(keys)
        with self._told("delete", all_keys[0] if all_keys else "") as told:
            told.size = len(all_keys)
            self.inner.delete(all_keys)

    def stat(self, key: str) -> ObjectStat:
        with self._told("stat", key):
            return self.inner.stat(key)

    def _parted(self, name: str, key: str, call: Callable[[], Any]) -> Any:
        with self._told(name, key) as told:
            done = call()
            told.size = done.size if isinstance(done, Part) else 0
            return done

    @contextmanager
    def _told(self, name: str, key: str) -> Iterator[_Sizes]:
        started = self._clock.monotonic()
        sizes = _Sizes()
        error: type[BaseException] | None = None
        try:
            yield sizes
        except GeneratorExit:  # a listing that nobody wanted to the end
            raise
        except BaseException as raised:
            error = type(raised)
            raise
        finally:
            seconds = self._clock.monotonic() - started
            self._on_call(Call(name, key, sizes.size, seconds, error))
