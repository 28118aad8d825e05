"""What is remembered beside what is found: nothing is lost or made up, however pages are cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbart_storage.files.recall import Page, Recall

Rows = dict[str, tuple[bytes, bytes]]

names = st.text("abc", min_size=1, max_size=3)
stamps = st.sampled_from([b"1", b"2"])


def pages(rows: Rows, size: int) -> Iterator[Page]:
    paths = sorted(rows)
    for start in range(0, len(paths), size):
        some = paths[start : start + size]
        yield some, [rows[path][0] for path in some], [rows[path][1] for path in some]


def ask(recall: Recall, found: dict[str, bytes], size: int) -> list[bytes]:
    paths = sorted(found)
    return [
        digest
        for start in range(0, len(paths), size)
        for digest in recall.digests(
            paths[start : start + size], [found[path] for path in paths[start : start + size]]
        )
    ]


def test_files_as_remembered_come_with_their_digest() -> None:
    recall = Recall(pages({"a": (b"1", b"A"), "b": (b"1", b"B")}, 10))
    assert recall.digests(["a", "b"], [b"1", b"1"]) == [b"A", b"B"]
    assert recall.gone() == []


def test_another_stamp_and_a_new_name_come_with_nothing() -> None:
    recall = Recall(pages({"a": (b"1", b"A"), "c": (b"1", b"C")}, 10))
    assert recall.digests(["a", "b", "c"], [b"2", b"1", b"1"]) == [b"", b"", b"C"]


def test_what_was_never_asked_for_is_gone() -> None:
    recall = Recall(pages(dict.fromkeys("abcdef", (b"1", b"d")), 2))
    recall.digests(["c"], [b"1"])
    recall.digests(["e"], [b"2"])
    assert recall.gone() == ["a", "b", "d", "f"]


@given(
    remembered=st.dictionaries(names, st.tuples(stamps, st.sampled_from([b"A", b"B"]))),
    found=st.dictionaries(names, stamps),
    page=st.integers(1, 5),
    batch=st.integers(1, 5),
)
def test_pages_and_batches_make_no_difference(
    remembered: Rows, found: dict[str, bytes], page: int, batch: int
) -> None:
    recall = Recall(pages(remembered, page))
    expected = [
        remembered[path][1] if path in remembered and remembered[path][0] == found[path] else b""
        for path in sorted(found)
    ]

    assert ask(recall, found, batch) == expected
    assert recall.gone() == sorted(remembered.keys() - found)


@pytest.mark.parametrize("page", [1, 2, 3, 7])
def test_no_page_that_begins_behind_an_answer_is_read_after_it(page: int) -> None:
    """Else a file that was written down in between would seem to be remembered, and gone."""
    rows: Rows = dict.fromkeys(("b", "d", "f"), (b"1", b"d"))

    def lazily() -> Iterator[Page]:
        after = ""
        while some := [path for path in sorted(rows) if path > after][:page]:
            yield some, [rows[each][0] for each in some], [rows[each][1] for each in some]
            after = some[-1]

    recall = Recall(lazily())
    for path in "abcdefgh":
        recall.digests([path], [b"1"])
        rows.setdefault(path, (b"1", b"new"))
    assert recall.gone() == []
