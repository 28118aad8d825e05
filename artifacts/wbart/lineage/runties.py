"""Which runs used and logged which versions, told by the index of runs."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from wbart.errors import RunNotFound
from wbart.lineage.graph import Node
from wbart.recording.path import RunPath
from wbart.runindex.fields import is_deleted
from wbart.runindex.index import Index, RunRow
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.recording.record import RunRecord
    from wbart.workspace import Workspace


class Ties:
    """The ties of runs and versions as they are when it is made. Use it in a `with`."""

    def __init__(self, workspace: Workspace) -> None:
        self._index = Index.open(workspace)
        self._index.sync_all()
        self._rows: dict[RunPath, RunRow | None] = {}

    def producers(self, version_id: str) -> list[RunPath]:
        """The runs that logged the version, the oldest first."""
        return self._index.edges.producers(version_id)

    def consumers(self, version_id: str) -> list[RunPath]:
        """The runs that used the version, the oldest first."""
        return self._index.edges.consumers(version_id)

    def record(self, path: RunPath) -> RunRecord | None:
        """The run's record, read once; None when there never was one."""
        found = self._row(path)
        return None if found is None else found.record

    def node(self, key: str, path: RunPath) -> Node:
        """The run as a node of a lineage. Raises RunNotFound."""
        row = self._row(path)
        if row is None:
            raise RunNotFound(f"Could not find run {path}")
        fields = row.record.fields
        words = (fields.get("job_type"), fields.get("name"))
        label = " ".join(str(word) for word in words if word and word != path.id)
        state = "deleted" if is_deleted(row.record) else row.seen.state
        return Node(key, "run", str(path), label, state, rfc3339(row.record.created_at))

    def _row(self, path: RunPath) -> RunRow | None:
        if path not in self._rows:
            rows = self._index.rows([path])
            self._rows[path] = rows[0] if rows else None
        return self._rows[path]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._index.close()
