"""What a run logged up to a second before it was killed is there afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.runs.historyparts import HistoryParts
from wbart.runs.runs import find
from wbart.workspace import Workspace
from wbart_storage.keys import run_prefix

PATH = RunPath("ent", "proj", "r")


def killed(folder: Path, how: str, with_signal: int) -> int:
    """Let a run log for a while and kill it; a step that it logged a second before or earlier."""
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
    return max(step for at, step in seen if at < now - 1)


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
