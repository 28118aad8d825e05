"""A hundred committers, in several processes, on one collection of a bucket at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.remote.committer import HOME, Told
from tests.remote.committing import check, letters, new_collection, percentile, race
from tests.servers import Server

from wbart.catalog import Catalog
from wbart_storage.store import Store

PROCESSES, THREADS = 5, 20
BOUND = 4.0
"""Seconds for 99 of 100 of them on two idle cores, which servers and committers share."""


@pytest.mark.parametrize("name", ["seaweedfs", "moto"])
def test_a_hundred_committers_each_get_a_version_of_their_own(
    name: str,
    serving: Callable[[str], Server],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    server = serving(name)
    store = new_collection(server, tmp_path)
    numbers = [range(start, start + THREADS) for start in range(0, PROCESSES * THREADS, THREADS)]

    told = race(store, server.options, numbers)

    assert [each.error for each in told if each.error] == []
    check(store, told)
    state = Catalog(store, "test").state(*HOME)
    count = PROCESSES * THREADS
    assert sorted(str(each.version) for each in told) == sorted(map(str, range(count)))
    assert state.aliases.keys() >= {f"w{number}-0" for number in range(count)}
    assert letters(store) == []
    _report(name, store, told, record_property)
    assert percentile(told, 0.99) < BOUND * _crowd()


def _report(
    name: str, store: Store, told: list[Told], record: Callable[[str, object], None]
) -> None:
    records = sum(1 for _ in Catalog(store, "test").records(*HOME))
    figures = {share: percentile(told, share / 100) for share in (50, 90, 99)}
    for share, seconds in figures.items():
        record(f"p{share}", seconds)
    spelled = ", ".join(f"p{share} {seconds:.2f} s" for share, seconds in figures.items())
    sys.stdout.write(f"{name}: {len(told)} committers, {records} records, {spelled}\n")


def _crowd() -> float:
    """How many others there are for each core."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
