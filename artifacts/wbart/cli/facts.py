"""Versions and entries as the facts that JSON shows and the lines that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.cli import words
from wbart_storage.clock import rfc3339

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.fold.ops import Origin, Place
    from wbart_manifest.entry import Entry

Facts = dict[str, object]


def version_facts(at: Committed) -> Facts:
    """All that is known of a version, under the names of the Artifact's attributes."""
    source = at.source
    return {
        "qualified_name": at.place.qualified_name,
        "entity": at.place.entity,
        "project": at.place.project,
        "name": at.place.name,
        "version": at.place.version,
        "type": at.type,
        "id": source.id,
        "digest": at.digest,
        "state": source.state,
        "size": source.size,
        "file_count": source.count,
        "aliases": list(at.aliases),
        "tags": list(source.tags),
        "description": source.description,
        "metadata": source.metadata,
        "ttl": source.ttl,
        "expires_at": at.expires_at,
        "created_at": at.created_at,
        "updated_at": at.updated_at,
        "logged_by": source.logged_by,
        "actor": source.actor,
        "history_step": None if source.history_step is None else max(0, source.history_step - 1),
        "is_link": at.is_link,
        "linked_at": at.linked_at,
        "source_qualified_name": at.source_place.qualified_name,
        "origin": None if source.origin is None else _origin(source.origin),
        "links": [_portfolio(at, link.target) for link in source.links],
    }


def entry_facts(entry: Entry, algorithm: str) -> Facts:
    """One entry: path, size, digest, and where a reference leads."""
    if entry.reference is None and not entry.wandb and not entry.extra:
        # Nearly all are so, and there may be millions.
        digest = f"{algorithm}:{entry.digest.hex()}"
        return {"path": entry.path, "size": entry.size, "digest": digest}
    from wbart.drafts.entry import shown_entry

    shown = shown_entry(entry, algorithm, None)
    facts: Facts = {"path": shown.path, "size": shown.size, "digest": shown.digest}
    if shown.ref is not None:
        facts["ref"] = shown.ref
    if shown.extra:
        facts["extra"] = shown.extra
    return facts


def entry_line(entry: Entry) -> str:
    """One entry for people: size, path, and where a reference leads."""
    ref = f" -> {entry.reference.uri}" if entry.reference is not None else ""
    return f"{words.size(entry.size):>9}  {words.one_line(entry.path + ref)}"


def _origin(origin: Origin) -> Facts:
    return {
        "store_id": origin.store,
        "qualified_name": f"{_collection(origin)}:v{origin.version}",
        "id": origin.id,
        "created_at": rfc3339(origin.created_at),
        "actor": origin.actor,
    }


def _portfolio(at: Committed, place: Place) -> str:
    """As `_collection`, with the name that a registry has now."""
    project = at.workspace.catalog.registries.called(place.entity, place.project)
    return f"{place.entity}/{project}/{place.collection}"


def _collection(place: Place) -> str:
    return f"{place.entity}/{place.project}/{place.collection}"
