"""From a version to the edge that a run's record keeps of it, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.recording.record import Edge
from wbart.refs.loading import load_by_id

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace


def edge_of(at: Committed) -> Edge:
    """The edge to the version itself, or to what it links to."""
    place = at.source_place
    return Edge(at.source.id, place.entity, place.project, place.collection, place.number, at.type)


def version_of(workspace: Workspace, edge: Edge) -> Committed:
    """The version that the edge leads to. Raises ArtifactNotFound when it is deleted."""
    hint = f"{edge.entity}/{edge.project}/{edge.collection}:v{edge.version}"
    return load_by_id(workspace, edge.id, hint)
