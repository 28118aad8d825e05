"""A tracking store that is asked through the `mlflow` client: a server, Databricks, Postgres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from wbart.apis.importers.mlflow.measurements import in_order, value_of
from wbart.apis.importers.mlflow.tracking import (
    ACTIVE,
    DatasetFacts,
    Head,
    Measurement,
    ModelFacts,
    RunFacts,
    VersionFacts,
)
from wbart.apis.importers.mlflow.trees import FetchedTree, Tree, tree_at
from wbart.errors import CommError, Error, UsageError
from wbart.references.scrub import scrub

_PAGE: Final = 1000
_OURS: Final = ("", "file", "s3", "gs", "abfss", "wasbs")
"""Schemes of files that need no server."""


class Server:
    """A tracking store behind a client of MLflow's."""

    def __init__(self, client: Any, uri: str) -> None:
        self._client = client
        self._uri = uri
        self._seen: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    @classmethod
    def open(cls, tracking_uri: str, registry_uri: str | None = None) -> Server:
        """Ask the `mlflow` package for a client. Raises UsageError where it is not installed."""
        try:
            mlflow = import_module("mlflow")
        except ImportError as error:
            raise UsageError(
                f"to read {scrub(tracking_uri)} needs MLflow's client: pip install mlflow-skinny"
            ) from error
        with _told(tracking_uri):
            client = mlflow.tracking.MlflowClient(tracking_uri, registry_uri)
        return cls(client, tracking_uri)

    @property
    def uri(self) -> str:
        return scrub(self._uri)

    def seen(self, run: Any) -> None:
        """Remember a run that was given, so that it is not asked for again."""
        self._seen[run.info.run_id] = run

    def heads(self, limit: int | None) -> Iterator[Head]:
        found = []
        for run in self._all_runs(limit):
            self.seen(run)
            found.append(head_of(run))
        return iter(sorted(found, key=lambda head: (head.started_ms, head.id)))

    def run(self, id_: str) -> RunFacts:
        run = self._run(id_)
        info, data = run.info, run.data
        return RunFacts(
            id=id_,
            name=head_of(run).name,
            experiment=str(info.experiment_id),
            experiment_name=self._experiment(str(info.experiment_id)),
            user=data.tags.get("mlflow.user") or getattr(info, "user_id", None),
            status=str(info.status),
            started_ms=info.start_time,
            ended_ms=info.end_time,
            lifecycle=info.lifecycle_stage or ACTIVE,
            artifact_uri=info.artifact_uri or "",
            params=dict(sorted(data.params.items())),
            tags=dict(sorted(data.tags.items())),
            datasets=tuple(_datasets(run)),
            models=tuple(self._models(run)),
        )

    def marks(self, id_: str) -> object:
        run = self._run(id_)
        return sorted([name, repr(value)] for name, value in run.data.metrics.items())

    def measurements(self, id_: str, problems: list[str]) -> Iterable[Measurement]:
        found: list[Measurement] = []
        with _told(self._uri):
            for name in self._run(id_).data.metrics:
                found += [
                    Measurement(name, value_of(each.value), each.timestamp, each.step)
                    for each in self._client.get_metric_history(id_, name)
                ]
        return in_order(found)

    def tree(self, uri: str) -> Tree:
        if urlsplit(uri).scheme.lower() in _OURS:
            return tree_at(uri, ())
        artifacts = import_module("mlflow.artifacts")

        def fetch(folder: Path) -> Path:
            with _told(uri):
                return Path(
                    artifacts.download_artifacts(
                        artifact_uri=uri, dst_path=str(folder), tracking_uri=self._uri
                    )
                )

        def listed() -> object:
            with _told(uri):
                return list(_listed(artifacts, uri, self._uri))

        return FetchedTree(listed, fetch)

    def versions(self) -> Iterator[VersionFacts]:
        with _told(self._uri):
            for model in _pages(self._client.search_registered_models):
                # A search does not say the aliases of versions, a single model does.
                whole = self._client.get_registered_model(model.name)
                escaped = model.name.replace("'", "''")
                found = _pages(self._client.search_model_versions, f"name='{escaped}'")
                for each in sorted(found, key=lambda each: int(each.version)):
                    yield self._version(whole, each)

    def _version(self, model: Any, version: Any) -> VersionFacts:
        aliases = getattr(model, "aliases", None) or {}
        number = int(version.version)
        location = self._client.get_model_version_download_uri(version.name, str(number))
        return VersionFacts(
            model=version.name,
            number=number,
            run=version.run_id or None,
            location=location or version.source or "",
            description=version.description or None,
            model_description=model.description or None,
            stage=version.current_stage,
            aliases=tuple(sorted(a for a, at in aliases.items() if str(at) == str(number))),
            tags=dict(version.tags or {}),
            created_ms=version.creation_timestamp,
        )

    def _all_runs(self, limit: int | None) -> Iterator[Any]:
        entities = import_module("mlflow.entities")
        count = 0
        with _told(self._uri):
            everything = entities.ViewType.ALL
            experiments = [
                each.experiment_id
                for each in _pages(self._client.search_experiments, view_type=everything)
            ]
            for experiment in experiments:
                search = self._client.search_runs
                for run in _pages(search, [experiment], run_view_type=everything):
                    if limit is not None and count >= limit:
                        return
                    count += 1
                    yield run

    def _experiment(self, id_: str) -> str:
        if id_ not in self._names:
            with _told(self._uri):
                self._names[id_] = str(self._client.get_experiment(id_).name)
        return self._names[id_]

    def _run(self, id_: str) -> Any:
        if id_ not in self._seen:
            with _told(self._uri):
                self._seen[id_] = self._client.get_run(id_)
        return self._seen[id_]

    def _models(self, run: Any) -> Iterator[ModelFacts]:
        outputs = getattr(getattr(run, "outputs", None), "model_outputs", None) or ()
        with _told(self._uri):
            for each in outputs:
                model = self._client.get_logged_model(each.model_id)
                yield ModelFacts(each.model_id, model.name, model.artifact_location)


def head_of(run: Any) -> Head:
    """What a list shows of a run of MLflow's."""
    info = run.info
    name = getattr(info, "run_name", None) or run.data.tags.get("mlflow.runName")
    return Head(info.run_id, name or "", info.start_time or 0)


def _datasets(run: Any) -> Iterator[DatasetFacts]:
    for each in getattr(getattr(run, "inputs", None), "dataset_inputs", None) or ():
        dataset = each.dataset
        context = [tag.value for tag in each.tags if tag.key == "mlflow.data.context"]
        yield DatasetFacts(
            dataset.name,
            dataset.digest,
            dataset.source_type,
            dataset.source,
            dataset.schema,
            dataset.profile,
            context[0] if context else None,
        )


def _listed(artifacts: Any, uri: str, tracking_uri: str) -> Iterator[list[object]]:
    """Paths and sizes, folder by folder."""
    for each in artifacts.list_artifacts(artifact_uri=uri, tracking_uri=tracking_uri):
        if each.is_dir:
            name = each.path.rstrip("/").rpartition("/")[2]
            inside = _listed(artifacts, f"{uri.rstrip('/')}/{name}", tracking_uri)
            yield from ([f"{name}/{path}", size] for path, size in inside)
        else:
            yield [each.path.rpartition("/")[2], each.file_size]


def _pages(search: Any, *given: Any, **named: Any) -> Iterator[Any]:
    """All that a search of MLflow's finds, page by page."""
    token = None
    while True:
        page = search(*given, **named, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


class _told:
    """Turns what the client raises into one line of ours."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, Error | OSError):
            reason = " ".join(str(error).split())[:300]
            raise CommError(f"MLflow at {scrub(self._uri)}: {reason}", error) from error
