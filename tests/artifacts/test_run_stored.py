"""Files of runs go into the store and come back, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts.world import World

from wbart.recording.record import Increment, decode
from wbart.recording.stored import put_files, wanted_file
from wbart.workspace import Workspace
from wbart_storage.errors import SourceChanged


@pytest.mark.parametrize("count", [1, 40])
def test_files_are_stored_and_read_back(tmp_path: Path, count: int) -> None:
    world = World(tmp_path)
    workspace = Workspace.open(world.settings)
    texts = {f"logs/{n}.txt": f"line {n}" for n in range(count)}
    texts |= {"empty": "", "large.bin": "x" * (2 << 20)}
    local = {name: world.file(name, text) for name, text in texts.items()}
    facts = put_files(workspace, local)
    said = Increment(kind="edit", writer="a", actor="ada", ts=1.0, files=dict(facts))
    facts = {path: fact for path, fact in decode(said.encode(), "k").files.items() if fact}

    assert facts["logs/0.txt"].mimetype == "text/plain"
    blobs = workspace.store.blobs
    read = {path: blobs.read(wanted_file(path, fact)).decode() for path, fact in facts.items()}
    assert read == texts
    assert bool(facts["logs/0.txt"].pack) is (count > 16)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    workspace = Workspace.open(World(tmp_path).settings)
    with pytest.raises(SourceChanged, match="nothing"):
        put_files(workspace, {"x": tmp_path / "nothing"})
