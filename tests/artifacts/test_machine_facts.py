"""What a run records of its surroundings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart.recording.machine import facts, git_facts
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.recording.systemmetrics import SystemMetrics
from wbart.runs.historyparts import HistoryParts
from wbart_storage.keys import run_prefix


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_facts_name_machine_program_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "--url", "https://ann:secret@host/x"])
    found = facts()

    assert found["program"] == "train.py"
    assert found["args"] == ["--url", "https://host/x"]
    assert found["cpu_count"] >= 1
    assert {"os", "python", "executable", "host", "root"} <= found.keys()
    json.dumps(found)


def test_git_tells_commit_and_remote_without_credentials(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "x").write_text("x")
    git(tmp_path, "add", "x")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "remote", "add", "origin", "https://ann:secret@example.org/repo.git")
    (tmp_path / "src").mkdir()

    assert git_facts(tmp_path / "src") == {
        "commit": git(tmp_path, "rev-parse", "HEAD"),
        "remote": "https://example.org/repo.git",
    }


def test_a_folder_without_commits_has_no_facts(tmp_path: Path) -> None:
    assert git_facts(tmp_path / "nowhere") is None
    git(tmp_path, "init", "-q")
    assert git_facts(tmp_path) is None


def test_samples_are_taken_when_it_is_time() -> None:
    metrics = SystemMetrics(10.0)
    for runtime in (0.0, 5.0, 10.0, 19.0, 21.0):
        metrics.sample(runtime, 1000.0 + runtime)
    rows = [json.loads(line) for line in metrics.take().splitlines()]

    assert [row["_runtime"] for row in rows] == [0.0, 10.0, 21.0]
    assert [row["_step"] for row in rows] == [0, 1, 2]
    assert 0 <= rows[0]["system.memory"] <= 100
    assert rows[0]["system.proc.memory.rssMB"] > 1
    assert metrics.take() == b""


@pytest.mark.parametrize("stats", [True, False])
def test_a_run_stores_its_facts_and_its_samples_unless_told_not_to(
    tmp_path: Path, stats: bool
) -> None:
    from dataclasses import replace

    world = World(tmp_path)
    world.settings = replace(world.settings, stats=stats)
    with world.run(id="r") as run:
        run._recorder.store()
    objects = run.workspace.store.objects
    record = read_record(objects, RunPath("ent", "proj", "r"))
    rows = list(HistoryParts(objects, run_prefix("ent", "proj", "r"), stream="events").rows())

    assert record.fields["metadata"]["python"].startswith("CPython")
    assert bool(rows) is stats
    assert sum(part.rows for part in record.events.values()) == len(rows)
