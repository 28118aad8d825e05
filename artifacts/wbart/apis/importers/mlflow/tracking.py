"""What an MLflow tracking store says, however it is kept, and the way to ask one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from wbart.apis.importers.mlflow.trees import Tree

ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True)
class Head:
    """A run as a list of runs shows it."""

    id: str
    name: str
    started_ms: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of a metric. Infinities and NaN are themselves."""

    name: str
    value: float
    ms: int
    """Since the epoch."""
    step: int


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """A dataset that a run took in, as MLflow describes it; its bytes it does not have."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    context: str | None = None
    """What it was used for: training, evaluation."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A logged model of MLflow 3: files of a run that lie outside of the run's own."""

    id: str
    name: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that is said of a run but for its metrics."""

    id: str
    name: str
    experiment: str
    experiment_name: str | None
    user: str | None
    status: str
    """RUNNING, SCHEDULED, FINISHED, FAILED, KILLED."""
    started_ms: int | None
    ended_ms: int | None
    lifecycle: str
    """`active` or `deleted`."""
    artifact_uri: str
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: tuple[DatasetFacts, ...] = ()
    models: tuple[ModelFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """A version of a registered model."""

    model: str
    number: int
    run: str | None
    location: str
    """Where its files lie: a URI, one of `models:/` or `runs:/` included."""
    description: str | None = None
    model_description: str | None = None
    stage: str | None = None
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    created_ms: int | None = None


class Tracking(Protocol):
    """A tracking store that can be read. Safe to share between threads."""

    @property
    def uri(self) -> str:
        """Where it is; without credentials."""
        ...

    def heads(self, limit: int | None) -> Iterable[Head]:
        """The runs of all experiments, deleted ones too, oldest first; at most so many."""
        ...

    def run(self, id_: str) -> RunFacts:
        """The run of that id. Raises Error when it cannot be read."""
        ...

    def marks(self, id_: str) -> object:
        """What differs once the run has other metrics; JSON."""
        ...

    def measurements(self, id_: str, problems: list[str]) -> Iterable[Measurement]:
        """The metrics of a run by step, and by time within one. What is none is a problem."""
        ...

    def tree(self, uri: str) -> Tree:
        """The files at a URI as the store has them."""
        ...

    def versions(self) -> Iterable[VersionFacts]:
        """The versions of all registered models, those of each in order."""
        ...
