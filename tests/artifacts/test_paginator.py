from __future__ import annotations

from collections.abc import Iterator

import pytest

from wbart.errors import ArgumentInvalid, CommError
from wbart.projects.listing import Listing, parse_order
from wbart.projects.paginator import Key, Paginator


class Numbers:
    """The numbers below a bound, and a count of how many were asked for."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.asked = 0

    def items(self, after: Key | None) -> Iterator[tuple[Key, int]]:
        for number in range(0 if after is None else int(after[0]) + 1, self.bound):
            self.asked += 1
            yield (number,), number

    def count(self) -> int:
        return self.bound


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    source = Numbers(10)
    pages = Paginator(source, per_page=3)

    assert (source.asked, pages.objects, pages.cursor) == (0, [], None)
    assert len(pages) == 10
    assert source.asked == 0


def test_pages_are_loaded_as_they_are_needed_and_kept() -> None:
    source = Numbers(10)
    pages = Paginator(source, per_page=3)

    assert pages[3] == 3
    assert pages.objects == [0, 1, 2, 3, 4, 5]
    assert list(pages) == list(pages) == list(range(10))
    assert source.asked == 10
    assert not pages.more


def test_nested_loops_over_one_paginator_do_not_interfere() -> None:
    pages = Paginator(Numbers(3), per_page=1)

    assert [(a, b) for a in pages for b in pages] == [(a, b) for a in range(3) for b in range(3)]


def test_next_moves_the_shared_index() -> None:
    pages = Paginator(Numbers(2), per_page=1)

    assert [next(pages), next(pages), pages.index] == [0, 1, 1]
    with pytest.raises(StopIteration):
        next(pages)


@pytest.mark.parametrize("per_page", [1, 3, 10, 11])
@pytest.mark.parametrize(
    "wanted",
    [slice(2, 5), slice(None, 4), slice(3, None), slice(-2, None), slice(0, 0), slice(20, 30),
     slice(None, None, -1), slice(8, 2, -2), slice(1, -1)],
)  # fmt: skip
def test_a_slice_is_that_of_a_list(per_page: int, wanted: slice) -> None:
    assert Paginator(Numbers(10), per_page=per_page)[wanted] == list(range(10))[wanted]


def test_a_negative_index_loads_all_and_an_index_beyond_is_an_error() -> None:
    assert Paginator(Numbers(10), per_page=3)[-1] == 9
    with pytest.raises(IndexError):
        Paginator(Numbers(10), per_page=3)[10]


def test_a_bounded_slice_loads_no_more_than_its_pages() -> None:
    source = Numbers(100)

    assert Paginator(source, per_page=10)[5:15] == list(range(5, 15))
    assert source.asked == 20


@pytest.mark.parametrize("read", range(1, 10))
def test_a_cursor_resumes_with_exactly_the_rest(read: int) -> None:
    first = Paginator(Numbers(10), per_page=1)
    head = first[:read]

    assert head + list(Paginator(Numbers(10), per_page=4, start=first.cursor)) == list(range(10))


def test_an_empty_list_is_false_and_ends_at_once() -> None:
    pages = Paginator(Numbers(0))

    assert not pages
    assert list(pages) == []


@pytest.mark.parametrize("cursor", ["", "x", "bm8=", "eyJhIjogMX0="])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ArgumentInvalid, match="not a cursor"):
        Paginator(Numbers(1), start=cursor)


@pytest.mark.parametrize("per_page", [0, -1])
def test_a_page_holds_at_least_one(per_page: int) -> None:
    with pytest.raises(ArgumentInvalid, match="per_page"):
        Paginator(Numbers(1), per_page=per_page)


def test_the_deprecated_length_warns() -> None:
    with pytest.warns(DeprecationWarning, match="len"):
        assert Paginator(Numbers(3)).length == 3


def listing(rows: list[str], descending: bool = False) -> Listing[str, str]:
    return Listing(lambda: rows, lambda row: (row,), str.upper, descending)


@pytest.mark.parametrize("descending", [False, True])
def test_a_listing_goes_on_where_it_was_left_though_rows_come_and_go(descending: bool) -> None:
    rows = ["b", "d", "f"]
    first = Paginator(listing(rows, descending), per_page=2)
    assert first[0] == ("F" if descending else "B")

    changed = ["a", "b", "c", "e", "f", "g"]  # d, where it was left, is gone
    rest = Paginator(listing(changed, descending), start=first.cursor)
    assert list(rest) == (["C", "B", "A"] if descending else ["E", "F", "G"])


@pytest.mark.parametrize("descending", [False, True])
def test_a_listing_does_not_repeat_the_row_where_it_was_left(descending: bool) -> None:
    first = Paginator(listing(["a", "b", "c"], descending), per_page=2)
    assert len(first[:2]) == 2

    rest = Paginator(listing(["a", "b", "c"], descending), start=first.cursor)
    assert list(rest) == ["A" if descending else "C"]


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (None, ("created_at", True)),
        ("name", ("name", False)),
        ("+name", ("name", False)),
        ("-createdAt", ("created_at", True)),
    ],
)
def test_an_order_is_a_field_with_a_sign(order: str | None, found: tuple[str, bool]) -> None:
    assert parse_order(order, ("name", "created_at"), "-created_at") == found


def test_a_bare_field_is_descending_where_runs_are_ordered() -> None:
    assert parse_order("name", ["name"], "name", bare_descending=True) == ("name", True)


@pytest.mark.parametrize("order", ["", "-", "color", "--name"])
def test_an_order_by_an_unknown_field_is_refused(order: str) -> None:
    with pytest.raises(CommError, match="is none of name"):
        parse_order(order, ["name"], "name")
