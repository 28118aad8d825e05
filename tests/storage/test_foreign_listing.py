"""Listings of foreign objects: order, number of requests, what is left out."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from itertools import islice
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wbart_storage.errors import ObjectMissing, StoreUnavailable
from wbart_storage.foreign.foreign import Foreign, Page
from wbart_storage.foreign.listing import below


class Bucket:
    """Lists names as a service does, and counts."""

    def __init__(
        self, names: Iterable[str], *, size: int = 1000, kept: bool = False, older: str = ""
    ) -> None:
        self._names = sorted(names)
        self._size = size
        self._kept = kept
        self._older = older
        """An object that is older than the versions of the others."""
        self._lock = threading.Lock()
        self.pages = 0
        self.looks = 0
        self.failures = 0

    def look(self, name: str, version: str = "") -> Foreign:
        raise ObjectMissing(name)

    def keeps_versions(self, name: str) -> bool:
        self.looks += 1
        return self._kept

    def page(
        self, prefix: str, *, delimiter: str = "", token: str | None = None, versions: bool = False
    ) -> Page:
        with self._lock:
            self.pages += 1
            if self.failures:
                self.failures -= 1
                raise StoreUnavailable("later")
        return self._page(prefix, delimiter, token, versions)

    def _page(self, prefix: str, delimiter: str, token: str | None, versions: bool) -> Page:
        rows: dict[str, bool] = {}
        for name in self._names:
            if name.startswith(prefix):
                inner, slash, _ = name[len(prefix) :].partition("/")
                folded = bool(delimiter and slash)
                rows[f"{prefix}{inner}/" if folded else name] = folded
        rest = [(name, folded) for name, folded in rows.items() if token is None or name > token]
        shown = rest[: self._size]
        return Page(
            [
                Foreign(n, n, 1, version="v" if versions and n != self._older else "")
                for n, folded in shown
                if not folded
            ],
            [name for name, folded in shown if folded],
            shown[-1][0] if len(rest) > len(shown) else None,
        )


def names(bucket: Bucket, prefix: str = "") -> list[str]:
    return [seen.name for seen in below(bucket, prefix)]


def test_ten_thousand_objects_are_ten_pages() -> None:
    keys = [f"d/{index:05}" for index in range(10_000)]
    bucket = Bucket(keys)

    assert names(bucket, "d/") == keys
    assert (bucket.pages, bucket.looks) == (10, 1)


def test_many_small_folders_cost_no_page_each() -> None:
    keys = sorted(f"d/{index % 500:03}/{index}" for index in range(10_000))
    bucket = Bucket(keys)

    assert names(bucket, "d/") == keys
    assert bucket.pages == 10


class Meeting(Bucket):
    """No page of a folder comes before another one is asked for, too."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(names)
        self._two = threading.Barrier(2)

    def page(self, prefix: str, **more: Any) -> Page:
        if prefix != "d/":
            self._two.wait(10)
        return super().page(prefix, **more)


def test_large_folders_are_listed_side_by_side() -> None:
    keys = sorted(f"d/{index % 10}/{index:05}" for index in range(10_000))
    bucket = Meeting(keys)

    assert names(bucket, "d/") == keys
    assert bucket.pages == 1 + 1 + 10


def test_pages_are_fetched_ahead_but_not_all_of_them() -> None:
    bucket = Bucket([f"d/{index:05}" for index in range(10_000)])
    listing = below(bucket, "d/")

    assert len(list(islice(listing, 500))) == 500
    assert bucket.pages <= 2
    listing.close()  # type: ignore[attr-defined]

    assert bucket.pages <= 2


def test_where_old_content_is_kept_each_object_has_its_version() -> None:
    bucket = Bucket([f"d/{index}" for index in range(3)], kept=True)

    assert [seen.version for seen in below(bucket, "d/")] == ["v"] * 3
    assert bucket.pages == 2


def test_an_object_older_than_all_versions_hides_none_of_them() -> None:
    bucket = Bucket(["d/0", "d/1", "d/2"], kept=True, older="d/0")

    assert [seen.version for seen in below(bucket, "d/")] == ["", "v", "v"]
    assert (bucket.pages, bucket.looks) == (2, 1)


def test_what_only_stands_for_a_folder_is_left_out() -> None:
    bucket = Bucket(["d/", "d/a", "d/e/", "d/e/b"])

    assert names(bucket, "d/") == ["d/a", "d/e/b"]


def test_an_empty_listing_is_one_page() -> None:
    bucket = Bucket(["data2/a"])

    assert names(bucket, "data/") == []
    assert (bucket.pages, bucket.looks) == (1, 0)


def test_a_page_that_fails_is_asked_for_again() -> None:
    bucket = Bucket(["d/a"])
    bucket.failures = 1

    assert names(bucket, "d/") == ["d/a"]


_KEYS = st.lists(
    st.lists(st.sampled_from(["a", "b", "a.", "ab", "é"]), min_size=1, max_size=4).map("/".join),
    unique=True,
)


@given(_KEYS, st.integers(1, 5), st.booleans())
def test_every_object_comes_once_and_in_order(keys: list[str], size: int, kept: bool) -> None:
    assert names(Bucket(keys, size=size, kept=kept)) == sorted(keys)
