"""An `mlruns` folder, read without MLflow: a file for each thing, some of them YAML."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from wbart.apis.importers.mlflow.measurements import in_order
from wbart.apis.importers.mlflow.tracking import (
    ACTIVE,
    DatasetFacts,
    Head,
    Measurement,
    ModelFacts,
    RunFacts,
    VersionFacts,
)
from wbart.apis.importers.mlflow.trees import LocalTree, Tree, tree_at
from wbart.errors import Error, NotFound, UsageError

_META: Final = "meta.yaml"
_TRASH: Final = ".trash"
_MODELS: Final = "models"
_STATUS: Final = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


class Folder:
    """The tracking store in a folder, which is never written to."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound when no experiment lies there."""
        self._path = path.absolute()
        if not self._experiments:
            raise NotFound(f"no experiment of MLflow's lies in {path}")

    @property
    def uri(self) -> str:
        return self._path.as_uri()

    def heads(self, limit: int | None) -> Iterable[Head]:
        found = []
        for id_, folder in self._runs.items():
            try:
                meta = _meta(folder)
                name = _text(folder / "tags/mlflow.runName") or meta.get("run_name")
                found.append(Head(id_, str(name or ""), int(meta.get("start_time") or 0)))
            except (Error, ValueError, TypeError):
                found.append(Head(id_, "", 0))  # to read it says what is wrong with it
        return sorted(found, key=lambda head: (head.started_ms, head.id))[:limit]

    def run(self, id_: str) -> RunFacts:
        folder = self._folder(id_)
        meta = _meta(folder)
        tags = _pairs(folder / "tags")
        experiment = self._experiments[folder.parent]
        status = meta.get("status")
        return RunFacts(
            id=id_,
            name=str(tags.get("mlflow.runName") or meta.get("run_name") or ""),
            experiment=str(meta.get("experiment_id", folder.parent.name)),
            experiment_name=experiment.get("name"),
            user=meta.get("user_id"),
            status=_STATUS.get(status, str(status)) if isinstance(status, int) else str(status),
            started_ms=meta.get("start_time"),
            ended_ms=meta.get("end_time"),
            lifecycle=str(meta.get("lifecycle_stage") or ACTIVE),
            artifact_uri=str(meta.get("artifact_uri") or folder / "artifacts"),
            params=_pairs(folder / "params"),
            tags=tags,
            datasets=tuple(self._datasets(folder)),
            models=tuple(self._logged_models(folder)),
        )

    def marks(self, id_: str) -> object:
        return LocalTree(self._folder(id_) / "metrics").marks() if self._has_metrics(id_) else []

    def measurements(self, id_: str, problems: list[str]) -> Iterable[Measurement]:
        found: list[Measurement] = []
        folder = self._folder(id_) / "metrics"
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            for number, line in enumerate(_lines(path), 1):
                try:
                    found.append(_measurement(name, line))
                except ValueError:
                    problems.append(
                        f"metric {name}: line {number} is no measurement: {line[:80]!r}"
                    )
        return in_order(found)

    def tree(self, uri: str) -> Tree:
        return tree_at(uri, [self._path, self._path.parent])

    def versions(self) -> Iterator[VersionFacts]:
        for folder in _folders(self._path / _MODELS):
            model = _meta(folder)
            aliases = model.get("aliases") or {}
            numbered = [(_meta(each), each) for each in _folders(folder)
                        if each.name.startswith("version-")]  # fmt: skip
            for meta, path in sorted(numbered, key=lambda each: int(each[0]["version"])):
                number = int(meta["version"])
                yield VersionFacts(
                    model=str(meta.get("name") or model.get("name") or folder.name),
                    number=number,
                    run=meta.get("run_id") or None,
                    location=str(meta.get("storage_location") or meta.get("source") or ""),
                    description=meta.get("description") or None,
                    model_description=model.get("description") or None,
                    stage=meta.get("current_stage"),
                    aliases=tuple(sorted(a for a, at in aliases.items() if str(at) == str(number))),
                    tags=_pairs(path / "tags"),
                    created_ms=meta.get("creation_timestamp"),
                )

    @cached_property
    def _experiments(self) -> Mapping[Path, Mapping[str, Any]]:
        """The experiments by folder; those that were deleted lie in the trash."""
        places = (*_folders(self._path), *_folders(self._path / _TRASH))
        named = [each for each in places if each.name not in (_MODELS, _TRASH)]
        return {each: _meta(each) for each in named if (each / _META).is_file()}

    @cached_property
    def _runs(self) -> Mapping[str, Path]:
        """The folders of runs by id."""
        own = ("datasets", _MODELS, "tags", "traces")
        return {
            each.name: each
            for experiment in self._experiments
            for each in _folders(experiment)
            if each.name not in own and not each.name.startswith(".")
        }

    def _folder(self, id_: str) -> Path:
        if id_ not in self._runs:
            raise NotFound(f"no run {id_} in {self._path}")
        return self._runs[id_]

    def _has_metrics(self, id_: str) -> bool:
        return (self._folder(id_) / "metrics").is_dir()

    def _datasets(self, run: Path) -> Iterator[DatasetFacts]:
        for folder in _folders(run / "inputs"):
            said = _meta(folder)
            if said.get("source_type") != "DATASET":
                continue
            meta = _meta(run.parent / "datasets" / str(said["source_id"]))
            tags = said.get("tags") or {}
            yield DatasetFacts(
                str(meta.get("name")),
                str(meta.get("digest")),
                str(meta.get("source_type")),
                str(meta.get("source")),
                meta.get("schema"),
                meta.get("profile"),
                tags.get("mlflow.data.context"),
            )

    def _logged_models(self, run: Path) -> Iterator[ModelFacts]:
        for folder in _folders(run / "outputs"):
            at = run.parent / _MODELS / folder.name
            meta = _meta(at)
            location = str(meta.get("artifact_location") or at / "artifacts")
            yield ModelFacts(folder.name, str(meta.get("name") or folder.name), location)


def _meta(folder: Path) -> Mapping[str, Any]:
    """The folder's `meta.yaml`. Raises Error, naming the file."""
    yaml = _yaml()
    path = folder / _META
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise Error(f"{path} cannot be read: {reason}") from error
    if not isinstance(found, dict):
        raise Error(f"{path} says nothing")
    return found


def _yaml() -> Any:
    try:
        return import_module("yaml")
    except ImportError as error:
        raise UsageError(
            "an mlruns folder is read with PyYAML: pip install 'wbart[importers]'"
        ) from error


def _measurement(name: str, line: str) -> Measurement:
    """A line of a metric's file: time, value and, since MLflow 1.0, step. Raises ValueError."""
    ms, value, step, *_ = (*line.split(), "0")
    return Measurement(name, float(value), int(ms), int(step))


def _pairs(folder: Path) -> dict[str, str]:
    """A file for each name, with the value in it; names may have slashes."""
    return {path.relative_to(folder).as_posix(): _text(path) for path in _files(folder)}


def _files(folder: Path) -> list[Path]:
    return sorted(Path(at, name) for at, _, names in os.walk(folder) for name in names)


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


def _lines(path: Path) -> list[str]:
    return [line for line in _text(path).splitlines() if line.strip()]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
