"""The contract's chapter on get, stat, list and delete, and on keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from wbart_storage.errors import KeyInvalid, ObjectMissing
from wbart_storage.objects import ObjectStore
from wbart_storage.testing.chapter import DATA, Chapter

_BAD_KEYS = (
    "", "/", "/abs", "a//b", "a/", "../a", "a/../b", ".", "a/.", ".hidden", "a/.tmp-1", "a b",
    "a\\b", "a\0b", "a\nb", "ä", "a:b", "a?b", "a#b", "a" * 256,
)  # fmt: skip


class Reading(Chapter):
    """Reads return exactly what was asked for."""

    def test_get_of_a_missing_object_says_which(self, store: ObjectStore) -> None:
        store.put("a/b", DATA)

        with pytest.raises(ObjectMissing) as caught:
            store.get("a/c")

        assert caught.value.key == "a/c"

    def test_a_prefix_is_no_object(self, store: ObjectStore) -> None:
        store.put("a/b/c", DATA)

        with pytest.raises(ObjectMissing):
            store.get("a/b")
        with pytest.raises(ObjectMissing):
            store.stat("a/b")

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (0, None), (0, 1), (1, None), (7, 1000), (5000, 5001), (len(DATA) - 1, None),
            (0, len(DATA)), (10, len(DATA) + 1), (3, 10**12), (0, 0), (9, 9),
            (len(DATA), None), (len(DATA), len(DATA) + 9), (len(DATA) + 5, len(DATA) + 9),
        ],
    )  # fmt: skip
    def test_get_returns_exactly_the_range(
        self, store: ObjectStore, start: int, end: int | None
    ) -> None:
        store.put("a/b", DATA)

        assert store.get("a/b", start, end) == DATA[start:end]

    @pytest.mark.parametrize(("start", "end"), [(0, None), (5, None), (5, 9), (7, 7)])
    def test_a_range_of_a_missing_object_is_missing(
        self, store: ObjectStore, start: int, end: int | None
    ) -> None:
        store.put("a/other", DATA)

        with pytest.raises(ObjectMissing):
            store.get("a/b", start, end)

    @pytest.mark.parametrize(("start", "end"), [(-1, None), (5, 4), (0, -1)])
    def test_a_senseless_range_is_refused(
        self, store: ObjectStore, start: int, end: int | None
    ) -> None:
        store.put("a/b", DATA)

        with pytest.raises(ValueError, match="range"):
            store.get("a/b", start, end)

    def test_any_part_of_an_empty_object_is_empty(self, store: ObjectStore) -> None:
        store.put("a/b", b"")

        assert [store.get("a/b", 0, 5), store.get("a/b", 3)] == [b"", b""]

    def test_stat_tells_size_and_time(self, store: ObjectStore) -> None:
        store.put("a/b", DATA)
        store.put("a/c", DATA)

        stat = store.stat("a/b")

        assert (stat.key, stat.size) == ("a/b", len(DATA))
        assert stat.modified > 1_000_000_000  # the year 2001: seconds, and not of an uptime
        assert abs(store.stat("a/c").modified - stat.modified) < 3600

    def test_stat_of_a_missing_object_is_missing(self, store: ObjectStore) -> None:
        store.put("a/b", DATA)

        with pytest.raises(ObjectMissing):
            store.stat("a/c")


class Listing(Chapter):
    """Listings are complete, in order, and see every write at once."""

    @pytest.fixture
    def filled(self, store: ObjectStore) -> ObjectStore:
        for key in (
            "a/b/c/d",
            "a/b-c",
            "a/b/x",
            "a/b0",
            "ab",
            "a/B",
            "z/only/deep/one",
            "a/b.json",
        ):
            store.put(key, key.encode())
        return store

    @pytest.mark.parametrize(
        ("prefix", "keys"),
        [
            ("", ["a/B", "a/b-c", "a/b.json", "a/b/c/d", "a/b/x", "a/b0", "ab", "z/only/deep/one"]),
            ("a/", ["a/B", "a/b-c", "a/b.json", "a/b/c/d", "a/b/x", "a/b0"]),
            ("a/b", ["a/b-c", "a/b.json", "a/b/c/d", "a/b/x", "a/b0"]),
            ("a/b/", ["a/b/c/d", "a/b/x"]),
            ("a/b/c/d", ["a/b/c/d"]),
            ("a/b/c/d/", []),
            ("z", ["z/only/deep/one"]),
            ("nothing/here", []),
        ],
    )
    def test_list_finds_all_below_a_prefix_in_key_order(
        self, filled: ObjectStore, prefix: str, keys: list[str]
    ) -> None:
        assert [stat.key for stat in filled.list(prefix)] == keys

    @pytest.mark.parametrize(
        ("prefix", "keys"),
        [
            ("", ["a/", "ab", "z/"]),
            ("a/", ["a/B", "a/b-c", "a/b.json", "a/b/", "a/b0"]),
            ("a/b", ["a/b-c", "a/b.json", "a/b/", "a/b0"]),
            ("a/b/", ["a/b/c/", "a/b/x"]),
            ("z/", ["z/only/"]),
            ("nothing/", []),
        ],
    )
    def test_list_with_a_delimiter_folds_what_lies_deeper(
        self, filled: ObjectStore, prefix: str, keys: list[str]
    ) -> None:
        stats = list(filled.list(prefix, "/"))

        assert [stat.key for stat in stats] == keys
        assert {(stat.size, stat.modified) for stat in stats if stat.key.endswith("/")} <= {
            (0, 0.0)
        }

    def test_list_tells_what_stat_tells(self, filled: ObjectStore) -> None:
        for listed in (list(filled.list("")), list(filled.list("a/b/", "/"))[1:]):
            assert listed
            assert listed == [filled.stat(stat.key) for stat in listed]

    def test_list_sees_at_once_what_is_put_and_deleted(self, store: ObjectStore) -> None:
        store.put("l/0", DATA)
        assert len(list(store.list("l/"))) == 1

        store.put("l/1", DATA)
        store.create("l/2", DATA)
        store.delete(["l/0"])

        assert [stat.key for stat in store.list("l/")] == ["l/1", "l/2"]

    def test_a_deleted_folder_leaves_no_prefix(self, store: ObjectStore) -> None:
        store.put("l/a/b/c", DATA)
        store.put("l/z", DATA)

        store.delete(["l/a/b/c"])

        assert [stat.key for stat in store.list("l/", "/")] == ["l/z"]

    def test_many_objects_are_all_listed(self, store: ObjectStore) -> None:
        keys = [f"n/{number % 7}/{number:05}" for number in range(300)]
        for key in keys:
            store.put(key, b"x")

        assert [stat.key for stat in store.list("n/")] == sorted(keys)

    def test_delete_removes_exactly_the_keys(self, filled: ObjectStore) -> None:
        filled.delete(["a/b/x", "ab"])

        left = [stat.key for stat in filled.list("")]

        assert left == ["a/B", "a/b-c", "a/b.json", "a/b/c/d", "a/b0", "z/only/deep/one"]

    def test_delete_of_missing_objects_is_no_error(self, store: ObjectStore) -> None:
        store.put("a/b", DATA)

        store.delete(["a/missing", "no/such/folder", "a/b", "a/b"])

        assert list(store.list("")) == []

    def test_delete_takes_any_iterable(self, store: ObjectStore) -> None:
        store.put("a/b", DATA)
        keys: Iterator[str] = iter(["a/b"])

        store.delete(keys)
        store.delete([])

        assert list(store.list("")) == []


class Keys(Chapter):
    """Keys never climb out, and every allowed letter is kept."""

    @pytest.mark.parametrize("key", _BAD_KEYS)
    def test_no_bad_key_gets_in_by_any_door(self, store: ObjectStore, key: str) -> None:
        store.put("a/b", DATA)
        doors: list[Callable[[], object]] = [
            lambda: store.create(key, b"x"),
            lambda: store.put(key, b"x"),
            lambda: store.get(key),
            lambda: store.stat(key),
            lambda: store.delete([key]),
        ]
        for door in doors:
            with pytest.raises(KeyInvalid):
                door()

        assert [stat.key for stat in store.list("")] == ["a/b"]

    def test_every_allowed_letter_is_kept(self, store: ObjectStore) -> None:
        keys = ["AZ/az09_", "~%=-._", "%2E%2E/x~7", "=/-", "k/" + "n" * 255]
        for key in keys:
            store.create(key, key.encode())

        assert [stat.key for stat in store.list("")] == sorted(keys)
        assert [store.get(key) for key in keys] == [key.encode() for key in keys]
