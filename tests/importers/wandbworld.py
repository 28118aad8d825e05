"""What the real wandb wrote once for all tests, and a store that takes it in."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from tests.artifacts.house import House
from tests.peers.home import python_of

from wbart.api import Api
from wbart.apis.importers import ImportReport, import_runs
from wbart.apis.importers.wandb import runs_at
from wbart.artifact import Artifact
from wbart.runs.publicrun import PublicRun
from wbart_storage.objects import ObjectStore

_WRITER = Path(__file__).with_name("wandb_writer.py")


@dataclass(frozen=True)
class Written:
    """Folders that the real wandb wrote; nobody changes them."""

    folder: Path
    digests: dict[str, list[str]]
    """What wandb says of its artifacts, version by version."""

    @staticmethod
    @cache
    def below(base: Path) -> Written:
        """Made once for all who name the same folder."""
        folder = base / "wandb"
        folder.mkdir()
        command = [str(python_of("wandb")), str(_WRITER), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert not done.returncode, done.stderr
        return Written(folder, json.loads(done.stdout.splitlines()[-1]))

    def log(self, id_: str) -> Path:
        """The log of a run."""
        return next(self.folder.rglob(f"run-{id_}.wandb"))

    def copy(self, id_: str, target: Path) -> Path:
        """A copy of a run's folder that may be spoilt; its log."""
        log = self.log(id_)
        shutil.copytree(log.parent, target, symlinks=True)
        return target / log.name


class Importing:
    """A store of its own, and what was imported into it."""

    def __init__(self, house: House) -> None:
        self.house = house

    def __call__(self, path: Path, *, artifacts: bool = True) -> ImportReport:
        runs = runs_at(path)
        return import_runs(self.house.workspace, runs, artifacts=artifacts, max_workers=2)

    @cached_property
    def api(self) -> Api:
        return Api._within(self.house.workspace)

    def run(self, path: str) -> PublicRun:
        """A run, read anew."""
        return Api._within(self.house.workspace).run(path)

    def logged(self, path: str) -> dict[str, Artifact]:
        """What a run logged, by name and version."""
        return {each.name: each for each in self.run(path).logged_artifacts()}

    def file(self, path: str, name: str) -> bytes:
        """A file of a run."""
        with self.run(path).file(name).download(root=str(self.house.folder / "got")) as file:
            return Path(file.name).read_bytes()

    def keys(self) -> set[str]:
        """All that lies in the store, but for what is about to be cleared away."""
        objects: ObjectStore = self.house.workspace.store.objects
        return {stat.key for stat in objects.list("")}
