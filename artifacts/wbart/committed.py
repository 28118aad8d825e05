"""A version that is in a store: where it was found, where it comes from, and what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from wbart.errors import PathNotFound
from wbart.fold.state import CollectionState, Version
from wbart.refs.place import Place
from wbart.refs.resolve import View
from wbart_manifest.entry import Entry
from wbart_manifest.errors import PathInvalid
from wbart_manifest.manifest import Manifest
from wbart_manifest.path import canonical
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.workspace import Workspace


@dataclass(frozen=True)
class Committed:
    """A snapshot of what the journals said of one version when it was loaded."""

    workspace: Workspace
    place: Place
    """Where it was found: a sequence, or a portfolio that links to one."""
    member: Version
    """What the collection at `place` says."""
    type: str
    kind: str
    source_place: Place
    state: CollectionState
    """The sequence, as it was read with it."""
    source: Version
    """What the sequence says that the version was logged into."""

    @property
    def is_link(self) -> bool:
        """Whether it was found through a portfolio."""
        return self.kind == "portfolio"

    @property
    def aliases(self) -> tuple[str, ...]:
        """The names that point to it where it was found, sorted."""
        return tuple(sorted(self.member.aliases))

    @cached_property
    def manifest(self) -> Manifest:
        """Its entries, read from the store as they are asked for."""
        store = self.workspace.store
        return Manifest.restore(store.nodes, self.source.manifest, store.algorithm)

    @property
    def digest(self) -> str:
        """W&B's digest where the version has one, else the store's own."""
        wandb = self.source.wandb
        return str(wandb["digest"]) if wandb else self.source.digest

    @property
    def linked_at(self) -> str | None:
        """When it was linked, RFC 3339; None for a source."""
        return None if self.member.linked_at is None else rfc3339(self.member.linked_at)

    @property
    def expires_at(self) -> str | None:
        """When its TTL ends it, RFC 3339; None for never. A registry's link keeps it for ever."""
        seconds = View(self.state, 0.0).expires(self.source)
        return None if seconds is None else rfc3339(seconds)

    @property
    def created_at(self) -> str:
        """RFC 3339, UTC."""
        return rfc3339(self.source.created_at)

    @property
    def updated_at(self) -> str:
        """RFC 3339, UTC; the time of creation when nothing changed since."""
        return rfc3339(self.source.updated_at or self.source.created_at)

    def entry(self, path: str | os.PathLike[str]) -> Entry:
        """The entry at a path. Raises PathNotFound, which is a KeyError."""
        text = path if isinstance(path, PurePath) else os.fspath(path)
        try:
            found = self.manifest.get(canonical(text))
        except PathInvalid as error:
            raise PathNotFound(f"Path not contained in artifact: {path}") from error
        if found is None:
            raise PathNotFound(f"Path not contained in artifact: {path}")
        return found

    def entry_url(self, path: str) -> str:
        """A URI by which an artifact can refer to an entry of this one."""
        return f"wandb-artifact://{self.source.id}/{quote(path)}"


def committed(
    workspace: Workspace,
    entity: str,
    project: str,
    name: str,
    number: int,
    state: CollectionState,
    state_of: Callable[[str, str, str], CollectionState] | None = None,
) -> Committed:
    """The version of a number in a collection whose state was just read.

    Its place has the name that the collection has now, whatever name led here. The collection
    that a link leads to is read by state_of, or anew.
    """
    place = Place(entity, project, state.name or name, number)
    member = state.versions[number]
    source_place, source, source_state = place, member, state
    if member.source is not None:
        link = member.source
        read = state_of or workspace.catalog.state
        source_state = read(link.entity, link.project, link.collection)
        source_place = Place(link.entity, link.project, source_state.name, link.version)
        source = source_state.versions[source_place.number]
    return Committed(
        workspace,
        place,
        member,
        state.head.type,
        state.head.kind,
        source_place,
        source_state,
        source,
    )
