"""A run as another tool recorded it, on its way to become one of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from wbart.artifact import Artifact

State = Literal["running", "finished", "failed", "killed", "crashed"]
Rows = Callable[[], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class ImportedArtifact:
    """A version that the run logged, or used."""

    make: Callable[[], Artifact]
    """A draft with its files, made when it is to be stored; or a version that is there already."""
    aliases: tuple[str, ...] = ()
    """Besides `latest`."""
    tags: tuple[str, ...] = ()
    digest: str | None = None
    """What `Artifact.digest` must be, where the source says; the run fails otherwise."""
    used: bool = False
    """Whether the run took it in instead of bringing it forth."""


def _none() -> Iterable[Any]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """What a run's record will say, and where its rows, files and artifacts come from.

    Each of the callables is called once at most, in a thread of the importer, and only if the
    fingerprint is not the one that was imported last. What they cannot read they may tell in
    `problems`; what they raise fails the run, and then nothing of it is seen.
    """

    id: str
    source: str
    """Where it was read, as a URI without credentials."""
    fingerprint: str
    """Another one when the source has something else to say."""
    artifacts_fingerprint: str = ""
    """The same of its artifacts, for who may leave them behind."""
    origin: str = ""
    """Tells it from other runs with its id, wherever it is read; the source unless it is said."""
    lane: str = ""
    """Runs of one lane are imported in the order given: those that log to one collection."""
    name: str | None = None
    entity: str | None = None
    project: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    notes: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    job_type: str | None = None
    state: State = "finished"
    started: float
    """Seconds since the epoch."""
    ended: float | None = None
    runtime: float | None = None
    """Seconds; from start to end unless it is said."""
    exit_code: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What `wandb-metadata.json` tells: program, args, host, username, os, python, git."""
    rows: Rows = _none
    """History: `_step` never goes down; `_timestamp` and `_runtime` in seconds."""
    events: Rows = _none
    """The machine's metrics, with the same columns. What was there once stays the same."""
    files: Callable[[], Iterable[tuple[str, Path]]] = _none
    """Files of the run: the path that each has there, and where it lies."""
    artifacts: Callable[[], Iterable[ImportedArtifact]] = _none
    problems: list[str] = field(default_factory=list)
    """What of it could not be read, a line each; the rest is imported."""

    def read(self) -> ImportedRun:
        """Itself: it is its own source."""
        return self


class RunSource(Protocol):
    """A run that is read only when its turn has come."""

    @property
    def id(self) -> str:
        """The run's id."""
        ...

    @property
    def lane(self) -> str:
        """As `ImportedRun.lane`."""
        ...

    def read(self) -> ImportedRun:
        """Read it. What it raises fails this run, and no other."""
        ...
