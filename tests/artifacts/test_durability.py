"""What is synced to the disk before a version is there, and what is not with `fast`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.artifacts.house import House, listing

from wbart.recording.surroundings import enter, leave
from wbart.workspace import Workspace
from wbart_storage.files import direct

FILES = {**{f"{number}": f"content {number}" for number in range(40)}, "large": "x" * 3_000_000}


@pytest.mark.parametrize("durability", ["full", "fast"])
def test_fast_syncs_records_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durability: str
) -> None:
    monkeypatch.chdir(tmp_path)
    house = House.build(tmp_path)
    workspace = Workspace.open(replace(house.workspace.settings, durability=durability))
    house = House(tmp_path, workspace, house.clock)
    synced: list[str] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(direct, "_sync_file_system", lambda folder: False)
    enter(workspace)
    try:
        artifact = house.version(FILES)
        assert listing(artifact.download("out")) == FILES
    finally:
        leave(workspace)

    below = [
        os.path.relpath(path, house.store) for path in synced if path.startswith(str(tmp_path))
    ]
    assert any(path.startswith("c/") for path in below)
    other = [path for path in below if not path.startswith("c") and path != "."]
    assert bool(other) == (durability == "full")
