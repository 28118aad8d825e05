"""An import that is killed leaves whole runs only, and the next one goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.artifacts.world import World
from tests.crash.import_victim import COUNT, ROWS, taken

from wbart.api import Api
from wbart.errors import CollectionNotFound
from wbart.runs.publicrun import PublicRun
from wbart.workspace import Workspace


def killed(folder: Path, at: int) -> None:
    """Import until the run of that number begins to be, then kill the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.import_victim", str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= at:
            break
    process.kill()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL


def runs_of(workspace: Workspace) -> dict[str, PublicRun]:
    return {run.id: run for run in Api._within(workspace).runs("ent/proj")}


def check_whole(run: PublicRun) -> None:
    number = int(run.id.removeprefix("r"))
    assert run.state == "finished"
    assert [row["n"] for row in run.scan_history()] == [number] * ROWS
    assert "log" in {file.name for file in run.files()}
    (logged,) = run.logged_artifacts()
    assert f"of-{number}" in logged.aliases


@pytest.mark.parametrize("at", [14, 21, 40])
def test_a_killed_import_leaves_whole_runs_and_goes_on(tmp_path: Path, at: int) -> None:
    killed(tmp_path, at)
    workspace = Workspace.open(World(tmp_path).settings)
    before = runs_of(workspace)
    for run in before.values():
        check_whole(run)
    versions = 0
    try:
        versions = len(workspace.catalog.state("ent", "proj", "net").versions)
    except CollectionNotFound:
        assert not before
    assert len(before) <= versions <= len(before) + 1  # one may wait whole for its run

    report = taken(tmp_path)

    assert len(report.unchanged) == len(before)
    assert len(report.imported) == COUNT - len(before)
    after = runs_of(Workspace.open(World(tmp_path).settings))
    assert len(after) == COUNT
    for run in after.values():
        check_whole(run)
    state = workspace.catalog.state("ent", "proj", "net")
    assert len(state.versions) == COUNT
    assert [f"of-{each.number}" in each.aliases for each in state.versions] == [True] * COUNT
