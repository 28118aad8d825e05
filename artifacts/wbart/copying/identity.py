"""Which version a copy is a copy of, and so whether a store has it already.

A copy knows its origin, the version that was logged. Under its origin's names it has its origin's
id, so lineage and references find it; under others an id that follows from both. So whoever
copies the same version to the same place, from whatever store, makes the same version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.errors import Conflict
from wbart.fold.ops import Origin
from wbart.fold.state import CollectionState, Version
from wbart_manifest.digest import Digest

if TYPE_CHECKING:
    from wbart.committed import Committed

Home = tuple[str, str, str]
"""Entity, project and name of a collection."""


def origin_of(at: Committed) -> Origin:
    """The version that was logged: this one, or the one that it is a copy of."""
    if at.source.origin is not None:
        return at.source.origin
    return Origin(
        *at.source_place.home,
        version=at.source_place.number,
        id=at.source.id,
        store=at.workspace.store.config.store_id,
        created_at=at.source.created_at,
        actor=at.source.actor,
    )


def identity(origin: Origin, home: Home) -> str:
    """The id that a copy has in the collection of that home."""
    if (origin.entity, origin.project, origin.collection) == home:
        return origin.id
    return Digest.of("\0".join((origin.id, *home)).encode(), "sha256").hex[:32]


def held(state: CollectionState, at: Committed, home: Home) -> Version | None:
    """The version of a target collection that is the same, in the trash or not; or None.

    One that the target logged itself is another, whatever its content: references and lineage
    ask for the origin's id, which it has not.
    """
    origin = origin_of(at)
    for id_ in (identity(origin, home), origin.id):
        if id_ in state.ids:
            return _same(state, state.versions[state.ids[id_]], at)
    for version in state.versions:
        if version.origin is not None and version.origin.id == origin.id:
            return version
    return None


def _same(state: CollectionState, version: Version, at: Committed) -> Version:
    """The version, unless its id is all that it shares with the one to be copied."""
    known, wanted = (
        text.partition(":") if text else None for text in (version.digest, at.source.digest)
    )
    if version.live and known and wanted and known[0] == wanted[0] and known != wanted:
        raise Conflict(
            f"{state.name}:v{version.number} at the target has the id of "
            f"{at.source_place.qualified_name}, and other content"
        )
    return version
