"""MlflowRun: a run of MLflow's on its way to become one of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from itertools import chain
from typing import Any, Final

from wbart.apis.importers.importedrun import ImportedArtifact, ImportedRun, State
from wbart.apis.importers.mlflow import measurements
from wbart.apis.importers.mlflow.database import Database
from wbart.apis.importers.mlflow.folder import Folder
from wbart.apis.importers.mlflow.server import Server, head_of
from wbart.apis.importers.mlflow.tracking import (
    ACTIVE,
    DatasetFacts,
    Head,
    Measurement,
    RunFacts,
    Tracking,
)
from wbart.apis.importers.mlflow.trees import NoTree, Tree
from wbart.artifact import Artifact
from wbart.names import LENGTH
from wbart.references.scrub import scrub
from wbart_manifest.errors import EntryClash

PROJECT: Final = "imported-from-mlflow"
"""Where runs go unless a namespace says."""
ORIGIN: Final = "mlflow"
_FORM: Final = 1
"""Of what a run is made into; with another one all are made anew."""
_STATES: Final[Mapping[str, State]] = {
    "RUNNING": "running", "SCHEDULED": "running", "FINISHED": "finished", "FAILED": "failed",
    "KILLED": "killed",
}  # fmt: skip
_LOGGED_MODELS: Final = "mlflow.log-model.history"
_ILLEGAL: Final = re.compile(r"[^a-zA-Z0-9_\-.]")


class MlflowRun:
    """A run to be imported: one of MLflow's `Run` objects, and the client that found it.

    `MlflowImporter.collect_runs` makes them, too. Nothing is read before it is imported.
    """

    def __init__(self, run: Any, client: Any) -> None:
        self._head = run if isinstance(run, Head) else head_of(run)
        self.client = client
        self._tracking = tracking_of(client)
        if isinstance(self._tracking, Server) and not isinstance(run, Head):
            self._tracking.seen(run)

    @property
    def id(self) -> str:
        """Its id, there and here."""
        return self._head.id

    @property
    def lane(self) -> str:
        """The collection of its artifact: runs of one name make versions in their order."""
        return artifact_name(self._head.name or self.id)

    @property
    def tracking(self) -> Tracking:
        """The store that it lies in."""
        return self._tracking

    def read(self, *, artifacts: bool = True) -> ImportedRun:
        """What its record will say. Raises Error when it cannot be read."""
        reading = _Reading(self._tracking, self._tracking.run(self.id))
        return reading.imported(artifacts=artifacts)

    def __repr__(self) -> str:
        return f"<MlflowRun {self.id}>"


class _Reading:
    """One run while it is read."""

    def __init__(self, tracking: Tracking, facts: RunFacts) -> None:
        self._tracking = tracking
        self._facts = facts
        self._problems: list[str] = []

    def imported(self, *, artifacts: bool) -> ImportedRun:
        facts = self._facts
        marks = self._tracking.marks(facts.id)  # before what they are marks of
        found = list(self._tracking.measurements(facts.id, self._problems))
        system = [each for each in found if each.name.startswith(measurements.SYSTEM)]
        metrics = [each for each in found if not each.name.startswith(measurements.SYSTEM)]
        started = _started(facts, found)
        ended = facts.ended_ms
        runtime = max(0, ended - started) / 1000 if ended is not None else None
        trees = list(self._trees()) if artifacts else []
        return ImportedRun(
            id=facts.id,
            source=self._tracking.uri,
            origin=f"{ORIGIN}:{facts.id}",
            fingerprint=_fingerprint(asdict(facts), marks),
            artifacts_fingerprint=_fingerprint([[at, tree.marks()] for at, _, tree in trees]),
            name=facts.name or facts.id,
            project=PROJECT,
            config=self._config(),
            summary=measurements.summary(metrics, runtime),
            notes=facts.tags.get("mlflow.note.content") or None,
            group=f"Experiment {facts.experiment}",
            job_type=f"User {facts.user}" if facts.user else None,
            state=_STATES.get(facts.status, "crashed"),
            started=started / 1000,
            ended=None if ended is None else ended / 1000,
            runtime=runtime,
            metadata=self._metadata(),
            rows=lambda: measurements.rows(metrics, started),
            events=lambda: measurements.rows(system, started),
            artifacts=lambda: chain(self._files(trees), map(_dataset, facts.datasets)),
            problems=self._problems,
        )

    def _config(self) -> dict[str, Any]:
        facts = self._facts
        own = {name: value for name, value in facts.tags.items() if not name.startswith("mlflow.")}
        said: dict[str, Any] = {**facts.params, "imported_mlflow_tags": own}
        if facts.experiment_name:
            said["imported_mlflow_experiment"] = facts.experiment_name
        if parent := facts.tags.get("mlflow.parentRunId"):
            said["imported_mlflow_parent_run"] = parent
        if facts.datasets:
            said["imported_mlflow_datasets"] = [_described(each) for each in facts.datasets]
        if facts.lifecycle != ACTIVE:
            said["imported_mlflow_lifecycle"] = facts.lifecycle
        return said

    def _metadata(self) -> dict[str, Any]:
        """In the words of W&B, and all tags of MLflow's own."""
        tags = self._facts.tags
        remote = tags.get("mlflow.source.git.repoURL")
        git = {
            "commit": tags.get("mlflow.source.git.commit"),
            "branch": tags.get("mlflow.source.git.branch"),
            "remote": scrub(remote) if remote else None,
        }
        own = {name: value for name, value in tags.items() if name.startswith("mlflow.")}
        said = {
            "program": tags.get("mlflow.source.name"),
            "username": tags.get("mlflow.user") or self._facts.user,
            "git": {name: value for name, value in git.items() if value},
            "mlflow": {"artifact_uri": scrub(self._facts.artifact_uri), "tags": own},
        }
        return {name: value for name, value in said.items() if value}

    def _trees(self) -> Iterator[tuple[str | None, str, Tree]]:
        """The places with files of the run: below which folder they go, and what they are."""
        facts = self._facts
        tree = self._tracking.tree(facts.artifact_uri)
        if tree.exists:
            yield None, facts.id, tree
        elif isinstance(tree, NoTree):
            self._problems.append(f"its artifacts cannot be read: {tree.reason}")
        elif self._had_artifacts():
            self._problems.append(f"its artifacts are not at {scrub(facts.artifact_uri)}")
        for model in facts.models:
            tree = self._tracking.tree(model.location)
            if tree.exists:
                yield model.name, model.id, tree
            else:
                self._problems.append(f"its model is not at {scrub(model.location)}")

    def _had_artifacts(self) -> bool:
        """Whether there must have been a folder: where experiments lie MLflow makes one at once."""
        names = self._facts.artifact_uri.rstrip("/").split("/")
        inside = isinstance(self._tracking, Folder) and names[-3:-2] == [self._facts.experiment]
        return inside or _LOGGED_MODELS in self._facts.tags

    def _files(self, trees: list[tuple[str | None, str, Tree]]) -> Iterator[ImportedArtifact]:
        """One artifact with everything, if there is anything."""
        filled = [each for each in trees if each[2].marks()]
        if not filled:
            return

        def make() -> Artifact:
            draft = Artifact(
                artifact_name(self._facts.name or self._facts.id), "imported-artifacts"
            )
            for below, id_, tree in filled:
                try:
                    tree.add_to(draft, below)
                except EntryClash:
                    tree.add_to(draft, id_)  # several models of one name
            return draft

        yield ImportedArtifact(make, aliases=("imported",))


def tracking_of(client: Any) -> Tracking:
    """The client itself if it is one of ours, else MLflow's behind our face."""
    if isinstance(client, Database | Folder | Server):
        return client
    return Server(client, str(getattr(client, "tracking_uri", None) or ORIGIN))


def artifact_name(text: str) -> str:
    """The text as the name of an artifact: each illegal character becomes `__`."""
    name = _ILLEGAL.sub("__", text)[:LENGTH]
    return "__" if name in ("", ".", "..") else name


def _dataset(facts: DatasetFacts) -> ImportedArtifact:
    """A version for each digest of MLflow's: what it says of the dataset, without its bytes."""
    said = {name: value for name, value in _described(facts).items() if name != "context"}

    def make() -> Artifact:
        metadata = {**said, "schema": _parsed(facts.schema), "profile": _parsed(facts.profile)}
        draft = Artifact(artifact_name(f"dataset-{facts.name}"), "dataset", metadata=metadata)
        with draft.new_file("mlflow-dataset.json") as file:
            json.dump(metadata, file, indent=1, sort_keys=True)
        return draft

    return ImportedArtifact(make, used=True)


def _described(facts: DatasetFacts) -> dict[str, Any]:
    said = {
        "name": facts.name,
        "digest": facts.digest,
        "source_type": facts.source_type,
        "source": _parsed(scrub(facts.source)),
        "context": facts.context,
    }
    return {name: value for name, value in said.items() if value is not None}


def _parsed(text: str | None) -> Any:
    """What MLflow keeps as JSON; as text what is none."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _started(facts: RunFacts, found: list[Measurement]) -> int:
    """In milliseconds: as it says, else when it first measured, else when it ended."""
    if facts.started_ms is not None:
        return facts.started_ms
    return min((each.ms for each in found), default=facts.ended_ms or 0)


def _fingerprint(*said: object) -> str:
    text = json.dumps([_FORM, *said], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()
