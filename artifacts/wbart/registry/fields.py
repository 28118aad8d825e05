"""What registries, their collections and the versions in them can be filtered and ordered by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from wbart.names import REGISTRY_PREFIX
from wbart.query import Column, Document, Schema, flatten

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.projects.collection import ArtifactCollection
    from wbart.registry.registry import Registry

_TIMES: Final = {
    name: Column(column, "time")
    for column in ("created_at", "updated_at")
    for name in (column, column.replace("_a", "A"))
}
REGISTRY: Final = Schema(
    {name: Column(name) for name in ("name", "description", "id", "entity_id")} | _TIMES, {}
)
COLLECTION: Final = Schema(
    {name: Column(name) for name in ("name", "description", "id")}
    | {"tag": Column("tag", "list")}
    | _TIMES,
    {},
)
VERSION: Final = Schema(
    {name: Column(name, "list") for name in ("tag", "alias", "version")}
    | {"artifact_size": Column("artifact_size", "number")}
    | _TIMES,
    {"metadata": Document("metadata")},
)
ORDERS: Final = ("name", "created_at", "updated_at")
"""What registries and collections are ordered by."""
VERSION_ORDER: Final = Schema(
    {
        "created_at": Column("created_at", "time"),
        "artifact_size": Column("artifact_size", "number"),
        "linked_at": Column("linked_at", "time"),
    },
    {},
)


def registry_row(registry: Registry) -> dict[str, object]:
    """A registry as the columns of REGISTRY."""
    facts = registry._facts
    return {
        "name": facts.project,
        "description": facts.description,
        "id": facts.id,
        "entity_id": registry.entity,
        "created_at": facts.created_at,
        "updated_at": facts.updated_at,
    }


def collection_row(collection: ArtifactCollection) -> dict[str, object]:
    """A collection as the columns of COLLECTION."""
    head = collection._head
    return {
        "name": collection.name,
        "description": head.description,
        "id": collection.id,
        "tag": list(head.tags),
        "created_at": head.created_at,
        "updated_at": head.updated_at or head.created_at,
    }


def version_row(found: Committed) -> dict[str, object]:
    """A version as the columns of VERSION and VERSION_ORDER; `v3` is as well the number 3."""
    source = found.source
    return {
        "tag": list(source.tags),
        "alias": list(found.member.aliases),
        "version": [found.place.version, found.place.number],
        "artifact_size": source.size,
        "created_at": source.created_at,
        "updated_at": source.updated_at or source.created_at,
        "linked_at": found.member.linked_at or source.created_at,
        "metadata": flatten(source.metadata),
    }


def with_prefix(filter: object) -> object:
    """A registry filter in which names have their prefix, wherever a whole name is said."""
    if isinstance(filter, list | tuple):
        return [with_prefix(each) for each in filter]
    if not isinstance(filter, Mapping):
        return filter
    return {
        key: _full(value) if key == "name" else with_prefix(value) if _nests(key) else value
        for key, value in filter.items()
    }


def _nests(key: object) -> bool:
    return isinstance(key, str) and key.startswith("$")


_WHOLE = ("$eq", "$ne", "$in", "$nin")


def _full(value: object) -> object:
    if isinstance(value, str):
        return value if value.startswith(REGISTRY_PREFIX) else REGISTRY_PREFIX + value
    if isinstance(value, list | tuple | set | frozenset):
        return [_full(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _full(each) if key in _WHOLE or key == "$not" else each for key, each in value.items()
    }
