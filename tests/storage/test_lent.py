"""Pieces of a file that is lent: known again in any order, and changed ones told."""

from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbart_storage.staging.lent import PIECE, Pieces


def taken(data: bytes, *cuts: int) -> Pieces:
    """What is known of data that was read in the given stretches."""
    pieces = Pieces()
    for start, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
        pieces.update(data[start:end])
    return pieces


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
def test_a_file_is_known_again_part_by_part(size: int) -> None:
    data = os.urandom(size)
    pieces = taken(data)

    assert pieces.size == size
    for step in (PIECE, 2 * PIECE, 8 * PIECE):
        starts = reversed(range(0, size, step))
        assert all(pieces.same(start, data[start : start + step]) for start in starts)


@given(st.lists(st.integers(0, 3 * PIECE + 5), max_size=5).map(sorted))
def test_how_it_was_read_does_not_matter(cuts: list[int]) -> None:
    data = bytes(range(256)) * (3 * PIECE // 256) + b"tail"

    assert taken(data, *(min(cut, len(data)) for cut in cuts)).same(0, data)


@pytest.mark.parametrize("at", [0, PIECE - 1, PIECE, 2 * PIECE + 3])
def test_one_changed_bit_is_told(at: int) -> None:
    data = bytearray(os.urandom(2 * PIECE + 4))
    pieces = taken(bytes(data))
    data[at] ^= 1
    start = at // PIECE * PIECE

    assert not pieces.same(start, bytes(data[start : start + PIECE]))
    assert not pieces.same(0, bytes(data))


def test_what_is_cut_short_or_longer_or_elsewhere_is_not_the_same() -> None:
    data = b"a" * PIECE + b"b" * PIECE + b"tail"
    pieces = taken(data)

    assert not pieces.same(2 * PIECE, b"tai")
    assert not pieces.same(2 * PIECE, b"tail and more")
    assert not pieces.same(0, data[PIECE : 2 * PIECE])
    assert not pieces.same(0, data[: PIECE + 1])
    assert not pieces.same(1, data[1 : PIECE + 1])
    assert not pieces.same(3 * PIECE, b"")
    assert pieces.same(PIECE, data[PIECE : 2 * PIECE])


def test_sums_are_of_no_use_to_who_would_make_a_file_that_fits() -> None:
    data = os.urandom(100)

    assert taken(data).digest() != taken(data).digest()


def test_another_hasher_sees_the_same_bytes() -> None:
    data = os.urandom(PIECE + 1)
    also = hashlib.sha256()
    pieces = Pieces(also)
    pieces.update(data)

    assert also.digest() == hashlib.sha256(data).digest()
