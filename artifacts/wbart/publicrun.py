"""PublicRun: a run as everybody may read it, running or long over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wbart.edges import artifact_of
from wbart.errors import ArtifactNotFound
from wbart.listing import Listing
from wbart.paginator import Paginator
from wbart.runrecord import Edge, RunRecord, read_record
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.workspace import Workspace


class PublicRun:
    """A snapshot of a run's record; `load(force=True)` reads it anew."""

    def __init__(self, workspace: Workspace, record: RunRecord) -> None:
        self._workspace = workspace
        self._record = record

    @property
    def id(self) -> str:
        """Its id, unique in the project."""
        return self._record.path.id

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
    def name(self) -> str:
        """Its display name."""
        return str(self._record.fields.get("name", self.id))

    @property
    def state(self) -> str:
        """running, finished or failed."""
        return str(self._record.fields.get("state", "running"))

    @property
    def config(self) -> dict[str, Any]:
        """A copy of its config."""
        return dict(self._record.fields.get("config", {}))

    @property
    def summary(self) -> dict[str, Any]:
        """A copy of its summary: the last value of each metric."""
        return dict(self._record.fields.get("summary", {}))

    @property
    def job_type(self) -> str | None:
        """What kind of work it did."""
        job_type: str | None = self._record.fields.get("job_type")
        return job_type

    @property
    def group(self) -> str | None:
        """What several runs share that belong together."""
        group: str | None = self._record.fields.get("group")
        return group

    @property
    def tags(self) -> list[str]:
        """Its labels."""
        return list(self._record.fields.get("tags", ()))

    @property
    def notes(self) -> str | None:
        """Free text."""
        notes: str | None = self._record.fields.get("notes")
        return notes

    @property
    def created_at(self) -> str:
        """When it began: RFC 3339, UTC."""
        return rfc3339(self._record.created_at)

    @property
    def heartbeat_at(self) -> str:
        """When it was last heard of: RFC 3339, UTC."""
        return rfc3339(self._record.updated_at)

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        return ""

    def load(self, force: bool = False) -> PublicRun:
        """Read its record anew when forced; returns itself. Raises RunNotFound."""
        if force:
            self._record = read_record(self._workspace.store.objects, self._record.path)
        return self

    def logged_artifacts(
        self, per_page: int | None = None, start: str | None = None
    ) -> RunArtifacts:
        """The versions that it logged and that are not deleted, in the order of logging."""
        return RunArtifacts(self._workspace, self._record.logged.values(), per_page, start)

    def used_artifacts(self, per_page: int | None = None, start: str | None = None) -> RunArtifacts:
        """The versions that it used and that are not deleted, in the order of use."""
        return RunArtifacts(self._workspace, self._record.used.values(), per_page, start)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicRun) and self._record.path == other._record.path

    def __hash__(self) -> int:
        return hash(self._record.path)

    def __repr__(self) -> str:
        return f"<Run {self._record.path} ({self.state})>"


class RunArtifacts(Paginator["Artifact"]):
    """Versions that a run logged or used."""

    PER_PAGE = 100

    def __init__(
        self,
        workspace: Workspace,
        edges: Iterable[Edge],
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        def load() -> Iterable[tuple[int, Artifact]]:
            for number, edge in enumerate(edges):
                try:
                    yield number, artifact_of(workspace, edge)
                except ArtifactNotFound:
                    continue  # deleted since

        source: Listing[tuple[int, Artifact], Artifact] = Listing(
            load, lambda row: (row[0],), lambda row: row[1]
        )
        super().__init__(source, per_page, start)

    def __repr__(self) -> str:
        return f"<RunArtifacts ({len(self)})>"
