"""Deleting: into the trash, and out of it again. Bytes go only when a store is swept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wbart.artifact import Artifact


def delete(artifact: Artifact, delete_aliases: bool) -> None:
    """As `Artifact.delete`. Its number is never given again."""
    at = artifact._at("delete")
    if at.is_link:
        from wbart.linking import unlink

        unlink(artifact)
        return
    op = {"op": "delete", "version": at.place.number, "delete_aliases": delete_aliases}
    at.workspace.catalog.commit(*at.place.home, op)
    artifact._facts.state = "DELETED"


def restore(artifact: Artifact) -> None:
    """As `Artifact.restore`. ArtifactNotFound when the trash no longer holds it; KindClash for
    a link, which is made anew instead.
    """
    from wbart.changes import refresh

    at = artifact._at("restore")
    op = {"op": "restore", "version": at.place.number}
    at.workspace.catalog.commit(*at.place.home, op)
    refresh(artifact)
