"""PublicRun: a run as everybody may read it, running or long over, and edit what is said of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wbart.artifact import Artifact
from wbart.recording.heartbeat import last_beat, observed_state
from wbart.recording.record import RunRecord, read_record
from wbart.runs import editing, page
from wbart.runs.artifacts import RunArtifacts
from wbart.runs.file import RunFile, RunFiles, find_file
from wbart.runs.historyreader import HistoryReader
from wbart.runs.historyscan import HistoryScan
from wbart.runs.historyview import history, scan_history
from wbart.runs.summaryview import SummaryView
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.api import Api
    from wbart.workspace import Workspace

EDITABLE = ("name", "notes", "description", "tags", "group", "job_type")


class PublicRun:
    """A snapshot of a run; `load(force=True)` reads it anew.

    What is assigned (name, tags, notes, description, group, job_type, config) is local until
    `update`. Whatever else its record says can be read as an attribute, too.
    """

    def __init__(
        self, workspace: Workspace, record: RunRecord, beat: dict[str, Any] | None = None
    ) -> None:
        """beat is its last sign of life, where that is known already."""
        self._workspace = workspace
        self._take(record, beat)

    def _take(self, record: RunRecord, beat: dict[str, Any] | None = None) -> None:
        self._record = record
        self._beat: dict[str, Any] = {}
        if record.fields.get("state", "running") == "running":
            self._beat = beat or last_beat(self._workspace.store.objects, record.path)
        fields = record.fields
        self.name = str(fields.get("name") or self.id)
        """Its display name."""
        self.notes: str | None = fields.get("notes")
        """Free text."""
        self.description: str | None = fields.get("description")
        self.tags: list[str] = list(fields.get("tags", ()))
        """Its labels."""
        self.group: str | None = fields.get("group")
        """What several runs share that belong together."""
        self.job_type: str | None = fields.get("job_type")
        """What kind of work it did."""
        self.config: dict[str, Any] = page.plain_config(fields.get("config", {}))
        """Its config; what is changed in it is stored by `update`."""
        values = {**fields.get("summary", {}), **self._beat.get("summary", {})}
        self.summary = SummaryView(values, lambda summary: self._edit({"summary": summary}))
        """The last value of each metric; what is changed is stored by its `update`."""

    # What it is.

    @property
    def id(self) -> str:
        """Its id, unique in the project."""
        return self._record.path.id

    @property
    def storage_id(self) -> str:
        """As `id`."""
        return self.id

    @property
    def entity(self) -> str:
        """The entity that it belongs to."""
        return self._record.path.entity

    @property
    def project(self) -> str:
        """The project that it belongs to."""
        return self._record.path.project

    @property
    def path(self) -> list[str]:
        """Entity, project and id."""
        return [self.entity, self.project, self.id]

    @property
    def display_name(self) -> str:
        """As `name`; settable."""
        return self.name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self.name = name

    @property
    def state(self) -> str:
        """running, finished, failed, killed, or crashed: silent for five minutes."""
        heard = max(self._record.updated_at, float(self._beat.get("ts", 0.0)))
        return observed_state(self._record.fields, heard, self._workspace.store.clock.now())

    @property
    def rawconfig(self) -> dict[str, Any]:
        """The config as it is stored, internal keys included."""
        return dict(self._record.fields.get("config", {}))

    @property
    def json_config(self) -> str:
        """The config as JSON, in W&B's wrapping."""
        return page.wrapped_config(self.rawconfig)

    @property
    def summary_metrics(self) -> dict[str, Any]:
        """The summary as a plain dict."""
        return dict(self.summary)

    @property
    def system_metrics(self) -> dict[str, Any]:
        """The last sample of the machine's metrics."""
        return page.last_sample(self._reader("events"))

    @property
    def metadata(self) -> dict[str, Any] | None:
        """Program, command, host, commit and the like, as W&B's `wandb-metadata.json`."""
        return self._record.fields.get("metadata")

    @property
    def commit(self) -> str | None:
        """The commit of the code that it ran."""
        git: dict[str, Any] = (self.metadata or {}).get("git") or {}
        return git.get("commit")

    @property
    def created_at(self) -> str:
        """When it began: RFC 3339, UTC."""
        return rfc3339(self._record.created_at)

    @property
    def heartbeat_at(self) -> str:
        """When it was last heard of: RFC 3339, UTC."""
        return rfc3339(max(self._record.updated_at, float(self._beat.get("ts", 0.0))))

    @property
    def lastHistoryStep(self) -> int:
        """The newest step of its history; -1 without any."""
        return self._reader().last_step

    @property
    def history_keys(self) -> dict[str, Any]:
        """The names of its metrics, in W&B's form."""
        return page.history_keys(self.summary, self.lastHistoryStep)

    @property
    def sweep(self) -> Any:
        """The sweep that it belongs to; None without one."""
        return page.sweep_of(self._workspace, self._record)

    @property
    def sweep_name(self) -> str | None:
        """The id of its sweep."""
        name: str | None = self._record.fields.get("sweep")
        return name

    @property
    def user(self) -> Any:
        """Who began it."""
        return page.user_of(self._workspace, self._record)

    @property
    def username(self) -> str:
        """Deprecated: the name of `user`."""
        return str(self._record.actor)

    @property
    def read_only(self) -> bool:
        """False: who may write to the store may edit its runs."""
        return False

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        return ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return page.attribute(self._record, name)

    # Reading it.

    def load(self, force: bool = False) -> PublicRun:
        """Read its record anew when forced; returns itself. Raises RunNotFound."""
        if force:
            self._take(editing.undeleted(self._workspace, self._record.path))
        return self

    def history(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: str = "default",
    ) -> Any:
        """At most so many rows of its history, evenly spread, the same every time.

        The first and the last row are among them. With keys only rows that have all of them. A
        stream other than `default` is the machine's metrics. A DataFrame, else a list of dicts.
        """
        return history(self._reader, samples, keys, x_axis, pandas=pandas, stream=stream)

    def scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
        use_cache: bool | None = None,
    ) -> HistoryScan:
        """Every row of its history; see HistoryScan. page_size and use_cache change nothing."""
        return scan_history(self._reader, keys, min_step, max_step)

    def files(
        self,
        names: Sequence[str] | None = None,
        per_page: int | None = None,
        pattern: str | None = None,
    ) -> RunFiles:
        """Its files by name; those named, or those that fit one of SQL's LIKE patterns."""
        return RunFiles(self._files, names, pattern, per_page)

    def file(self, name: str) -> RunFile:
        """The file of that name. Raises PathNotFound."""
        return find_file(self.files([name]), name)

    def logged_artifacts(
        self, per_page: int | None = None, start: str | None = None
    ) -> RunArtifacts:
        """The versions that it logged and that are not deleted, in the order of logging."""
        edges = self._record.logged.values()
        return RunArtifacts(self._workspace, edges, Artifact._of, per_page, start)

    def used_artifacts(self, per_page: int | None = None, start: str | None = None) -> RunArtifacts:
        """The versions that it used and that are not deleted, in the order of use."""
        edges = self._record.used.values()
        return RunArtifacts(self._workspace, edges, Artifact._of, per_page, start)

    def wait_until_finished(self, wait: Callable[[float], None] = time.sleep) -> None:
        """Return once it has ended, however it did; looks every five seconds."""
        while self.load(force=True).state not in page.OVER:
            wait(page.POLL)

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """An iframe with its config and summary, and a button to show it when hidden."""
        document = page.shown(self.name, self.state, self.config, self.summary)
        return page.to_html(document, height, hidden=hidden)

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Show it in a notebook; False where there is none."""
        return page.display(self.to_html(height, hidden))

    @staticmethod
    def snake_to_camel(string: str) -> str:
        """`display_name` as `displayName`."""
        return page.snake_to_camel(string)

    # Editing it.

    @classmethod
    def create(
        cls,
        api: Api,
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
        state: str = "running",
    ) -> PublicRun:
        """A new run in state `running` or `pending`; its id is random unless given."""
        path = editing.create(api._workspace, run_id, project, entity, state)
        return cls(api._workspace, read_record(api._workspace.store.objects, path))

    def update(self) -> None:
        """Store what was assigned, the config and the summary."""
        said = {name: getattr(self, name) for name in EDITABLE}
        self._edit(editing.changed(self._record, said, self.config, dict(self.summary)))

    save = update

    def update_state(self, state: str) -> bool:
        """Make it `pending` or `failed`; whether it was allowed to be. Raises Error otherwise."""
        self._edit({"state": editing.next_state(self.state, state, self.sweep_name)})
        return True

    def stop(self) -> None:
        """Tell it as killed. Its process, wherever it is, goes on: nobody reaches it."""
        self._edit({"state": "killed"})

    def delete(self, delete_artifacts: bool = False) -> None:
        """Delete it, and with delete_artifacts what it logged, aliases or not."""
        if delete_artifacts:
            for artifact in self.logged_artifacts():
                artifact.delete(delete_aliases=True)
        self._edit({"deleted": self._workspace.store.clock.now()}, reload=False)

    def upload_file(
        self, path: str | os.PathLike[str], root: str | os.PathLike[str] = "."
    ) -> RunFile:
        """Keep a local file with the run, under its path relative to root."""
        name = editing.upload(self._workspace, self._record, path, root)
        return self.load(force=True).file(name)

    def log_artifact(
        self,
        artifact: Artifact,
        aliases: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> Artifact:
        """Record an artifact as its output; a draft becomes a version first."""
        return editing.log_artifact(self._workspace, self._record, artifact, aliases, tags)

    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Record a version as its input. Raises ArgumentInvalid for a draft."""
        return editing.use_artifact(self._workspace, self._record, artifact)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicRun) and self._record.path == other._record.path

    def __hash__(self) -> int:
        return hash(self._record.path)

    def __repr__(self) -> str:
        return f"<Run {self._record.path} ({self.state})>"

    def _edit(self, fields: Mapping[str, Any], *, reload: bool = True) -> None:
        if fields:
            editing.edit(self._workspace, self._record, dict(fields))
        if reload:
            self.load(force=True)

    def _reader(self, stream: str = "history") -> HistoryReader:
        return HistoryReader(self._workspace.store.objects, self._record, stream)

    def _files(self) -> Iterable[RunFile]:
        return editing.files(self._workspace, self._record)
