"""Why a version is there: who uses it, what leads to it, and what would break without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbart.lineage.graph import Node
from wbart.lineage.walk import walk
from wbart.refs.wandb_url import WANDB_URL
from wbart_manifest.manifest import Manifest

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.fold.state import Version
    from wbart.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Referrer:
    """A version with entries whose bytes are another version's."""

    name: str
    entries: int
    """How many of its entries refer to it."""


@dataclass(frozen=True, slots=True)
class Why:
    """All that hangs on one version, as it is now."""

    name: str
    aliases: tuple[str, ...]
    logged_by: tuple[Node, ...]
    """The runs that made it."""
    used_by: tuple[Node, ...]
    """The runs that used it."""
    links: tuple[Node, ...]
    drafts: tuple[Node, ...]
    """Versions that were drafted from it; they have their content themselves."""
    copies: tuple[Node, ...]
    """Copies of it in this store; they have their content themselves."""
    referrers: tuple[Referrer, ...]
    expires_at: str | None
    kept_by_registry: bool
    is_link: bool

    @property
    def breaks(self) -> list[str]:
        """What would be worse if it were deleted, a sentence for each."""
        found = []
        if self.aliases:
            found.append(f"its aliases would name nothing: {', '.join(self.aliases)}")
        if self.is_link:
            return found
        found += [f"link {node.name} would lead to nothing" for node in self.links]
        for referrer in self.referrers:
            entries = "1 entry" if referrer.entries == 1 else f"{referrer.entries} entries"
            found.append(f"{referrer.name} could not be downloaded: {entries} refer to it")
        for node in self.used_by:
            going_on = " and is running" if node.state == "running" else ""
            found.append(f"run {node.name} used it{going_on}, and could not be repeated")
        return found


def why(at: Committed, *, references: bool = True) -> Why:
    """What hangs on a version, read anew.

    With references every manifest in the store is read, to find who refers to it.
    """
    down, up = walk(at, "down", 1), walk(at, "up", 1)

    def below(tie: str) -> tuple[Node, ...]:
        return tuple(node for edge, node in down.below(down.start) if edge.tie == tie)

    makers = tuple(node for edge, node in up.above(up.start) if edge.tie == "logged")
    seek = references and not at.is_link
    return Why(
        name=at.place.qualified_name,
        aliases=at.aliases,
        logged_by=makers,
        used_by=below("used"),
        links=tuple(node for node in below("linked") if node.alive),
        drafts=tuple(node for node in below("drafted") if node.alive),
        copies=tuple(node for node in below("copied") if node.alive),
        referrers=tuple(_referrers(at.workspace, at.source.id)) if seek else (),
        expires_at=at.expires_at,
        kept_by_registry=at.source.in_registry,
        is_link=at.is_link,
    )


def _referrers(workspace: Workspace, id: str) -> Iterator[Referrer]:
    """The live versions that refer to entries of the version of this id, by name."""
    catalog = workspace.catalog
    counted: dict[str, int] = {}
    for entity in catalog.entities():
        for project in catalog.projects(entity):
            for state in catalog.states(entity, project):
                for version in [each for each in state.versions if each.live and each.manifest]:
                    if version.digest not in counted:
                        counted[version.digest] = _count(workspace, version, id)
                    if counted[version.digest] and version.id != id:
                        name = f"{entity}/{project}/{state.name}:v{version.number}"
                        yield Referrer(name, counted[version.digest])


def _count(workspace: Workspace, version: Version, id: str) -> int:
    store = workspace.store
    starts = f"{WANDB_URL}{id}/", f"{WANDB_URL}_id/{id}/"
    manifest = Manifest.restore(store.nodes, version.manifest, store.algorithm)
    return sum(
        entry.reference is not None and entry.reference.uri.startswith(starts)
        for entry in manifest.entries()
    )
