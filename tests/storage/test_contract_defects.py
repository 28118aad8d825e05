"""The contract is itself tested: for each planted defect some test of it goes red."""

from __future__ import annotations

import contextlib
import inspect
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import ObjectExists, ObjectMissing
from wbart_storage.objects import ObjectStat, ObjectStore
from wbart_storage.testing import StoreContract


class GetIgnoresEnd(MemoryObjects):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        super().get(key, start, end)
        return super().get(key, start)


class GetIgnoresStart(MemoryObjects):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        super().get(key, start, end)
        return super().get(key, 0, None if end is None else end - start)


class EndIsIncluded(MemoryObjects):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return super().get(key, start, None if end is None else end + 1)


class GetOfMissingIsEmpty(MemoryObjects):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        try:
            return super().get(key, start, end)
        except ObjectMissing:
            return b""


class RangesAreNotChecked(MemoryObjects):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return super().get(key)[start:end]


class CreateOverwrites(MemoryObjects):
    def create(self, key: str, data: bytes) -> None:
        self.put(key, data)


class EmptyCreateOverwrites(MemoryObjects):
    def create(self, key: str, data: bytes) -> None:
        if data:
            super().create(key, data)
        else:
            self.put(key, data)


class EmptyIsAbsent(MemoryObjects):
    def create(self, key: str, data: bytes) -> None:
        with contextlib.suppress(ObjectMissing):
            if not self.get(key):
                self.delete([key])
        super().create(key, data)


class SameBytesAreNoConflict(MemoryObjects):
    def create(self, key: str, data: bytes) -> None:
        try:
            super().create(key, data)
        except ObjectExists:
            if self.get(key) != data:
                raise


class CreateLooksThenWrites(MemoryObjects):
    """What fsspec's base class does: each of several racers may look before any writes."""

    def create(self, key: str, data: bytes) -> None:
        try:
            self.get(key)
        except ObjectMissing:
            threading.Event().wait(0.0005)  # the others look, too
            self.put(key, data)
        else:
            raise ObjectExists(key)


class TombstonesRefuseCreate(MemoryObjects):
    def __init__(self) -> None:
        super().__init__()
        self._dead: set[str] = set()

    def create(self, key: str, data: bytes) -> None:
        if key in self._dead:
            raise ObjectExists(key)
        super().create(key, data)

    def delete(self, keys: Iterable[str]) -> None:
        all_keys = list(keys)
        self._dead.update(all_keys)
        super().delete(all_keys)


class PutKeepsTheTail(MemoryObjects):
    def put(self, key: str, source: bytes | Path) -> None:
        old = b""
        with contextlib.suppress(ObjectMissing):
            old = self.get(key)
        super().put(key, source)
        super().put(key, self.get(key) + old[len(self.get(key)) :])


class PutIsNotWhole(MemoryObjects):
    def put(self, key: str, source: bytes | Path) -> None:
        if isinstance(source, bytes) and len(source) > 100_000:
            super().put(key, source[: len(source) // 2])
            threading.Event().wait(0.001)
        super().put(key, source)


class PutMovesTheFile(MemoryObjects):
    def put(self, key: str, source: bytes | Path) -> None:
        super().put(key, source)
        if isinstance(source, Path):
            source.unlink()


class PutOfMissingFileIsEmpty(MemoryObjects):
    def put(self, key: str, source: bytes | Path) -> None:
        super().put(key, b"")
        super().put(key, source)


class Truncates(MemoryObjects):
    def put(self, key: str, source: bytes | Path) -> None:
        super().put(key, source if isinstance(source, Path) else source[:4096])


class ConvertsLineEnds(MemoryObjects):
    def create(self, key: str, data: bytes) -> None:
        super().create(key, data.replace(b"\r\n", b"\n"))


class CutsLargeFiles(MemoryObjects):
    def put(self, key: str, source: bytes | Path) -> None:
        super().put(key, source.read_bytes()[: 1 << 20] if isinstance(source, Path) else source)


class StatTellsWrongSize(MemoryObjects):
    def stat(self, key: str) -> ObjectStat:
        found = super().stat(key)
        return ObjectStat(found.key, found.size + 1, found.modified)


class StatTellsMilliseconds(MemoryObjects):
    def stat(self, key: str) -> ObjectStat:
        found = super().stat(key)
        return ObjectStat(found.key, found.size, found.modified * 1000)


class StatOfMissingIsEmpty(MemoryObjects):
    def stat(self, key: str) -> ObjectStat:
        try:
            return super().stat(key)
        except ObjectMissing:
            return ObjectStat(key, 0, 0.0)


class ListMissesNested(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        for stat in super().list(prefix, delimiter):
            if delimiter or stat.key[len(prefix) :].count("/") < 2:
                yield stat


class ListIsUnsorted(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return reversed([*super().list(prefix, delimiter)])


class ListSortsByFolder(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return iter(sorted(super().list(prefix, delimiter), key=lambda stat: stat.key.split("/")))


class ListTakesPrefixForFolder(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        folder = prefix.rpartition("/")[0]
        return super().list(f"{folder}/" if folder else "", delimiter)


class ListIgnoresDelimiter(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return super().list(prefix)


class ListEndsAtAPage(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        for number, stat in enumerate(super().list(prefix, delimiter)):
            if number < 100:
                yield stat


class ListIsCached(MemoryObjects):
    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], list[ObjectStat]] = {}

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        if (prefix, delimiter) not in self._seen:
            self._seen[prefix, delimiter] = [*super().list(prefix, delimiter)]
        return iter(self._seen[prefix, delimiter])


class ListTellsNoSizes(MemoryObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        for stat in super().list(prefix, delimiter):
            yield ObjectStat(stat.key, 0, stat.modified)


class DeleteRaisesOnMissing(MemoryObjects):
    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.get(key)
            super().delete([key])


class DeleteTakesOnlyTheFirst(MemoryObjects):
    def delete(self, keys: Iterable[str]) -> None:
        super().delete([*keys][:1])


class DeleteTakesThePrefix(MemoryObjects):
    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            super().delete([stat.key for stat in self.list(key)])


class DeleteTakesOnlyLists(MemoryObjects):
    def delete(self, keys: Iterable[str]) -> None:
        super().delete(keys if isinstance(keys, list) else [])


class KeysAreNotChecked(LocalObjects):
    """In place of a check: whatever the operating system makes of it."""

    def _file(self, key: str) -> str:
        return f"{self.place}/{key}"


class KeysLoseCase(MemoryObjects):
    def create(self, key: str, data: bytes) -> None:
        super().create(key.lower(), data)


class AdoptCopies(LocalObjects):
    def adopt(self, key: str, staged: Path) -> None:
        self.put(key, staged)


class AdoptRefusesWhatIsThere(LocalObjects):
    def adopt(self, key: str, staged: Path) -> None:
        if self.path(key).exists():
            raise ObjectExists(key)
        super().adopt(key, staged)


class StagesInTheOpen(LocalObjects):
    def staging(self) -> Path:
        folder = Path(self.place, "stage")
        folder.mkdir(exist_ok=True)
        return folder


class EmptyFoldersAreListed(LocalObjects):
    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        yield from super().list(prefix, delimiter)
        if delimiter:
            folder = Path(self.place, prefix)
            listed = {stat.key for stat in super().list(prefix, delimiter)}
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.is_dir() and f"{prefix}{path.name}/" not in listed:
                    yield ObjectStat(f"{prefix}{path.name}/", 0, 0.0)


IN_MEMORY = [
    kind
    for kind in list(vars().values())
    if inspect.isclass(kind) and issubclass(kind, MemoryObjects) and kind is not MemoryObjects
]
ON_DISK = [
    kind
    for kind in list(vars().values())
    if inspect.isclass(kind) and issubclass(kind, LocalObjects) and kind is not LocalObjects
]


def red_tests(make: Callable[[], ObjectStore], tmp_path: Path) -> list[str]:
    """Which tests of the contract fail; each gets a store and a folder of its own."""
    return [
        name
        for name in dir(StoreContract)
        if name.startswith("test_") and not _all_pass(name, make, tmp_path / "work")
    ]


def _all_pass(name: str, make: Callable[[], ObjectStore], folder: Path) -> bool:
    test = getattr(StoreContract(), name)
    return all(_passes(test, arguments, make, folder) for arguments in _parameters(test))


def _parameters(test: object) -> list[dict[str, object]]:
    """The arguments that pytest would give the test by its parametrize mark."""
    for mark in getattr(test, "pytestmark", []):
        names, values = mark.args
        names = (names,) if isinstance(names, str) else names
        return [
            dict(zip(names, value if len(names) > 1 else (value,), strict=True)) for value in values
        ]
    return [{}]


def _passes(
    test: Callable[..., object],
    arguments: dict[str, object],
    make: Callable[[], ObjectStore],
    folder: Path,
) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    wanted = inspect.signature(test).parameters
    given = {"store": make(), "tmp_path": folder, "reopen": None, **arguments}
    try:
        if "filled" in wanted:
            fill = inspect.unwrap(StoreContract.filled)
            given["filled"] = fill(StoreContract(), make())
        test(**{name: given[name] for name in wanted})
    except pytest.skip.Exception:
        return True
    except (Exception, pytest.fail.Exception):
        return False
    return True


@pytest.mark.parametrize("kind", IN_MEMORY, ids=lambda kind: str(kind.__name__))
def test_a_defect_in_memory_turns_the_contract_red(
    kind: type[MemoryObjects], tmp_path: Path
) -> None:
    assert red_tests(kind, tmp_path) != []


@pytest.mark.parametrize("kind", ON_DISK, ids=lambda kind: str(kind.__name__))
def test_a_defect_on_disk_turns_the_contract_red(kind: type[LocalObjects], tmp_path: Path) -> None:
    assert red_tests(on_disk(kind, tmp_path), tmp_path) != []


@pytest.mark.parametrize("kind", [MemoryObjects, LocalObjects])
def test_without_a_defect_the_contract_is_green(kind: type[ObjectStore], tmp_path: Path) -> None:
    make = MemoryObjects if kind is MemoryObjects else on_disk(LocalObjects, tmp_path)

    assert red_tests(make, tmp_path) == []


def on_disk(kind: type[LocalObjects], tmp_path: Path) -> Callable[[], LocalObjects]:
    def make() -> LocalObjects:
        root = tmp_path / "deep" / "below" / "store"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        return kind(root, durable=False)

    return make


def test_there_are_many_defects() -> None:
    assert len(IN_MEMORY) > 30
    assert len(ON_DISK) > 4
