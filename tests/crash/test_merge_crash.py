"""Processes that merge runs are killed, and no run is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.crash.merge_victim import HOME

from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.runindex.segments import live_runs, merge
from wbart_storage.backends.local import LocalObjects
from wbart_storage.clock import SystemClock
from wbart_storage.config import StoreConfig, create_config


def killed(folder: Path, name: str, after: int) -> list[str]:
    """Let a process make and merge runs, and kill it; the runs that it finished."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.merge_victim", str(folder), name],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    done = [process.stdout.readline().strip() for _ in range(after)]
    process.kill()
    done += process.stdout.read().split("\n")[:-1]
    process.stdout.close()
    process.wait()
    return done


def test_mergers_that_are_killed_beside_one_another_lose_no_run(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    create_config(objects, StoreConfig())
    finished: list[str] = []

    def work(name: str) -> None:
        for turn in range(3):
            finished.extend(killed(tmp_path, f"{name}{turn}", 12 + 7 * turn))

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def check() -> None:
        for run in finished:
            record = read_record(objects, RunPath(*HOME, run))
            assert record.fields == {"number": int(run[-5:]), "state": "finished"}

    assert len(finished) >= 6 * 12
    check()
    while merge(objects, HOME, SystemClock(), "ada", least=1, most=20, quiet=-1e9):
        pass
    check()
    assert not set(live_runs(objects, HOME)) & set(finished)
