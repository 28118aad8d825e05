"""What an artifact says of itself: checked when it is set, and again when it is stored."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from wbart import names
from wbart import ttl as ttl_rules
from wbart.drafts import metadata as metadata_rules
from wbart.errors import ArgumentInvalid, ArtifactNotLoggedError
from wbart.ttl import ArtifactTTL

if TYPE_CHECKING:
    from wbart.committed import Committed

_Ttl = str | int | None


@dataclass
class Facts:
    """The facts of one artifact object. `ttl` is in the form that records carry."""

    name: str
    type: str
    description: str | None
    metadata: dict[str, Any]
    incremental: bool = False
    storage_region: str | None = None
    distributed_id: str | None = None
    ttl: _Ttl = "inherit"
    state: str = "PENDING"
    aliases: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    base_id: str | None = None
    home: tuple[str, str] | None = None
    """Entity and project that a draft of an existing version belongs to."""

    @classmethod
    def of(
        cls,
        name: str,
        type: str,
        description: str | None,
        metadata: object,
        incremental: bool,
        use_as: str | None,
        storage_region: str | None,
    ) -> Facts:
        """The facts of a new artifact; raises ValueError or TypeError."""
        checked = names.artifact_name(name)
        if use_as is not None:
            warnings.warn("use_as is deprecated and does nothing", DeprecationWarning, stacklevel=3)
        if storage_region is not None and not (
            isinstance(storage_region, str) and storage_region.strip()
        ):
            raise ArgumentInvalid(f"storage_region must be a text or None: {storage_region!r}")
        return cls(
            checked,
            names.artifact_type(type, checked),
            metadata_rules.description(description),
            metadata_rules.normalize(metadata),
            bool(incremental),
            storage_region,
        )

    @classmethod
    def of_committed(cls, found: Committed, before: Facts | None = None) -> Facts:
        """The facts of a committed version; what no store keeps comes from before."""
        return cls(
            found.source_place.collection,
            found.type,
            found.source.description,
            metadata_rules.normalize(found.source.metadata),
            before.incremental if before is not None else False,
            storage_region=found.source.storage_region,
            ttl=found.source.ttl,
            distributed_id=before.distributed_id if before is not None else None,
            state=_state(found),
            aliases=list(found.aliases),
            tags=list(found.source.tags),
        )

    def continue_from(self, before: Facts, at: Committed) -> None:
        """Take over what a draft of the next version keeps of the version before."""
        self.description = before.description
        self.set_metadata(before.metadata)
        self.base_id = at.source.id
        self.home = (at.source_place.entity, at.source_place.project)

    def set_metadata(self, metadata: object) -> None:
        """Check metadata and keep a copy of its own."""
        self.metadata = metadata_rules.normalize(metadata)

    def set_ttl(self, ttl: timedelta | ArtifactTTL | None, *, is_link: bool) -> None:
        """Check a TTL first, then keep it: an invalid one changes nothing."""
        if is_link:
            raise ArgumentInvalid("Cannot set TTL of a linked artifact. Unlink the artifact first")
        self.ttl = ttl_rules.stored(ttl_rules.check(ttl, self.type))

    def shown_ttl(self, owner: object) -> timedelta | None:
        """The TTL as the model shows it; raises while it is inherited and not logged."""
        if self.ttl == "inherit":
            if self.state == "PENDING":
                raise ArtifactNotLoggedError("Artifact.ttl", owner)
            return None
        return None if self.ttl is None else timedelta(seconds=int(self.ttl))

    def check(self) -> None:
        """Check again what can be changed in place."""
        self.set_metadata(self.metadata)
        self.tags = names.tags(self.tags)
        self.description = metadata_rules.description(self.description)

    def check_home(self, entity: str, project: str) -> None:
        """Refuse to log a draft of an existing version anywhere else."""
        if self.home is None:
            return
        if self.home[0] != entity:
            raise ArgumentInvalid(
                f"Artifact {self.name!r} is owned by entity {self.home[0]!r}; "
                f"it cannot be moved to {entity!r}"
            )
        if self.home[1] != project:
            raise ArgumentInvalid(
                f"Artifact {self.name!r} exists in project {self.home[1]!r}; "
                f"it cannot be moved to {project!r}"
            )


def _state(found: Committed) -> str:
    if found.source.state == "purged":
        return "GARBAGE_COLLECTED"
    return "COMMITTED" if found.member.live and found.source.live else "DELETED"
