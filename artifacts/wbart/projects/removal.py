"""Deleting: into the trash, and out of it again. Bytes go only when a store is swept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.drafts.changes import fresh
from wbart.projects.linking import unlink

if TYPE_CHECKING:
    from wbart.committed import Committed


def delete(at: Committed, delete_aliases: bool) -> None:
    """As `Artifact.delete`. Its number is never given again."""
    if at.is_link:
        unlink(at)
        return
    op = {"op": "delete", "version": at.place.number, "delete_aliases": delete_aliases}
    at.workspace.catalog.commit(*at.place.home, op)


def restore(at: Committed) -> Committed:
    """As `Artifact.restore`. ArtifactNotFound when the trash no longer holds it; KindClash for
    a link, which is made anew instead.
    """
    op = {"op": "restore", "version": at.place.number}
    at.workspace.catalog.commit(*at.place.home, op)
    return fresh(at)
