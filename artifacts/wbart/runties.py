"""Which runs used and logged which versions, told by the index of runs."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from wbart.errors import RunNotFound
from wbart.heartbeat import last_beat, observed_state
from wbart.lineagegraph import Node
from wbart.runindex import Index
from wbart.runpath import RunPath
from wbart.runrecord import read_record
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.runrecord import RunRecord
    from wbart.workspace import Workspace


class Ties:
    """The ties of runs and versions as they are when it is made. Use it in a `with`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._index = Index.open(workspace)
        self._index.sync_all()
        self._records: dict[RunPath, RunRecord | None] = {}

    def producers(self, version_id: str) -> list[RunPath]:
        """The runs that logged the version, the oldest first."""
        return self._index.edges.producers(version_id)

    def consumers(self, version_id: str) -> list[RunPath]:
        """The runs that used the version, the oldest first."""
        return self._index.edges.consumers(version_id)

    def record(self, path: RunPath) -> RunRecord | None:
        """The run's record, read once; None when there never was one."""
        if path not in self._records:
            try:
                self._records[path] = read_record(self._workspace.store.objects, path)
            except RunNotFound:
                self._records[path] = None
        return self._records[path]

    def node(self, key: str, path: RunPath) -> Node:
        """The run as a node of a lineage. Raises RunNotFound."""
        record = self.record(path)
        if record is None:
            raise RunNotFound(f"Could not find run {path}")
        fields = record.fields
        words = (fields.get("job_type"), fields.get("name"))
        label = " ".join(str(word) for word in words if word and word != path.id)
        state = "deleted" if fields.get("deleted") is not None else self._state(record)
        return Node(key, "run", str(path), label, state, rfc3339(record.created_at))

    def _state(self, record: RunRecord) -> str:
        store = self._workspace.store
        running = record.fields.get("state", "running") == "running"
        beat = last_beat(store.objects, record.path) if running else {}
        return observed_state(record, float(beat.get("ts", 0.0)), store.clock.now())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._index.close()
