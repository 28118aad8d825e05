"""Registered models of MLflow: a collection of type `model` each, linked where models are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from wbart.apis.importers.importedrun import ImportedArtifact
from wbart.apis.importers.keptartifacts import KeptArtifacts, Owner
from wbart.apis.importers.mlflow.mlflowrun import artifact_name
from wbart.apis.importers.mlflow.tracking import Tracking, VersionFacts
from wbart.artifact import Artifact
from wbart.committed import committed
from wbart.errors import CollectionNotFound, Error, NotFound
from wbart.names import LEGACY_REGISTRY
from wbart.projects.linking import link
from wbart.recording.path import RunPath
from wbart.recording.record import read_record
from wbart.references.scrub import scrub
from wbart.refs.loading import load_by_id
from wbart.runs.editing import edit
from wbart_storage.clock import rfc3339
from wbart_storage.errors import StorageError

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.recording.increment import Edge
    from wbart.workspace import Workspace

TYPE: Final = "model"
Home = Callable[[str | None], RunPath | None]
"""Where the run of an id was imported to; of None, where versions without one go."""


class Models:
    """Brings versions of registered models in, each once; what is said of them follows MLflow."""

    def __init__(self, workspace: Workspace, tracking: Tracking) -> None:
        self._workspace = workspace
        self._tracking = tracking
        self._kept = KeptArtifacts(workspace)

    def keep(self, home: Home) -> Iterator[tuple[str, str]]:
        """Bring in those whose runs were; which could not be brought in, and why."""
        for version in self._tracking.versions():
            path = home(version.run)
            if path is None:
                continue
            try:
                self._one(path, version)
            except (Error, StorageError, OSError) as error:
                yield f"{version.model}/{version.number}", str(error)

    def _one(self, path: RunPath, version: VersionFacts) -> None:
        found = self._find(path, version)
        if found is None:
            edge = self._store(path, version)
            home = f"{edge.entity}/{edge.project}/{edge.collection}"
            found = load_by_id(self._workspace, edge.id, f"{home}:v{edge.version}")
        artifact = Artifact._of(found)
        self._follow(artifact, version)
        self._link(artifact, version)

    def _find(self, path: RunPath, version: VersionFacts) -> Committed | None:
        try:
            state = self._workspace.catalog.state(path.entity, path.project, _name(version))
        except CollectionNotFound:
            return None
        number = state.aliases.get(_alias(version))
        if number is None:
            return None
        return committed(self._workspace, path.entity, path.project, _name(version), number, state)

    def _store(self, path: RunPath, version: VersionFacts) -> Edge:
        tree = self._tracking.tree(self._location(version))
        if not tree.exists:
            raise NotFound(f"its files are not at {scrub(version.location)}")

        def make() -> Artifact:
            draft = Artifact(
                _name(version),
                TYPE,
                version.description or version.model_description,
                {"mlflow": _said(version)},
            )
            tree.add_to(draft, None)
            return draft

        labels = (_alias(version), *_aliases(version))
        owner = Owner(path)
        edge = self._kept.keep(owner, ImportedArtifact(make, labels, used=not version.run))
        if version.run:
            record = read_record(self._workspace.store.objects, path)
            if edge.id not in record.logged:
                edit(self._workspace, record, {}, logged=(edge,))
        return edge

    def _location(self, version: VersionFacts) -> str:
        """Of `models:/m-…` and `runs:/id/path` the place that these stand for."""
        scheme, _, rest = version.location.partition(":/")
        rest = rest.lstrip("/")
        if scheme == "runs":
            run, _, below = rest.partition("/")
            root = self._tracking.run(run).artifact_uri
            return f"{root.rstrip('/')}/{below}"
        if scheme == "models" and version.run:
            for model in self._tracking.run(version.run).models:
                if model.id == rest:
                    return model.location
        return version.location

    def _follow(self, artifact: Artifact, version: VersionFacts) -> None:
        """Let its aliases and what is said of it be MLflow's, but for those it got here."""
        said = artifact.metadata.get("mlflow")
        if not isinstance(said, dict):
            return
        if said.get("number") == version.number and said != _said(version):
            before = _names(said)
            artifact.metadata = {**artifact.metadata, "mlflow": _said(version)}
            artifact.aliases = _changed(artifact.aliases, before, _aliases(version))
            artifact.save()

    def _link(self, artifact: Artifact, version: VersionFacts) -> None:
        """As `run.link_model`: into the portfolio of the model's name."""
        at = artifact._at("link")
        target = f"{at.place.entity}/{LEGACY_REGISTRY}/{artifact_name(version.model)}"
        linked = [each for each in artifact.linked_artifacts if each.project == LEGACY_REGISTRY]
        if not linked:
            link(at, target, [_alias(version), *_aliases(version)])
            return
        there = linked[0]
        ours = [each for each in artifact.aliases if each != "latest"]
        stale = [each for each in there.aliases if each not in (*ours, "latest")]
        if stale or not set(ours) <= set(there.aliases):
            there.aliases = _changed(there.aliases, stale, ours)
            there.save()


def _changed(aliases: Iterable[str], gone: Iterable[str], wanted: Iterable[str]) -> list[str]:
    kept = [each for each in aliases if each not in set(gone)]
    return list(dict.fromkeys((*kept, *wanted)))


def _name(version: VersionFacts) -> str:
    return artifact_name(f"{TYPE}-{version.model}")


def _alias(version: VersionFacts) -> str:
    """MLflow's number of it, by which it is found again: ours begin at 0."""
    return f"mlflow-v{version.number}"


def _aliases(version: VersionFacts) -> tuple[str, ...]:
    stage = () if version.stage in (None, "", "None") else (str(version.stage),)
    return (*version.aliases, *stage)


def _names(said: dict[str, Any]) -> list[str]:
    """The aliases that metadata told of the last time."""
    stage = said.get("stage")
    return [*said.get("aliases", ()), *([stage] if stage else [])]


def _said(version: VersionFacts) -> dict[str, Any]:
    said = {
        "model": version.model,
        "number": version.number,
        "run": version.run,
        "source": scrub(version.location),
        "stage": None if version.stage in ("", "None") else version.stage,
        "aliases": list(version.aliases),
        "tags": dict(version.tags),
        "created_at": None if version.created_ms is None else rfc3339(version.created_ms / 1000),
    }
    return {name: value for name, value in said.items() if value not in (None, [], {})}
