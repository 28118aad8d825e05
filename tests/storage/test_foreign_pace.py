"""How slowly a server may answer, by a clock that the test turns."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest

from wbart_storage.clock import FixedClock
from wbart_storage.foreign.pace import Paced


class Dripping(io.RawIOBase):
    """Gives a few bytes at a time, and each time takes its seconds."""

    def __init__(self, clock: FixedClock, size: int, seconds: float) -> None:
        self._clock = clock
        self.size = size
        self.seconds = seconds
        self.left = 1 << 20

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self._clock.advance(self.seconds)
        count = min(self.size, len(into), self.left)
        self.left -= count
        into[:count] = b"x" * count
        return count

    def makefile(self, mode: str, buffering: int) -> Dripping:
        return self


def paced(size: int, seconds: float) -> tuple[Paced, Dripping, io.BufferedReader]:
    clock = FixedClock()
    drip = Dripping(clock, size, seconds)
    found = Paced(cast(Any, drip), clock)
    return found, drip, found.makefile("rb")


def test_headers_come_within_half_a_minute_or_never() -> None:
    _, drip, file = paced(1, 5.0)

    with pytest.raises(TimeoutError, match="only 6 bytes came in 30 s"):
        file.readline()

    assert (1 << 20) - drip.left == 6


def test_a_body_of_a_byte_now_and_then_ends_after_a_minute() -> None:
    found, drip, file = paced(1, 5.0)
    found.headers_came()

    with pytest.raises(TimeoutError, match="only 12 bytes came in 60 s"):
        file.read()

    assert (1 << 20) - drip.left == 12


def test_a_body_of_a_kilobyte_a_second_may_take_as_long_as_it_likes() -> None:
    found, _, file = paced(5 << 10, 5.0)
    found.headers_came()

    assert len(file.read()) == 1 << 20


def test_each_minute_counts_for_itself() -> None:
    found, drip, file = paced(8 << 10, 5.0)
    found.headers_came()
    assert len(file.read(12 * 8 << 10)) == 12 * 8 << 10
    drip.size = 1

    with pytest.raises(TimeoutError, match="only 12 bytes came in 60 s"):
        file.read()


def test_only_waiting_counts_and_not_what_is_done_between() -> None:
    found, drip, file = paced(1 << 10, 0.0)
    found.headers_came()
    for _ in range(200):
        assert file.read(1 << 10)
        drip._clock.advance(3600.0)
