"""What an artifact says of itself: the members that `Artifact` has for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from wbart import names
from wbart.members.artifactstate import ArtifactState
from wbart.ttl import ArtifactTTL

if TYPE_CHECKING:
    from wbart.projects.collection import ArtifactCollection


class ArtifactAbout(ArtifactState):
    """What is known of it from the start, and what is known after logging."""

    # What is known from the start.

    @property
    def name(self) -> str:
        """`collection` before logging, `collection:v3` after: where it was fetched."""
        return self._committed.place.name if self._committed else self._facts.name

    @property
    def source_name(self) -> str:
        """As `name`, in the sequence that the version was logged into."""
        return self._committed.source_place.name if self._committed else self._facts.name

    @property
    def type(self) -> str:
        """The type of its collection."""
        return self._facts.type

    @property
    def id(self) -> str | None:
        """Its identity, the same through every link; None before logging."""
        return self._committed.source.id if self._committed else None

    @property
    def description(self) -> str | None:
        """Free Markdown text; settable, and stored by `save()`."""
        return self._facts.description

    @description.setter
    def description(self, description: str | None) -> None:
        self._facts.description = description

    @property
    def metadata(self) -> dict[str, Any]:
        """At most 100 keys of JSON values; the live dict, checked again when it is stored."""
        return self._facts.metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._facts.set_metadata(metadata)

    @property
    def incremental(self) -> bool:
        """Whether logging adds to the newest version's files instead of replacing them."""
        return self._facts.incremental

    @property
    def use_as(self) -> None:
        """Always None; kept for scripts that read it."""
        return None

    @property
    def distributed_id(self) -> str | None:
        """What several writers of one version share; settable."""
        return self._facts.distributed_id

    @distributed_id.setter
    def distributed_id(self, distributed_id: str | None) -> None:
        self._facts.distributed_id = distributed_id

    @property
    def ttl(self) -> timedelta | None:
        """How long after `created_at` it lives; None for ever. Settable, also to INHERIT.

        Raises ArtifactNotLoggedError while it is inherited and not logged.
        """
        return self._facts.shown_ttl(self)

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        self._facts.set_ttl(ttl, is_link=self.is_link)

    @property
    def digest(self) -> str:
        """The digest of the whole content; the same content has the same digest."""
        from wbart.drafts.digests import draft_digest

        return self._committed.digest if self._committed else draft_digest(self._filling)

    @property
    def size(self) -> int:
        """Bytes of all entries, references included."""
        manifest = self._committed.manifest if self._committed else self._filling.manifest()
        return manifest.size

    # What is known after logging.

    @property
    def entity(self) -> str:
        """The entity where it was fetched."""
        return self._at("entity").place.entity

    @property
    def project(self) -> str:
        """The project where it was fetched."""
        return self._at("project").place.project

    @property
    def version(self) -> str:
        """`v3`, in the collection where it was fetched."""
        return self._at("version").place.version

    @property
    def qualified_name(self) -> str:
        """`entity/project/collection:v3` where it was fetched."""
        return self._at("qualified_name").place.qualified_name

    @property
    def source_entity(self) -> str:
        """The entity of its sequence."""
        return self._at("source_entity").source_place.entity

    @property
    def source_project(self) -> str:
        """The project of its sequence."""
        return self._at("source_project").source_place.project

    @property
    def source_version(self) -> str:
        """`v3`, in its sequence."""
        return self._at("source_version").source_place.version

    @property
    def source_qualified_name(self) -> str:
        """`entity/project/collection:v3` in its sequence."""
        return self._at("source_qualified_name").source_place.qualified_name

    @property
    def collection(self) -> ArtifactCollection:
        """The collection where it was fetched."""
        from wbart.projects.collection import ArtifactCollection

        at = self._at("collection")
        return ArtifactCollection.at(at.workspace, *at.place.home)

    @property
    def source_collection(self) -> ArtifactCollection:
        """The sequence that it was logged into."""
        from wbart.projects.collection import ArtifactCollection

        at = self._at("source_collection")
        return ArtifactCollection.at(at.workspace, *at.source_place.home)

    @property
    def linked_at(self) -> str | None:
        """When it was linked, RFC 3339; None for a source."""
        return self._at("linked_at").linked_at

    @property
    def aliases(self) -> list[str]:
        """Names that point to it where it was fetched; assign or edit, then `save()`."""
        self._at("aliases")
        return self._facts.aliases

    @aliases.setter
    def aliases(self, aliases: list[str]) -> None:
        self._at("aliases")
        self._facts.aliases = names.aliases(aliases)

    @property
    def tags(self) -> list[str]:
        """Labels of the version, shared by its links; assign or edit, then `save()`."""
        self._at("tags")
        return self._facts.tags

    @tags.setter
    def tags(self, tags: list[str]) -> None:
        self._at("tags")
        self._facts.tags = names.tags(tags)

    @property
    def commit_hash(self) -> str:
        """The digest that the version was committed under, as hexadecimal."""
        return self._at("commit_hash").source.digest.partition(":")[2]

    @property
    def file_count(self) -> int:
        """Entries, references included."""
        return self._at("file_count").manifest.count

    @property
    def created_at(self) -> str:
        """When it was committed: RFC 3339, UTC."""
        return self._at("created_at").created_at

    @property
    def updated_at(self) -> str:
        """When it was last changed, or else created: RFC 3339, UTC."""
        return self._at("updated_at").updated_at

    @property
    def expires_at(self) -> str | None:
        """When its TTL ends it, RFC 3339; None for never."""
        return self._at("expires_at").expires_at

    @property
    def history_step(self) -> int | None:
        """The run's step before it was logged; None when nothing had been logged."""
        step = self._at("history_step").source.history_step
        return None if step is None else max(0, step - 1)

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        self._at("url")
        return ""

    def json_encode(self) -> dict[str, Any]:
        """What stands for it in a run's config."""
        at = self._at("json_encode")
        return {
            "_type": "artifactVersion",
            "_version": "v0",
            "id": self.id,
            "version": at.source_place.version,
            "sequenceName": at.source_place.collection,
            "usedAs": None,
        }

    def __repr__(self) -> str:
        return f"<Artifact {self.id or self._facts.name}>"
