"""Lineage: from a version to the runs that used it, and to the one that logged it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.errors import RunNotFound
from wbart.recording.path import RunPath
from wbart.runs.runs import find, users_of

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.runs.publicrun import PublicRun


def used_by(at: Committed) -> list[PublicRun]:
    """As `Artifact.used_by`, oldest first; of a copy also those that used its origin."""
    ids = {at.source.id, at.source.origin.id if at.source.origin else at.source.id}
    found = {run for id_ in ids for run in users_of(at.workspace, id_)}
    return sorted(found, key=lambda run: (run.created_at, run.path))


def logged_by(at: Committed) -> PublicRun | None:
    """As `Artifact.logged_by`; None as well when the run is there no more."""
    said = at.source.logged_by
    if said is None:
        return None
    try:
        return find(at.workspace, RunPath.from_json(said))
    except RunNotFound:
        return None
