from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Barrier, Event, get_ident

import pytest

from wbart.lanes import Lanes


def submit(lanes: Lanes, lane: str, work: Callable[[], None]) -> Future[None]:
    future: Future[None] = Future()
    lanes.submit(lane, work, future)
    return future


def test_a_lane_does_one_thing_after_the_other_in_order() -> None:
    lanes, done, busy = Lanes(4), list[int](), list[int]()

    def work(number: int) -> None:
        assert not busy
        busy.append(number)
        done.append(number)
        busy.remove(number)

    futures = [submit(lanes, "a", lambda n=n: work(n)) for n in range(200)]  # type: ignore[misc]
    lanes.close()

    assert done == list(range(200))
    assert [future.exception() for future in futures] == [None] * 200


def test_a_lane_waits_though_threads_are_free() -> None:
    lanes, begun, gate, second = Lanes(2), Event(), Event(), Event()

    def first() -> None:
        begun.set()
        gate.wait(60)

    submit(lanes, "a", first)
    begun.wait(60)
    submit(lanes, "a", second.set)
    # The free thread takes what was submitted in turn, so it would have done the second by now.
    submit(lanes, "b", lambda: None).result(60)
    assert not second.is_set()
    gate.set()
    lanes.close()

    assert second.is_set()


def test_lanes_do_not_wait_for_each_other() -> None:
    lanes, barrier = Lanes(2), Barrier(2)
    threads: set[int] = set()

    def meet() -> None:
        barrier.wait(60)
        threads.add(get_ident())

    futures = [submit(lanes, lane, meet) for lane in "ab"]
    for future in futures:
        future.result(60)
    lanes.close()

    assert len(threads) == 2


def test_an_error_goes_to_its_future_and_the_lane_goes_on() -> None:
    lanes = Lanes(1)

    def fail() -> None:
        raise KeyError("mine")

    failed, fine = submit(lanes, "a", fail), submit(lanes, "a", lambda: None)
    lanes.close()

    with pytest.raises(KeyError, match="mine"):
        failed.result()
    fine.result(0)


def test_more_lanes_than_threads_all_come_to_their_end() -> None:
    lanes, gate = Lanes(2), Event()

    def pause() -> None:
        gate.wait(60)

    futures = [submit(lanes, f"lane {n % 50}", pause) for n in range(500)]
    gate.set()
    lanes.close()

    assert all(future.done() for future in futures)
