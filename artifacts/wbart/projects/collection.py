"""ArtifactCollection: all versions of one name, and what is said of them as a whole."""

from __future__ import annotations

import base64
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from wbart import names
from wbart.artifact import Artifact
from wbart.errors import KindClash
from wbart.fold import alias_log
from wbart.fold.state import SEQUENCE, AliasMove, CollectionState
from wbart.projects.versions import Artifacts
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AliasChange:
    """An alias went from one version to another; None stands for nowhere."""

    alias: str
    before: str | None
    after: str | None
    at: str
    """RFC 3339, UTC."""
    actor: str


class ArtifactCollection:
    """A sequence, whose versions were logged, or a portfolio, whose versions are links.

    What is assigned is stored by `save()`; what was read is a snapshot until `load()`.
    """

    def __init__(
        self, workspace: Workspace, entity: str, project: str, name: str, state: CollectionState
    ) -> None:
        self._workspace = workspace
        self._home = (entity, project, name)
        self._take(state)

    @classmethod
    def at(cls, workspace: Workspace, entity: str, project: str, name: str) -> Self:
        """The collection of these names. Raises CollectionNotFound."""
        state = workspace.catalog.state(entity, project, name)
        return cls(workspace, entity, project, state.name, state)

    @property
    def id(self) -> str:
        """An opaque text that names it in its store; a rename keeps it."""
        return base64.urlsafe_b64encode(
            f"{self.entity}/{self.project}/{self._root}".encode()
        ).decode()

    @property
    def entity(self) -> str:
        """The entity that it belongs to."""
        return self._home[0]

    @property
    def project(self) -> str:
        """The project that it belongs to."""
        return self._home[1]

    @property
    def name(self) -> str:
        """Its name, unique in the project; settable. The names it had lead to it for ever."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        wanted = names.collection_name(name)
        self._name = names.artifact_name(wanted) if self.is_sequence() else wanted

    @property
    def type(self) -> str:
        """The type of all its versions; settable for sequences."""
        return self._type

    @type.setter
    def type(self, type: str) -> None:
        if not self.is_sequence():
            raise KindClash(f"{self._home[2]!r} is a portfolio: its type cannot be changed")
        self._type = type

    @property
    def aliases(self) -> list[str]:
        """All aliases of its versions, sorted."""
        return list(self._aliases)

    @property
    def created_at(self) -> str:
        """When it was created: RFC 3339, UTC."""
        return rfc3339(self._head.created_at or 0.0)

    @property
    def updated_at(self) -> str:
        """When it, or one of its versions, was last changed: RFC 3339, UTC."""
        return rfc3339(self._head.updated_at or self._head.created_at or 0.0)

    def is_sequence(self) -> bool:
        """Whether its versions were logged into it; a portfolio's are links."""
        return self._head.kind == SEQUENCE

    def artifacts(self, per_page: int | None = None, start: str | None = None) -> Artifacts:
        """Its versions, newest first, without those that are deleted or expired."""
        home, make = self._home, Artifact._of
        return Artifacts(self._workspace, home, make, per_page=per_page, start=start)

    def versions(self, per_page: int | None = None, start: str | None = None) -> Artifacts:
        """As `artifacts`."""
        return self.artifacts(per_page, start)

    def load(self) -> Self:
        """Read it anew; what was assigned and not saved is gone."""
        state = self._workspace.catalog.state(*self._home)
        self._home = (self.entity, self.project, state.name)
        self._take(state)
        return self

    def save(self) -> None:
        """Store what was assigned, and read it anew. Raises ValueError; nothing is stored then.

        A new name raises NameTaken when another collection has it, Conflict when somebody else
        renamed this one meanwhile.
        """
        changes: dict[str, object] = {}
        if self._type != self._head.type:
            changes["type"] = names.artifact_type(self._type, self._name)
        if (self.description or None) != self._head.description:
            changes["description"] = self.description or None
        tags = tuple(names.tags(self.tags))
        if tags != self._head.tags:
            changes["tags"] = list(tags)
        ops = [{"op": "collection", **changes}] if changes else []
        if self._name != self._home[2]:
            self._workspace.catalog.rename(*self._home, self._name, *ops)
        elif ops:
            self._workspace.catalog.commit(*self._home, *ops)
        self.load()

    def change_type(self, new_type: str) -> None:
        """Deprecated: assign `type`, then `save()`."""
        warnings.warn(
            "change_type is deprecated, assign type and call save()",
            DeprecationWarning,
            stacklevel=2,
        )
        self.type = new_type
        self.save()

    def delete(self) -> None:
        """Delete it: its versions are no longer found. A portfolio's sources stay."""
        catalog = self._workspace.catalog
        state = catalog.state(*self._home)
        links = [version.source for version in state.versions if version.live and version.source]
        catalog.commit(*self._home, {"op": "collection", "deleted": True})
        project = catalog.registries.root(self.entity, self.project)
        target = {"entity": self.entity, "project": project, "collection": self._root}
        for source in links:
            home = source.entity, source.project, source.collection
            if catalog.exists(*home):
                note = {"op": "unlinked", "version": source.version, "target": target}
                catalog.commit(*home, note)

    def alias_history(self, alias: str | None = None) -> list[AliasChange]:
        """Every move of an alias, or of all, newest first: who moved it when, from where."""
        state = self._workspace.catalog.state(*self._home)
        return [_change(move) for move in alias_log.history(state, alias)]

    def undo_alias(self, alias: str) -> AliasChange:
        """Take back the last move of an alias, and return this move; twice is as before.

        Raises ArtifactNotFound when it never moved, Conflict when somebody moves it meanwhile.
        """
        catalog = self._workspace.catalog
        op = alias_log.undo(catalog.state(*self._home), alias)
        catalog.commit(*self._home, op.to_json())
        self.load()
        return self.alias_history(alias)[0]

    def __repr__(self) -> str:
        return f"<ArtifactCollection {'/'.join(self._home)} ({self._head.type})>"

    def _take(self, state: CollectionState) -> None:
        self._head = state.head
        self._root = state.root
        self._aliases = sorted(state.aliases)
        self._name = self._home[2]
        self._type = state.head.type
        self.description = state.head.description
        self.tags = list(state.head.tags)


def _change(move: AliasMove) -> AliasChange:
    before, after = (None if n is None else f"v{n}" for n in (move.before, move.after))
    return AliasChange(move.alias, before, after, rfc3339(move.at), move.actor)
