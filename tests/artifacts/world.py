"""A store of its own for each test, and short ways to fill it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wbart.artifact import Artifact
from wbart.calls import init
from wbart.recording.liverun import Run
from wbart.settings.settings import Settings


class World:
    """A folder with a store, cache and data folder of its own."""

    def __init__(self, folder: Path, sync: bool = False) -> None:
        self.folder = folder
        self.settings = Settings(
            store=str(folder / "store"),
            cache_dir=folder / "cache",
            data_dir=folder / "data",
            artifact_dir=folder / "artifacts",
            entity="ent",
            project="proj",
            sync=sync,
        )

    def run(self, **arguments: Any) -> Run:
        """Begin a run in the store."""
        return init(settings=self.settings, **arguments)

    def file(self, name: str, text: str) -> Path:
        """A local file."""
        path = self.folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def draft(self, text: str, name: str = "data", type: str = "dataset") -> Artifact:
        """A draft with one file, `x.txt`, that holds the text. Call it inside of a run."""
        draft = Artifact(name, type)
        draft.add_file(self.file("x.txt", text))
        return draft
