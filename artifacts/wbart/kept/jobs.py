"""Jobs: versions of type `job`, which W&B's launch makes. They are read here, and not run."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, NotFound, UnsupportedError
from wbart.projects.project import ArtifactCollections
from wbart.refs.loading import load

if TYPE_CHECKING:
    from wbart.workspace import Workspace

TYPE = "job"
_FILE = "wandb-job.json"


class Job:
    """A recipe for runs, as an artifact holds it."""

    def __init__(self, artifact: Artifact, path: str | None = None) -> None:
        """With path its files are downloaded there."""
        self._artifact = artifact
        self.name = artifact.qualified_name
        self.path = Path(artifact.download(path)) if path is not None else None

    @property
    def id(self) -> str | None:
        """The id of its version."""
        return self._artifact.id

    @cached_property
    def source(self) -> dict[str, Any]:
        """What its `wandb-job.json` says. Raises PathNotFound when it has none."""
        root = self.path or Path(self._artifact.download())
        self._artifact.get_entry(_FILE)
        found: dict[str, Any] = json.loads((root / _FILE).read_text(encoding="utf-8"))
        return found

    def call(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises UnsupportedError: what launches a job is an agent of W&B's."""
        raise UnsupportedError(f"job {self.name} cannot be run: that needs W&B's launch agent")

    def set_entrypoint(self, entrypoint: list[str]) -> NoReturn:
        """Raises as `call`."""
        self.call()

    def __repr__(self) -> str:
        return f"<Job {self.name}>"


def find(workspace: Workspace, name: str | None, path: str | None) -> Job:
    """The job of that name. Raises as `Api.artifact`, also for an artifact of another type."""
    if not name:
        raise ArgumentInvalid("You must specify name= to fetch a job.")
    return Job(Artifact._of(load(workspace, name, TYPE)), path)


def listed(workspace: Workspace, entity: str, project: str) -> list[dict[str, Any]]:
    """The jobs of a project in the form of W&B's answer: versions and aliases by collection."""
    try:
        collections = list(ArtifactCollections(workspace, entity, project, TYPE))
    except NotFound:
        return []
    found: list[dict[str, Any]] = []
    for collection in collections:
        versions = [
            {
                "node": {
                    "id": version.id,
                    "state": version.state,
                    "aliases": [{"alias": alias} for alias in version.aliases],
                    "artifactSequence": {"name": collection.name},
                }
            }
            for version in collection.artifacts()
        ]
        found.append({"name": collection.name, "artifacts": {"edges": versions}})
    return found
