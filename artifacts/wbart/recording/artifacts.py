"""What a run does with artifacts in the background: uploads, a lane for each collection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakSet

from wbart import names
from wbart.drafts.landing import Landing
from wbart.drafts.saving import Loggable, check_loggable, save_draft
from wbart.lanes import Lanes
from wbart.lineage.edges import edge_of
from wbart.recording.distributed import Shards
from wbart.recording.path import RunPath
from wbart.recording.record import Edge

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace

log = logging.getLogger(__name__)

_THREADS = 4
Land = Callable[["Committed"], None]
"""Lets the artifact be what was committed."""


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
        self,
        loggable: Loggable,
        labels: Labels,
        history_step: int | None,
        land: Land,
        *,
        output: bool = True,
    ) -> Landing:
        """Check the draft now, upload and commit it later; the landing tells how that ended.

        output says whether the run brought it forth, or is only the first to use it.
        """

        def work() -> Committed:
            return self._save(loggable, labels, history_step, output)

        return self._begin(loggable, labels, land, work)

    def put_shard(
        self, loggable: Loggable, labels: Labels, distributed_id: str, land: Land
    ) -> Landing:
        """As `log`, but the draft becomes a shard of a version and no version yet."""
        shards = self._shards(loggable, distributed_id)
        return self._begin(loggable, labels, land, lambda: shards.put(loggable))

    def merge_shards(
        self,
        loggable: Loggable,
        labels: Labels,
        distributed_id: str,
        history_step: int | None,
        land: Land,
    ) -> Landing:
        """As `log`, with the entries of all shards; these are gone once they are a version."""
        shards = self._shards(loggable, distributed_id)

        def work() -> Committed:
            keys = shards.merge_into(loggable)
            found = self._save(loggable, labels, history_step, output=True)
            shards.forget(keys)
            return found

        return self._begin(loggable, labels, land, work)

    def finish(self) -> list[str]:
        """Wait for all; why those failed that did. Those that did not are versions now."""
        if self._lanes is not None:
            self._lanes.close()
            self._lanes = None
        for landing in list(self._landings):
            if landing.exception() is None:
                landing.result()
        return self._failures

    def _begin(
        self,
        loggable: Loggable,
        labels: Labels,
        land: Land,
        work: Callable[[], Committed | None],
    ) -> Landing:
        entity, project = self._path.entity, self._path.project
        facts = loggable.facts
        check_loggable(facts, self._workspace, entity, project, labels.aliases, labels.tags)
        landing = Landing(facts.name, land)
        if self._lanes is None:
            self._lanes = Lanes(_THREADS)
        self._landings.add(landing)
        self._lanes.submit(facts.name, lambda: self._run(landing, work), landing)
        return landing

    def _run(self, landing: Landing, work: Callable[[], Committed | None]) -> None:
        try:
            landing.committed = work()
        except Exception as error:
            self._failures.append(f"{landing.name}: {error}")
            raise

    def _save(
        self, loggable: Loggable, labels: Labels, history_step: int | None, output: bool
    ) -> Committed:
        found = save_draft(
            loggable,
            self._workspace,
            self._path.entity,
            self._path.project,
            run=self._path if output else None,
            aliases=labels.aliases,
            tags=labels.tags,
            history_step=history_step,
        )
        if output:
            self._logged(edge_of(found))
        return found

    def _shards(self, loggable: Loggable, distributed_id: str) -> Shards:
        path, name = self._path, loggable.facts.name
        return Shards(self._workspace, path.entity, path.project, name, distributed_id)
