"""A history is read whole, by steps, or row by row, and reads no more than it must."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Generator
from itertools import pairwise
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbart.recording.path import RunPath
from wbart.recording.record import Increment, RunRecord, decode
from wbart.runs.historyparts import BLOCK_ROWS, HistoryParts
from wbart.runs.historyreader import HistoryReader
from wbart.runs.historyscan import HistoryScan
from wbart.runs.sampling import sampled, sampled_with, spread
from wbart_storage.around.trace import Call, Trace
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.keys import run_prefix
from wbart_storage.objects import ObjectStore

PATH = RunPath("e", "p", "r")


def made(
    *sizes: int, named: int | None = None, state: str = "finished"
) -> tuple[Trace, RunRecord, list[Call]]:
    """A history in parts of these sizes; step n has `n`, and `even` if it is."""
    calls: list[Call] = []
    objects = Trace(MemoryObjects(), calls.append)
    parts = HistoryParts(objects, run_prefix("e", "p", "r"))
    stored, step = [], 0
    for size in sizes:
        rows = [
            {"_step": n, "n": n, **({} if n % 2 else {"even": 1})} for n in range(step, step + size)
        ]
        stored.append(parts.append(b"".join(json.dumps(row).encode() + b"\n" for row in rows)))
        step += size
    said = Increment(
        kind="start",
        writer="w",
        actor="a",
        ts=1.0,
        set={"state": state},
        parts=tuple(stored[:named]),
    )
    record = RunRecord(PATH)
    record.apply(decode(said.encode(), "k"))
    calls.clear()
    return objects, record, calls


def test_all_rows_come_in_order() -> None:
    objects, record, _ = made(10, 2500, 1)
    reader = HistoryReader(objects, record)

    assert reader.count == 2511
    assert reader.last_step == 2510
    assert [row["n"] for row in reader.rows()] == list(range(2511))


def test_only_the_parts_of_the_steps_are_read() -> None:
    objects, record, calls = made(10, 10, 10, 10)
    steps = [row["_step"] for row in HistoryReader(objects, record).rows(15, 25)]

    assert steps == list(range(15, 25))
    assert [call.name for call in calls] == ["get", "get"]


def test_parts_that_nobody_named_yet_are_found() -> None:
    objects, record, _ = made(10, 10, 10, named=1, state="running")

    assert [row["n"] for row in HistoryReader(objects, record).rows()] == list(range(30))


class Stuck(MemoryObjects):
    """Gives the first part, and the others only when it is let go."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__()
        self._inner = inner
        self._first = min(stat.key for stat in inner.list(""))
        self.free = Event()

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if key != self._first:
            assert self.free.wait(60)
        return self._inner.get(key, start, end)


def test_who_stops_to_listen_waits_for_nobody() -> None:
    objects, record, _ = made(10, 10, 10, 10, 10)
    stuck = Stuck(objects)
    rows = HistoryReader(stuck, record).rows()
    assert next(rows)["n"] == 0
    assert isinstance(rows, Generator)
    rows.close()  # with the second part still on its way
    assert not stuck.free.is_set()
    stuck.free.set()


def test_a_scan_that_is_dropped_ends_at_once() -> None:
    """Else the search for cycles would, anywhere, even where a thread is being started."""
    objects, record, _ = made(10, 10)
    scan = HistoryScan(lambda: HistoryReader(objects, record), None, None, None)
    gc.disable()
    try:
        assert next(scan)["n"] == 0
        gone = weakref.ref(scan)
        del scan
        assert gone() is None
    finally:
        gc.enable()


def test_no_history_is_no_error() -> None:
    objects, record, _ = made()
    reader = HistoryReader(objects, record)

    assert (reader.count, reader.last_step, list(reader.rows()), sampled(reader, 5)) == (
        0,
        -1,
        [],
        [],
    )


def test_a_sample_reads_only_its_blocks() -> None:
    objects, record, calls = made(20 * BLOCK_ROWS, 20 * BLOCK_ROWS)
    rows = sampled(HistoryReader(objects, record), 4)

    assert [row["n"] for row in rows] == [0, 13333, 26666, 39999]
    assert [call.name for call in calls] == ["get"] * 4
    whole = sum(part.size for part in record.parts.values())
    assert sum(call.size for call in calls) < whole / 5


def test_a_sample_with_keys_is_taken_among_the_rows_that_have_them() -> None:
    objects, record, _ = made(100)
    rows = sampled_with(HistoryReader(objects, record), ["n", "even"], 5)

    assert [row["n"] for row in rows] == [0, 24, 48, 72, 98]
    assert sampled_with(HistoryReader(objects, record), ["none"], 5) == []


def test_rows_beyond_the_end_are_not_there() -> None:
    objects, record, _ = made(3)
    with pytest.raises(IndexError):
        HistoryReader(objects, record).at([3])


@given(st.integers(0, 5000), st.integers(1, 600))
def test_a_spread_is_even_and_keeps_both_ends(count: int, samples: int) -> None:
    picked = spread(count, samples)

    assert picked == sorted(set(picked))
    assert len(picked) == min(count, samples)
    if count and samples > 1:
        assert (picked[0], picked[-1]) == (0, count - 1)
    gaps = {after - before for before, after in pairwise(picked)}
    assert not gaps or max(gaps) - min(gaps) <= 1
