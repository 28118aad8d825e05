"""Storing the artifacts of imported runs: a version that is there already is found again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from wbart.artifact import Artifact
from wbart.committed import committed
from wbart.drafts.saving import check_loggable
from wbart.errors import CollectionNotFound, IntegrityError
from wbart.lineage.edges import edge_of

if TYPE_CHECKING:
    from wbart.apis.importers.importedrun import ImportedArtifact
    from wbart.fold.state import Version
    from wbart.recording.path import RunPath
    from wbart.recording.record import Edge
    from wbart.workspace import Workspace


class Owner(NamedTuple):
    """The run that logs or uses a version, and what it is known to have logged before."""

    path: RunPath
    logged: frozenset[str] = frozenset()
    """Ids of versions."""


class KeptArtifacts:
    """Makes versions of drafts, each once, however often they come. Safe to share."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def keep(self, owner: Owner, each: ImportedArtifact) -> Edge:
        """Store it, or find it where an earlier import left it. Raises as `save_draft`.

        A version that the run has logged already keeps the aliases that it has by now.
        """
        artifact = each.make()
        if each.digest is not None and artifact.digest != each.digest:
            raise IntegrityError(
                f"artifact {artifact.name} has the digest {artifact.digest}, not {each.digest}"
            )
        if artifact.is_draft():
            with self._locks[artifact.name]:
                self._store(owner, artifact, each)
        return edge_of(artifact._at("id"))

    def _store(self, owner: Owner, artifact: Artifact, each: ImportedArtifact) -> None:
        path = owner.path
        home = path.entity, path.project, artifact.name
        check_loggable(artifact._facts, self._workspace, *home[:2], each.aliases, each.tags)
        number = self._found(owner, artifact, used=each.used)
        if number is not None:
            state = self._workspace.catalog.known(*home)
            artifact._become(committed(self._workspace, *home, number, state))
            return
        artifact._save(
            self._workspace,
            path.entity,
            path.project,
            run=None if each.used else path,
            aliases=each.aliases,
            tags=each.tags,
        )

    def _found(self, owner: Owner, artifact: Artifact, *, used: bool) -> int | None:
        """The version with the draft's content that the run logged; of one it used, anybody's."""
        path = owner.path
        try:
            state = self._workspace.catalog.state(path.entity, path.project, artifact.name)
        except CollectionNotFound:
            return None
        digest = str(artifact._filling.manifest().digest)
        same = [each for each in state.versions if each.live and each.digest == digest]
        ours = same if used else [each for each in same if _is_of(each, owner)]
        return ours[-1].number if ours else None


def edges(owner: Owner, kept: KeptArtifacts, artifacts: Iterable[ImportedArtifact]) -> Edges:
    """Store them all, in their order; what the run's record says of them then."""
    found = Edges((), ())
    for each in artifacts:
        edge = kept.keep(owner, each)
        used = (edge,) if each.used else ()
        found = Edges((*found.used, *used), (*found.logged, *(() if each.used else (edge,))))
    return found


class Edges(NamedTuple):
    """The versions that a run used and logged."""

    used: tuple[Edge, ...]
    logged: tuple[Edge, ...]


def _is_of(version: Version, owner: Owner) -> bool:
    return version.logged_by == owner.path.to_json() or version.id in owner.logged
