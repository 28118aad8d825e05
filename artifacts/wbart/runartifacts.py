"""What a run does with artifacts in the background: uploads, a lane for each collection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakSet

from wbart import names
from wbart.distributed import Shards
from wbart.edges import edge_of
from wbart.landing import Landing
from wbart.lanes import Lanes
from wbart.runpath import RunPath
from wbart.runrecord import Edge
from wbart.saving import check_loggable, save_draft

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)

_THREADS = 4


@dataclass(frozen=True, slots=True)
class Labels:
    """What a version is to be called besides its number; checked."""

    aliases: Sequence[str]
    tags: Sequence[str]

    @classmethod
    def of(cls, aliases: object, tags: object) -> Labels:
        """Check both. Raises AliasInvalid, TagInvalid."""
        return cls(names.aliases(aliases), names.tags(tags))


class ArtifactLogger:
    """Logs drafts into a run's project, each collection's in the order of the calls."""

    def __init__(self, workspace: Workspace, path: RunPath, logged: Callable[[Edge], None]) -> None:
        self._workspace = workspace
        self._path = path
        self._logged = logged
        self._lanes: Lanes | None = None
        self._landings: WeakSet[Landing] = WeakSet()
        self._failures: list[str] = []

    def log(
        self, artifact: Artifact, labels: Labels, history_step: int | None, *, output: bool = True
    ) -> None:
        """Check the draft now, upload and commit it later; `wait` tells how that ended.

        output says whether the run brought it forth, or is only the first to use it.
        """

        def work(twin: Artifact) -> None:
            self._save(twin, labels, history_step, output)

        self._begin(artifact, labels, work)

    def put_shard(self, artifact: Artifact, labels: Labels, distributed_id: str) -> None:
        """As `log`, but the draft becomes a shard of a version and no version yet."""
        self._begin(artifact, labels, self._shards(artifact, distributed_id).put)

    def merge_shards(
        self, artifact: Artifact, labels: Labels, distributed_id: str, history_step: int | None
    ) -> None:
        """As `log`, with the entries of all shards; these are gone once they are a version."""
        shards = self._shards(artifact, distributed_id)

        def work(twin: Artifact) -> None:
            keys = shards.merge_into(twin)
            self._save(twin, labels, history_step, output=True)
            shards.forget(keys)

        self._begin(artifact, labels, work)

    def again(self, artifact: Artifact, labels: Labels) -> None:
        """Log a version that is one already: it gets the labels and the run's edge."""
        artifact._facts.check_home(self._path.entity, self._path.project)
        artifact.aliases = [*artifact.aliases, *labels.aliases]
        artifact.tags = [*artifact.tags, *labels.tags]
        artifact.save()
        self._logged(edge_of(artifact._at("id")))

    def finish(self) -> list[str]:
        """Wait for all; why those failed that did. Those that did not are versions now."""
        if self._lanes is not None:
            self._lanes.close()
            self._lanes = None
        for landing in list(self._landings):
            if landing.exception() is None:
                landing.result()
        return self._failures

    def _begin(self, artifact: Artifact, labels: Labels, work: Callable[[Artifact], None]) -> None:
        entity, project = self._path.entity, self._path.project
        check_loggable(artifact, self._workspace, entity, project, labels.aliases, labels.tags)
        artifact.finalize()
        landing = Landing(artifact)
        if self._lanes is None:
            self._lanes = Lanes(_THREADS)
        self._landings.add(landing)
        self._lanes.submit(artifact.name, lambda: self._run(landing, work), landing)
        artifact._begin(landing)
        if self._workspace.settings.sync:
            landing.result()

    def _run(self, landing: Landing, work: Callable[[Artifact], None]) -> None:
        try:
            work(landing.twin)
        except Exception as error:
            self._failures.append(f"{landing.artifact.name}: {error}")
            raise

    def _save(
        self, artifact: Artifact, labels: Labels, history_step: int | None, output: bool
    ) -> None:
        save_draft(
            artifact,
            self._workspace,
            self._path.entity,
            self._path.project,
            run=self._path if output else None,
            aliases=labels.aliases,
            tags=labels.tags,
            history_step=history_step,
        )
        if output:
            self._logged(edge_of(artifact._at("id")))

    def _shards(self, artifact: Artifact, distributed_id: str) -> Shards:
        path = self._path
        return Shards(self._workspace, path.entity, path.project, artifact.name, distributed_id)
