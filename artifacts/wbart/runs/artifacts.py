"""RunArtifacts: the versions that a run logged or used, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from wbart.errors import ArtifactNotFound
from wbart.lineage.edges import version_of
from wbart.projects.listing import Listing
from wbart.projects.paginator import Paginator
from wbart.recording.record import Edge

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.committed import Committed
    from wbart.workspace import Workspace


class RunArtifacts(Paginator["Artifact"]):
    """Versions that a run logged or used."""

    PER_PAGE = 100

    def __init__(
        self,
        workspace: Workspace,
        edges: Iterable[Edge],
        make: Callable[[Committed], Artifact],
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        def load() -> Iterable[tuple[int, Committed]]:
            for number, edge in enumerate(edges):
                try:
                    yield number, version_of(workspace, edge)
                except ArtifactNotFound:
                    continue  # deleted since

        source: Listing[tuple[int, Committed], Artifact] = Listing(
            load, lambda row: (row[0],), lambda row: make(row[1])
        )
        super().__init__(source, per_page, start)

    def __repr__(self) -> str:
        return f"<RunArtifacts ({len(self)})>"
