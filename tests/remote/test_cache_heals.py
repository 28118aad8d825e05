"""A distant store is healed from what this machine has cached of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.artifacts.house import listing
from tests.servers import Server

from wbart.artifact import Artifact
from wbart.recording.surroundings import enter, leave
from wbart.settings.settings import Settings
from wbart.workspace import Workspace
from wbart_storage.store import create_store

FILES = {
    **{f"{number:02}": f"content {number}" * 50 for number in range(40)},
    "large": "x" * 3_000_000,
}


def test_the_cache_heals_a_bucket(serving: Callable[[str], Server], tmp_path: Path) -> None:
    server = serving("ministack")
    url = server.bucket()
    create_store(url, storage_options=server.options)
    settings = Settings(
        store=url, cache_dir=tmp_path / "cache", data_dir=tmp_path, storage_options=server.options
    )
    workspace = Workspace.open(settings)
    enter(workspace)
    try:
        draft = Artifact("data", "dataset")
        for path, text in FILES.items():
            with draft.new_file(path) as file:
                file.write(text)
        draft._save(workspace, "ann", "zoo")
        assert listing(draft.download(tmp_path / "out")) == FILES
        objects = workspace.store.objects
        for kind in ("k/", "o/"):
            (key,) = [stat.key for stat in objects.list(kind)]
            objects.delete([key])

        assert len(draft.verify_stored().missing) == 41
        assert draft.verify_stored(repair_from="cache").ok
        assert draft.verify_stored().ok
    finally:
        leave(workspace)
