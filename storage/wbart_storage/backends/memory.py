"""Objects in this process's memory: for tests, and as the model that other stores are held to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from wbart_storage.clock import Clock, SystemClock
from wbart_storage.disk import source_error
from wbart_storage.errors import ObjectExists, ObjectMissing
from wbart_storage.keys import check_key, check_prefix
from wbart_storage.objects import ObjectStat, check_range


class _Object(NamedTuple):
    data: bytes
    modified: float


class MemoryObjects:
    """An object store in a dict; gone with the process."""

    protocol = "memory"
    place = "memory"

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._objects: dict[str, _Object] = {}

    def create(self, key: str, data: bytes) -> None:
        made = _Object(bytes(data), self._clock.now())
        if self._objects.setdefault(check_key(key), made) is not made:
            raise ObjectExists(key)

    def put(self, key: str, source: bytes | Path) -> None:
        check_key(key)
        try:
            data = source.read_bytes() if isinstance(source, Path) else bytes(source)
        except OSError as error:
            raise source_error(error, str(source)) from error
        self._objects[key] = _Object(data, self._clock.now())

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        check_range(start, end)
        return self._object(key).data[start:end]

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix)
        return fold(self._sorted(prefix), prefix) if delimiter else self._sorted(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._objects.pop(check_key(key), None)

    def stat(self, key: str) -> ObjectStat:
        found = self._object(key)
        return ObjectStat(key, len(found.data), found.modified)

    def _object(self, key: str) -> _Object:
        try:
            return self._objects[check_key(key)]
        except KeyError:
            raise ObjectMissing(key) from None

    def _sorted(self, prefix: str) -> Iterator[ObjectStat]:
        found = self._objects.copy()  # one step: nobody can change it meanwhile
        for key in sorted(key for key in found if key.startswith(prefix)):
            yield ObjectStat(key, len(found[key].data), found[key].modified)


def fold(stats: Iterable[ObjectStat], prefix: str) -> Iterator[ObjectStat]:
    """A sorted listing with what lies behind a further `/` folded into common prefixes."""
    last = ""
    for stat in stats:
        head, slash, _ = stat.key[len(prefix) :].partition("/")
        if not slash:
            yield stat
        elif (common := f"{prefix}{head}/") != last:
            last = common
            yield ObjectStat(common, 0, 0.0)
