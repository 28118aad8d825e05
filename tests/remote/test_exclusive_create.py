"""Of 16 processes that create one key at once exactly one wins, and its bytes are what is there.

The processes live through all rounds and are let go together. They come from a fork server, which
has loaded the clients and used none: 16 times that would take longer than the race.
SeaweedFS takes a distributed lock for each create: its 50 rounds last a minute and more.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

import pytest
from tests.servers import Server

from wbart_storage.errors import ObjectExists, StoreUnavailable
from wbart_storage.opening import open_objects

_PROCESSES = 16
_ROUNDS = 50
_CLIENTS = ["wbart_storage.backends.remote", "s3fs", "gcsfs.core", "adlfs"]


def _race(url: str, options: Mapping[str, Any], number: int, barrier: Any, end: Connection) -> None:
    """One racer: what came of each of its rounds goes through end."""
    objects = open_objects(url, options)
    list(objects.list("race/"))  # connected, and the clock of the first round is fair
    outcomes = []
    for each in range(_ROUNDS):
        barrier.wait(120)
        try:
            objects.create(_key(each), _data(number))
            outcomes.append("won")
        except ObjectExists:
            outcomes.append("lost")
        except StoreUnavailable:  # whose it is, the object will say
            outcomes.append("unsure")
    end.send(outcomes)
    end.close()


def _key(each: int) -> str:
    return f"race/{each:03}.json"


def _data(number: int) -> bytes:
    return bytes([number]) * (1000 + number)


@pytest.mark.timeout(900)
def test_of_sixteen_processes_exactly_one_creates(server: Server, bucket: str) -> None:
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(_CLIENTS)
    barrier = forks.Barrier(_PROCESSES)
    ends, processes = [], []
    for number in range(_PROCESSES):
        ours, theirs = forks.Pipe(duplex=False)
        given = (f"{bucket}/x", dict(server.options), number, barrier, theirs)
        processes.append(forks.Process(target=_race, args=given))
        processes[-1].start()
        theirs.close()
        ends.append(ours)

    outcomes = [end.recv() for end in ends]
    for process in processes:
        process.join()

    objects = open_objects(f"{bucket}/x", server.options)
    for each in range(_ROUNDS):
        of_round = [mine[each] for mine in outcomes]
        stored = objects.get(_key(each))
        winner = stored[0]
        assert stored == _data(winner)
        assert of_round[winner] in ("won", "unsure"), (each, of_round)
        assert of_round.count("won") == (of_round[winner] == "won"), (each, of_round)
    # Who is unsure has to read back; were it everybody, nothing would have been shown.
    assert sum(mine.count("won") for mine in outcomes) > _ROUNDS // 2
