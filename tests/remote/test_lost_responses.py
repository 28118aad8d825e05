"""Eight processes commit by way of a network that loses, tears, resets or fails 30 % of the writes.

Whatever a committer is told must be so: what is acknowledged is stored, once, and was not
overwritten; what is refused is not stored and never will be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.remote.committing import check, new_collection, race
from tests.servers import Server
from tests.servers.proxy import Fault, proxied

WRITES = "PUT|POST"
EACH = 0.075
FAULTS = [
    Fault("lost", EACH, WRITES),
    Fault("torn", EACH, WRITES),
    Fault("reset", EACH, WRITES),
    Fault("status", EACH, WRITES, status=500),
]
PROCESSES = [[number] for number in range(8)]
CROWDS = [range(4 * number, 4 * number + 4) for number in range(8)]
"""Those of a process go into a record together."""


@pytest.mark.parametrize(
    ("processes", "commits"), [(PROCESSES, 6), (CROWDS, 3)], ids=["one thread", "four threads"]
)
def test_what_was_acknowledged_is_stored_and_nothing_else(
    processes: Sequence[Sequence[int]], commits: int, server: Server, tmp_path: Path
) -> None:
    store = new_collection(server, tmp_path)

    with proxied(server, FAULTS, seed=3) as proxy:
        told = race(store, proxy.server.options, processes, commits=commits)

    faults = [each.fault for each in proxy.matching(WRITES)]
    assert 0.1 < sum(map(bool, faults)) / len(faults) < 0.5
    assert {"lost", "reset"} < set(faults)
    check(store, told)
    assert sum(each.version is not None for each in told) > len(told) / 2


def test_without_reading_back_a_version_is_stored_that_was_called_lost(
    serving: Callable[[str], Server], tmp_path: Path
) -> None:
    """The test above is red when creates are believed."""
    server = serving("ministack")
    store = new_collection(server, tmp_path)

    with proxied(server, [Fault("lost", 0.3, WRITES, "/log/")], seed=3) as proxy:
        told = race(store, proxy.server.options, PROCESSES, commits=3, blind=True)

    with pytest.raises(AssertionError):
        check(store, told)
