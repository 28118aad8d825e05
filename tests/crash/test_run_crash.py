"""What a run logged up to a second before it was killed is there afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.artifacts.world import World

from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.runs.historyparts import HistoryParts
from wbart.runs.runs import find
from wbart.workspace import Workspace
from wbart_storage.keys import run_prefix

PATH = RunPath("ent", "proj", "r")


class Stalls:
    """How long this machine kept somebody waiting who wanted to write a little."""

    def __init__(self, folder: Path) -> None:
        self.longest = 0.0
        self._path = folder / "stalls"

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Write meanwhile, as a run's spool does: rows to a file, and another one replaced."""
        stop = Event()
        thread = Thread(target=self._watch, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _watch(self, stop: Event) -> None:
        began = time.monotonic()
        while not stop.wait(0.05):
            with self._path.open("ab") as rows:
                rows.write(b"row\n" * 1000)
            new = self._path.with_suffix(".new")
            new.write_bytes(b"open")
            new.replace(self._path.with_suffix(".open"))
            began, before = time.monotonic(), began
            self.longest = max(self.longest, began - before - 0.05)


def killed(folder: Path, how: str, with_signal: int) -> int:
    """Let a run log for a while and kill it; a step that it logged a second before or earlier.

    Where the disk kept all writers waiting in between, it is a second and that time.
    """
    stalls = Stalls(folder)
    with stalls.watched():
        seen, now = _killed(folder, how, with_signal)
    return max([step for at, step in seen if at < now - 1 - stalls.longest], default=0)


def _killed(folder: Path, how: str, with_signal: int) -> tuple[list[tuple[float, int]], float]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.run_victim", str(folder), how],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    seen: list[tuple[float, int]] = []
    for line in process.stdout:
        seen.append((time.monotonic(), int(line)))
        if seen[-1][0] - seen[0][0] > 2.5:
            break
    now = time.monotonic()
    process.send_signal(with_signal)
    process.stdout.close()
    assert process.wait() == -with_signal
    return seen, now


@pytest.mark.parametrize("how", ["plain", "steps"])
@pytest.mark.parametrize(
    ("with_signal", "state"), [(signal.SIGKILL, "crashed"), (signal.SIGTERM, "killed")]
)
def test_a_killed_run_has_its_rows_and_its_state(
    tmp_path: Path, how: str, with_signal: int, state: str
) -> None:
    logged = killed(tmp_path, how, with_signal)
    workspace = Workspace.open(World(tmp_path).settings)
    found = find(workspace, PATH)

    assert found.state == state
    assert found.summary["by hand"] == "kept"
    rows = list(HistoryParts(workspace.store.objects, run_prefix("ent", "proj", "r")).rows())
    steps = [row["_step"] for row in rows]
    assert steps == list(range(len(steps)))
    assert [row["n"] for row in rows] == steps
    assert steps[-1] >= logged
    record = read_record(workspace.store.objects, PATH)
    assert sum(part.rows for part in record.parts.values()) == len(rows)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    logged = killed(tmp_path, "plain", signal.SIGKILL)
    with World(tmp_path).run(id="r", resume="must") as run:
        assert run.step > logged
        first = run.step
        run.log({"n": -1})
    workspace = Workspace.open(World(tmp_path).settings)
    rows = list(HistoryParts(workspace.store.objects, run_prefix("ent", "proj", "r")).rows())

    assert [row["_step"] for row in rows] == list(range(first + 1))
    assert find(workspace, PATH).state == "finished"
