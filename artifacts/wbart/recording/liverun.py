"""Run: what a script logs to and takes from, from `init` to `finish`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from wbart.errors import UsageError
from wbart.lineage.edges import edge_of
from wbart.recording import active as runactive
from wbart.recording import logged as runlogging
from wbart.recording import models as runmodels
from wbart.recording import saving as runsaving
from wbart.recording import surroundings
from wbart.recording.artifacts import ArtifactLogger
from wbart.recording.config import Config
from wbart.recording.media import RunMedia
from wbart.recording.recorder import recorder
from wbart.recording.summary import Summary
from wbart.recording.text import said
from wbart.recording.value import flat

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.recording.history import History
    from wbart.recording.record import Edge
    from wbart.recording.writer import RunWriter
    from wbart.runs.historyparts import HistoryParts
    from wbart.sweeps.watch import Watch
    from wbart.workspace import Workspace

Source = str | os.PathLike[str]
_STATES = {0: "finished", runactive.INTERRUPTED: "killed"}


class Run:
    """A run while it lasts; a context manager that finishes it, as failed if an error leaves it.

    Made by `init`. Artifacts are logged in the background: `Artifact.wait` or `finish` waits.
    """

    def __init__(
        self,
        workspace: Workspace,
        writer: RunWriter,
        history: History,
        parts: HistoryParts,
        fields: Mapping[str, Any],
        *,
        resumed: bool,
    ) -> None:
        self.workspace = workspace
        self.resumed = resumed
        self.state = "running"
        self._writer = writer
        self._history = history
        self._fields = dict(fields)
        self.config = Config(fields.get("config", {}), self.use_artifact, self._store_config)
        self._media = RunMedia(self)
        self.summary = Summary(fields.get("summary", {}), self._media.in_summary)
        self._used: set[str] = set()
        self._watch: Watch | None = None
        self._artifacts = ArtifactLogger(workspace, writer.path, self._logged)
        self._saving = runsaving.Saving(self)
        self._recorder = recorder(workspace, writer, history, parts, self._state)

    # What it is.

    @property
    def id(self) -> str:
        """Its id, unique in the project."""
        return self._writer.path.id

    @property
    def entity(self) -> str:
        """The entity that it belongs to, and what it logs."""
        return self._writer.path.entity

    @property
    def project(self) -> str:
        """The project that it belongs to, and what it logs."""
        return self._writer.path.project

    @property
    def path(self) -> str:
        """`entity/project/id`."""
        return str(self._writer.path)

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        return ""

    @property
    def name(self) -> str:
        """Its display name; settable."""
        return str(self._fields["name"])

    @name.setter
    def name(self, name: str) -> None:
        self._set("name", said("name", name) or self.id)

    @property
    def notes(self) -> str | None:
        """Free text; settable."""
        notes: str | None = self._fields.get("notes")
        return notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._set("notes", said("notes", notes))

    @property
    def tags(self) -> tuple[str, ...]:
        """Its labels; settable."""
        return tuple(self._fields.get("tags", ()))

    @tags.setter
    def tags(self, tags: object) -> None:
        self._set("tags", runlogging.run_tags(tags))

    @property
    def group(self) -> str | None:
        """What several runs share that belong together."""
        group: str | None = self._fields.get("group")
        return group

    @property
    def job_type(self) -> str | None:
        """What kind of work it does."""
        job_type: str | None = self._fields.get("job_type")
        return job_type

    @property
    def sweep_id(self) -> str | None:
        """The id of the sweep that it belongs to."""
        sweep: str | None = self._fields.get("sweep")
        return sweep

    @property
    def step(self) -> int:
        """The step that is logged next."""
        return self._history.step

    # Metrics.

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        """Log values of a step; the next step unless given. Nested dicts get dotted names.

        The same step again merges; a smaller one is dropped, with a warning. commit=False keeps
        the step open. The summary takes each value as the last one. TrialStopped when the
        sweep that the run belongs to ends it early.
        """
        self._check_open("log")
        row = self._history.log(flat(data, "log", self._media.at(step)), step, commit)
        if row is not None:
            self.summary.take_row(row)
            self._recorder.keep_up(row["_runtime"])
            if self._watch is not None:
                self._watch.look(row)

    # Artifacts.

    def log_artifact(
        self,
        artifact_or_path: Artifact | Source,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | str | None = None,
        tags: list[str] | str | None = None,
    ) -> Artifact:
        """Begin to log an artifact, a file, a folder or a URI as an output, and return it.

        What is wrong with the call raises at once (ValueError); what goes wrong later raises in
        `wait()`, and is told at `finish`.
        """
        self._check_open("log_artifact")
        made = runlogging.made(self, artifact_or_path, name, type)
        return runlogging.log_artifact(self, made, aliases, tags)

    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,
        aliases: list[str] | str | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Take an artifact as an input, and return it; a draft is logged first.

        By name `[[entity/]project/]name[:alias]`, or any reference. Raises ArtifactNotFound,
        and ValueError when it has another type than the one asked for.
        """
        self._check_open("use_artifact")
        return runlogging.use_artifact(self, artifact_or_name, type, aliases, use_as)

    def link_artifact(
        self, artifact: Artifact, target_path: str, aliases: list[str] | None = None
    ) -> Artifact:
        """Link an artifact into a portfolio; entity and project are the run's unless given."""
        self._check_open("link_artifact")
        return runlogging.link_artifact(self, artifact, target_path, aliases)

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | Source,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | str | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Contribute to a version that several runs make together; `finish_artifact` makes it.

        Those of one group, or one distributed_id, contribute to one. TypeError without either.
        """
        self._check_open("upsert_artifact")
        made = runlogging.made(self, artifact_or_path, name, type)
        return runlogging.upsert_artifact(self, made, aliases, distributed_id)

    def finish_artifact(
        self,
        artifact_or_path: Artifact | Source,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | str | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Make the version of all that was contributed, and of this draft."""
        self._check_open("finish_artifact")
        made = runlogging.made(self, artifact_or_path, name, type)
        return runlogging.finish_artifact(self, made, aliases, distributed_id)

    def log_model(
        self, path: Source, name: str | None = None, aliases: list[str] | None = None
    ) -> None:
        """Log a file or folder as a version of type `model`."""
        self._check_open("log_model")
        runmodels.log_model(self, path, name, aliases)

    def use_model(self, name: str) -> str:
        """Use and download a model; the path of its only file, else of the folder."""
        self._check_open("use_model")
        return runmodels.use_model(self, name)

    def link_model(
        self,
        path: Source,
        registered_model_name: str,
        name: str | None = None,
        aliases: list[str] | None = None,
    ) -> Artifact:
        """Log a model, unless its newest version is the same, and link it in `model-registry`."""
        self._check_open("link_model")
        return runmodels.link_model(self, path, registered_model_name, name, aliases)

    # Files.

    def save(
        self,
        glob_str: Source,
        base_path: Source | None = None,
        policy: Literal["live", "end", "now"] = "live",
    ) -> list[str]:
        """Keep files with the run: now, at its end, or both (`live`: again if changed by then).

        Returns the paths that the run has them under: relative to base_path, else to the working
        folder. A pattern that matches nothing keeps nothing.
        """
        self._check_open("save")
        return self._saving.save(glob_str, base_path, policy)

    def log_code(
        self,
        root: Source = ".",
        name: str | None = None,
        include_fn: Callable[..., bool] | None = None,
        exclude_fn: Callable[..., bool] | None = None,
    ) -> Artifact | None:
        """Log the code below root as a version of type `code`: `*.py`, unless include_fn says.

        Nothing in hidden folders, and nothing that exclude_fn wants out; None when nothing is left.
        """
        self._check_open("log_code")
        return runsaving.log_code(self, root, name, include_fn, exclude_fn)

    # The end.

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Wait for all uploads, store the rest and end the run; twice is once.

        An upload that failed is told of by a warning: `wait` is where it raises. A non-zero
        exit_code makes it a failed run, and 255, as W&B has it for Ctrl-C, a killed one.
        """
        if self.state != "running":
            return
        try:
            failures = self._artifacts.finish()
            runlogging.tell(self.path, failures)
            self._saving.finish()
            state = _STATES.get(exit_code or 0, "failed")
            stored = self._recorder.finish({"state": state})
            self.state = state
            end = {"exit_code": exit_code or 0, "upload_failures": failures}
            self._writer.finish({**self._state(), **end}, **stored)
        finally:
            self.state = "failed" if self.state == "running" else self.state
            runactive.leave(self)
            surroundings.leave(self.workspace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.finish(exit_code=runactive.exit_code(error))

    def __repr__(self) -> str:
        return f"<Run {self.path} ({self.state})>"

    # For the other rooms of this house.

    def _use(self, artifact: Artifact) -> None:
        edge = edge_of(artifact._at("id"))
        if edge.id not in self._used:
            self._writer.update({}, used=(edge,))
            self._used.add(edge.id)

    def _logged(self, edge: Edge) -> None:
        self._writer.update({}, logged=(edge,))

    def _set(self, name: str, value: object) -> None:
        self._check_open(name)
        self._fields[name] = value
        self._writer.update({name: value})

    def _store_config(self) -> None:
        self._check_open("config")
        self._writer.update({"config": self._media.with_labels(self.config.to_json())})

    def _state(self) -> dict[str, Any]:
        runtime = int(self._history.runtime)
        summary = {**self.summary.to_json(), "_wandb": {"runtime": runtime}}
        return {"state": self.state, "summary": summary, "runtime": self._history.runtime}

    def _check_open(self, call: str) -> None:
        if self.state != "running":
            raise UsageError(f"run {self.path} is {self.state}: {call} needs an active run")
