"""Finding runs: by path, and by what they used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wbart.recording.path import RunPath
from wbart.recording.recovery import recover
from wbart.runindex.index import Index
from wbart.runindex.merges import read_merges
from wbart.runs.editing import undeleted
from wbart.runs.publicrun import PublicRun
from wbart_storage.keys import live_prefix, runs_prefix, unquote

if TYPE_CHECKING:
    from wbart.workspace import Workspace


def find(workspace: Workspace, path: RunPath) -> PublicRun:
    """The run at a path. Raises RunNotFound."""
    recover(workspace, path)
    return PublicRun(workspace, undeleted(workspace, path))


def users_of(workspace: Workspace, version_id: str) -> list[PublicRun]:
    """All runs that used the version, through whatever link; oldest first."""
    with Index.open(workspace) as index:
        index.sync_all()
        rows = index.rows(index.users_of(version_id))
    return [PublicRun(workspace, row.record) for row in rows]


def paths(
    workspace: Workspace, entity: str | None = None, project: str | None = None
) -> Iterator[RunPath]:
    """The paths of all runs: of the store, of an entity, or of a project."""
    objects = workspace.store.objects
    entities = [entity] if entity is not None else _children(workspace, "runs/")
    for owner in entities:
        homes = [project] if project is not None else projects_with_runs(workspace, owner)
        for home in homes:
            # In this order: what is merged in between is in both, and not in neither.
            live = set(_children(workspace, live_prefix(owner, home)))
            for run in sorted(live.union(read_merges(objects, owner, home).lines)):
                yield RunPath(owner, home, run)


def projects_with_runs(workspace: Workspace, entity: str) -> Iterator[str]:
    """The projects of an entity that have a run."""
    return _children(workspace, runs_prefix(entity, "")[:-1])


def _children(workspace: Workspace, prefix: str) -> Iterator[str]:
    for stat in workspace.store.objects.list(prefix, "/"):
        if stat.key.endswith("/"):
            yield unquote(stat.key[len(prefix) : -1])
