"""Scripts that end without `finish`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart.recording.path import RunPath
from wbart.runs.runs import find
from wbart.workspace import Workspace

SCRIPT = """
import sys
from pathlib import Path
from tests.artifacts.world import World
from wbart.artifact import Artifact

world = World(Path(sys.argv[1]))
run = world.run(id="r")
for n in range(3):
    draft = Artifact(f"data{n}", "dataset")
    for m in range(40):
        draft.add_file(world.file("x", f"{n} {m}"), name=f"{m}")
    run.log_artifact(draft)
run.log({"a": 1})
"""


def ended(folder: Path, more: str) -> tuple[int, Workspace]:
    """Run the script in a process of its own: its exit code, and what it left."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + more, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, Workspace.open(World(folder).settings)


@pytest.mark.parametrize(
    ("more", "code", "state"), [("", 0, "finished"), ("raise KeyError('mine')", 1, "failed")]
)
def test_uploads_and_the_run_come_to_their_end(
    tmp_path: Path, more: str, code: int, state: str
) -> None:
    exit_code, workspace = ended(tmp_path, more)
    run = find(workspace, RunPath("ent", "proj", "r"))

    assert exit_code == code
    assert run.state == state
    assert sorted(artifact.name for artifact in run.logged_artifacts()) == [
        "data0:v0",
        "data1:v0",
        "data2:v0",
    ]
    assert run.summary["a"] == 1


def test_a_killed_run_keeps_what_was_stored_and_can_be_resumed(tmp_path: Path) -> None:
    kill = "draft.wait(); import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    exit_code, workspace = ended(tmp_path, kill)
    run = find(workspace, RunPath("ent", "proj", "r"))

    assert (exit_code, run.state) == (-9, "crashed")
    assert "data2:v0" in [artifact.name for artifact in run.logged_artifacts()]
    with World(tmp_path).run(id="r", resume="must") as again:
        again.log({"a": 2})
    assert run.load(force=True).state == "finished"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_end_the_run_of_its_parent(tmp_path: Path) -> None:
    fork = """
import os
if os.fork() == 0:
    sys.exit(0)  # goes through the whole end of the interpreter
os.wait()
assert run.state == "running"
run.log({"b": 1})
"""
    exit_code, workspace = ended(tmp_path, fork)
    run = find(workspace, RunPath("ent", "proj", "r"))

    assert (exit_code, run.state, run.summary["b"]) == (0, "finished", 1)
