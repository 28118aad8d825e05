"""A hundred real processes commit to one collection of one local store at once."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.storage.numbering import PREFIX, committed, new_journal

from wbart_storage.backends.local import LocalObjects

PROCESSES = 100
BOUND = 10.0
"""Seconds; only a livelock takes longer."""


def race(root: Path, processes: int, commits: int) -> list[dict[str, Any]]:
    """What each commit was told, by processes that are all ready before the first one starts."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    barrier, gate = os.pipe()
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.storage.journal_committer", root, str(n), str(commits)],
            stdin=barrier,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for n in range(processes)
    ]
    os.close(barrier)
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    os.close(gate)
    told = []
    for child in children:
        out, _ = child.communicate()
        assert child.returncode == 0
        told += [json.loads(line) for line in out.splitlines()]
    return told


@pytest.mark.parametrize(("processes", "commits"), [(PROCESSES, 1), (8, 20)])
def test_all_get_numbers_of_their_own_in_no_time(
    tmp_path: Path, processes: int, commits: int
) -> None:
    told = race(tmp_path, processes, commits)

    store = LocalObjects(tmp_path)
    state = new_journal(store).read()
    assert len(told) == processes * commits
    assert sorted(answer["outcome"]["number"] for answer in told) == list(range(len(told)))
    assert state == committed(store)
    assert all(state[answer["outcome"]["number"]] == answer["txid"] for answer in told)
    records = list(new_journal(store).records())
    assert {answer["seq"] for answer in told} == set(range(len(records)))
    assert not list(store.list(f"{PREFIX}inbox/"))
    seconds = sorted(answer["seconds"] for answer in told)
    sys.stdout.write(
        f"{processes} processes, {commits} commits each: {len(records)} records, "
        f"p50 {statistics.median(seconds):.3f} s, p99 {seconds[int(len(seconds) * 0.99) - 1]:.3f} s"
        f", max {seconds[-1]:.3f} s\n"
    )
    assert seconds[-1] < BOUND
