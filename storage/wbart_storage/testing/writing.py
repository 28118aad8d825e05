"""The contract's chapter on create and put: exclusive, whole, and under a race."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from wbart_storage.errors import ObjectExists, StorageError
from wbart_storage.objects import ObjectStore
from wbart_storage.testing.chapter import DATA, Chapter


def race(
    store: ObjectStore, key: str, attempts: Sequence[bytes], start: Callable[[], object]
) -> list[bytes]:
    """Create key from one thread per attempt, let go together; the attempts that returned."""

    def attempt(data: bytes) -> bytes | None:
        start()
        try:
            store.create(key, data)
        except ObjectExists:
            return None
        return data

    with ThreadPoolExecutor(len(attempts)) as pool:
        return [won for won in pool.map(attempt, attempts) if won is not None]


def _race_in_child(
    opened: Callable[[], ObjectStore], keys: Sequence[str], attempts: Sequence[bytes]
) -> list[list[bytes]]:
    """What of each race came back in this process. Module level, so that it can be pickled."""
    store = opened()
    return [race(store, key, attempts, lambda: None) for key in keys]


class Creating(Chapter):
    """Creates are exclusive, whoever races."""

    def test_create_then_get_returns_the_same_bytes(self, store: ObjectStore) -> None:
        store.create("c/a/log/0.json", DATA)

        assert store.get("c/a/log/0.json") == DATA

    def test_second_create_is_refused_and_changes_nothing(self, store: ObjectStore) -> None:
        store.create("a/b", DATA)

        with pytest.raises(ObjectExists) as caught:
            store.create("a/b", b"other" + DATA)

        assert caught.value.key == "a/b"
        assert store.get("a/b") == DATA

    def test_create_with_the_same_bytes_is_refused_too(self, store: ObjectStore) -> None:
        store.create("a/b", DATA)

        with pytest.raises(ObjectExists):
            store.create("a/b", DATA)

    def test_create_after_put_is_refused(self, store: ObjectStore) -> None:
        store.put("a/b", DATA)

        with pytest.raises(ObjectExists):
            store.create("a/b", b"other")

        assert store.get("a/b") == DATA

    def test_empty_create_does_not_overwrite(self, store: ObjectStore) -> None:
        store.create("a/b", DATA)

        with pytest.raises(ObjectExists):
            store.create("a/b", b"")

        assert store.get("a/b") == DATA

    def test_an_empty_object_exists(self, store: ObjectStore) -> None:
        store.create("a/empty", b"")

        assert store.get("a/empty") == b""
        assert store.stat("a/empty").size == 0
        with pytest.raises(ObjectExists):
            store.create("a/empty", DATA)

    def test_create_after_delete_succeeds(self, store: ObjectStore) -> None:
        store.create("a/b", b"old")
        store.delete(["a/b"])

        store.create("a/b", DATA)

        assert store.get("a/b") == DATA

    def test_of_racing_threads_exactly_one_creates(self, store: ObjectStore) -> None:
        attempts = [bytes([number]) * 5000 for number in range(8)]
        for key in (f"race/{number}" for number in range(20)):
            barrier = threading.Barrier(len(attempts))

            winners = race(store, key, attempts, barrier.wait)

            assert winners == [store.get(key)]

    def test_of_racing_processes_exactly_one_creates(
        self, store: ObjectStore, reopen: Callable[[], ObjectStore] | None
    ) -> None:
        if reopen is None:
            pytest.skip("the store cannot be opened by another process")
        keys = [f"race/{number}" for number in range(40)]
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(4, mp_context=spawn) as pool:
            children = [
                pool.submit(
                    _race_in_child, reopen, keys, [bytes([child, n]) * 2500 for n in (0, 1)]
                )
                for child in range(4)
            ]
            wins = [child.result() for child in children]

        for number, key in enumerate(keys):
            assert [won for child in wins for won in child[number]] == [store.get(key)]


class Putting(Chapter):
    """Puts are whole, whatever was there."""

    def test_put_then_get_returns_the_same_bytes(self, store: ObjectStore) -> None:
        store.put("o/aa/blob", DATA)

        assert store.get("o/aa/blob") == DATA

    def test_put_overwrites_wholly(self, store: ObjectStore) -> None:
        store.put("hints/HEAD", DATA)

        store.put("hints/HEAD", b"short")

        assert store.get("hints/HEAD") == b"short"
        assert store.stat("hints/HEAD").size == 5

    def test_put_takes_a_file_and_leaves_it(self, store: ObjectStore, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(DATA * 300)

        store.put("o/aa/blob", source)

        assert store.get("o/aa/blob") == DATA * 300
        assert source.read_bytes() == DATA * 300

    def test_put_takes_an_empty_file(self, store: ObjectStore, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        store.put("o/aa/blob", DATA)

        store.put("o/aa/blob", tmp_path / "empty")

        assert store.get("o/aa/blob") == b""

    def test_put_of_a_missing_file_leaves_nothing(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put("o/there", DATA)

        with pytest.raises(StorageError):
            store.put("o/aa/blob", tmp_path / "missing")

        assert [stat.key for stat in store.list("")] == ["o/there"]

    def test_readers_see_a_put_wholly_or_not_at_all(
        self, store: ObjectStore, tmp_path: Path
    ) -> None:
        versions = [bytes([number]) * (200_000 + number) for number in range(4)]
        sources: list[bytes | Path] = [*versions[:2], tmp_path / "2", tmp_path / "3"]
        for number in (2, 3):
            (tmp_path / str(number)).write_bytes(versions[number])
        store.put("hints/HEAD", versions[0])
        done = threading.Event()

        def torn() -> list[int]:
            seen: list[int] = []
            while not done.is_set():
                data = store.get("hints/HEAD")
                if data not in versions:
                    seen.append(len(data))
            return seen

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(torn) for _ in range(2)]
            try:
                for number in range(60):
                    store.put("hints/HEAD", sources[number % len(sources)])
            finally:
                done.set()

            assert [reader.result() for reader in readers] == [[], []]
