"""MlflowImporter: W&B's importer of MLflow's runs, without W&B's server."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wbart import names
from wbart.apis.importers.importing import import_runs
from wbart.apis.importers.mlflow.mlflowrun import PROJECT, MlflowRun
from wbart.apis.importers.mlflow.models import Models
from wbart.apis.importers.mlflow.opening import open_tracking
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.recording import surroundings
from wbart.recording.path import RunPath
from wbart_storage.progress import Progress, silent

if TYPE_CHECKING:
    from wbart.apis.importers.importedrun import ImportedRun
    from wbart.apis.importers.importreport import ImportReport
    from wbart.apis.importers.mlflow.tracking import Tracking
    from wbart.apis.importers.namespace import Namespace
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)


class MlflowImporter:
    """Imports runs and registered models of an MLflow tracking store into a store of ours."""

    def __init__(
        self,
        dst_base_url: str | None = None,
        dst_api_key: str | None = None,
        mlflow_tracking_uri: str | os.PathLike[str] | None = None,
        mlflow_registry_uri: str | None = None,
        *,
        custom_api_kwargs: Mapping[str, Any] | None = None,
        store: str | os.PathLike[str] | None = None,
        settings: object = None,
    ) -> None:
        """A URI of MLflow's, or a path: `sqlite:///mlflow.db`, `mlruns`, `http://…`, `databricks`.

        A single positional argument is that URI. dst_base_url, dst_api_key and custom_api_kwargs
        are for W&B's server and mean nothing here. Runs go to store, or where `init` would log to.
        """
        if mlflow_tracking_uri is None and dst_api_key is None:
            mlflow_tracking_uri = dst_base_url
        if mlflow_tracking_uri is None:
            raise ArgumentTypeInvalid("MlflowImporter needs an mlflow_tracking_uri")
        self.mlflow_tracking_uri = os.fspath(mlflow_tracking_uri)
        self._registry_uri = mlflow_registry_uri
        self._store = store
        self._settings = settings

    def collect_runs(self, limit: int | None = None) -> Sequence[MlflowRun]:
        """All runs of all experiments, deleted ones too, oldest first; at most limit of them."""
        if limit is not None and limit < 0:
            raise ArgumentInvalid(f"limit must be 0 or more, not {limit}")
        heads = self._tracking.heads(limit)
        return MlflowRuns((MlflowRun(each, self._tracking) for each in heads), whole=limit is None)

    def import_runs(
        self,
        runs: Iterable[MlflowRun],
        *,
        artifacts: bool = True,
        namespace: Namespace | None = None,
        parallel: bool = True,
        max_workers: int | None = None,
        progress: Progress = silent,
    ) -> ImportReport:
        """Import runs, and the registered models that came of them; what is there is not again.

        They go to the project `imported-from-mlflow` unless a namespace says. A run that fails
        costs no other: the report, and a warning each, tell of it at the end.
        """
        report = self.bring(
            self._workspace,
            runs,
            artifacts=artifacts,
            namespace=namespace,
            parallel=parallel,
            max_workers=max_workers,
            progress=progress,
        )
        for line in report.troubles:
            log.warning("%s", line)
        return report

    def bring(
        self,
        workspace: Workspace,
        runs: Iterable[MlflowRun],
        *,
        artifacts: bool,
        namespace: Namespace | None,
        parallel: bool = True,
        max_workers: int | None = None,
        progress: Progress = silent,
    ) -> ImportReport:
        """As `import_runs`, into a workspace that is open, and without a word."""
        given = runs if isinstance(runs, MlflowRuns) else MlflowRuns(runs, whole=False)
        report = import_runs(
            workspace,
            [_Chosen(run, artifacts) for run in given],
            namespace=namespace,
            artifacts=artifacts,
            parallel=parallel,
            max_workers=max_workers,
            progress=progress,
        )
        if artifacts:
            surroundings.enter(workspace)
            try:
                report.damaged += self._models(workspace, given, report, namespace)
            finally:
                surroundings.leave(workspace)
        return report

    def _models(
        self,
        workspace: Workspace,
        runs: MlflowRuns,
        report: ImportReport,
        namespace: Namespace | None,
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        there = {path.id: path for path in (*report.imported, *report.updated, *report.unchanged)}
        failed = {id_ for id_, _ in report.failed}

        def home(run: str | None) -> RunPath | None:
            if run is not None and (run in there or run in failed or not runs.whole):
                return there.get(run)
            return _nowhere(workspace, namespace) if runs.whole else None

        for tracking in self._trackings(runs):
            for model, reason in Models(workspace, tracking).keep(home):
                yield f"model {model}", (reason,)

    def _trackings(self, runs: MlflowRuns) -> list[Tracking]:
        """Where the models are: beside the runs, unless a registry was named."""
        if self._registry_uri is not None:
            return [open_tracking(self.mlflow_tracking_uri, self._registry_uri)]
        found = {id(run.client): run.tracking for run in runs}
        return list(found.values()) or ([self._tracking] if runs.whole else [])

    @cached_property
    def _tracking(self) -> Tracking:
        return open_tracking(self.mlflow_tracking_uri, self._registry_uri)

    @cached_property
    def _workspace(self) -> Workspace:
        return surroundings.open_workspace(self._store, None, None, self._settings)


class MlflowRuns(Sequence[MlflowRun]):
    """Runs to be imported, and whether they are all that their store has."""

    def __init__(self, runs: Iterable[MlflowRun], *, whole: bool) -> None:
        self._runs = list(runs)
        self.whole = whole

    def __len__(self) -> int:
        return len(self._runs)

    def __getitem__(self, index: Any) -> Any:
        return self._runs[index]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A run with or without its artifacts."""

    run: MlflowRun
    artifacts: bool

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def lane(self) -> str:
        return self.run.lane

    def read(self) -> ImportedRun:
        return self.run.read(artifacts=self.artifacts)


def _nowhere(workspace: Workspace, namespace: Namespace | None) -> RunPath:
    """The home of what no run logged."""
    entity = (namespace and namespace.entity) or workspace.entity
    project = (namespace and namespace.project) or PROJECT
    return RunPath(names.entity(entity), names.project(project), "")
