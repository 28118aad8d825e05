"""How far a large file has come is told while it travels, both ways."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tests.remote.test_transfers_upload import FEW_PARTS, made
from tests.servers import Server

from wbart.artifact import Artifact
from wbart.recording.surroundings import enter, leave
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.progress import Event
from wbart_storage.store import create_store


@pytest.mark.parametrize("skip_cache", [False, True])
def test_the_bytes_of_one_large_file_are_told(
    serving: Callable[[str], Server], tmp_path: Path, skip_cache: bool
) -> None:
    server = serving("ministack")
    bucket = server.bucket()
    create_store(bucket, storage_options=server.options)
    settings = Settings(
        store=bucket,
        cache_dir=tmp_path / "cache",
        data_dir=tmp_path / "data",
        storage_options=dict(server.options),
    )
    path = made(tmp_path / "large", FEW_PARTS)
    (tmp_path / "small").write_bytes(b"small")
    size = path.stat().st_size + 5
    events: list[Event] = []
    at = Workspace.open(settings)
    enter(at)
    try:
        artifact = Artifact("data", "dataset")
        artifact.add_file(str(path))
        artifact.add_file(str(tmp_path / "small"))
        artifact._save(at, at.entity, at.project, progress=events.append)
        check([each for each in events if each.kind == "upload"], size)

        events.clear()
        artifact.download(str(tmp_path / "out"), progress=events.append, skip_cache=skip_cache)
        check([each for each in events if each.kind == "download"], size)
    finally:
        leave(at)
    assert (tmp_path / "out/large").read_bytes() == path.read_bytes()


def check(events: list[Event], size: int) -> None:
    assert all(each.total_size == size and each.total_files == 2 for each in events)
    assert all(a.size <= b.size and a.files <= b.files for a, b in pairwise(events))
    assert (events[-1].files, events[-1].size) == (2, size)
    steps = {each.size for each in events}
    assert len(steps) >= FEW_PARTS, "each part is told"
