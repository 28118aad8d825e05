"""Registries, the collections in them, and the versions in those; see `registrylevels`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from wbart.artifact import Artifact
from wbart.committed import Committed
from wbart.errors import ArgumentTypeInvalid, CollectionNotFound
from wbart.projects.collection import ArtifactCollection
from wbart.projects.paginator import Key
from wbart.projects.versions import versions_of
from wbart.query import Order, Schema, parse, parse_order
from wbart.query.order import check_order
from wbart.registry import home as registryhome
from wbart.registry.fields import (
    COLLECTION,
    ORDERS,
    REGISTRY,
    VERSION,
    VERSION_ORDER,
    collection_row,
    registry_row,
    version_row,
    with_prefix,
)
from wbart.registry.levels import Level, LevelPages
from wbart.registry.registry import Registry

if TYPE_CHECKING:
    from wbart.workspace import Workspace

Filter = Mapping[str, Any]
_READERS = 16


class Registries(LevelPages[Registry, Registry]):
    """The registries of an organisation, by name unless ordered by name, created_at, updated_at.

    Filters: `name` (with or without its prefix; patterns see it with), `description`,
    `created_at`, `updated_at`, `id`, `entity_id`. An order without a sign ascends.
    """

    def __init__(
        self,
        workspace: Workspace,
        organization: str | None = None,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        entity = registryhome.organization(workspace, organization)
        self.organization = entity

        def groups() -> Iterator[list[Registry]]:
            facts = registryhome.all_facts(workspace, entity)
            yield [Registry(workspace, entity, each) for each in facts]

        condition = parse(_mapping(with_prefix(filter)), REGISTRY)
        level = Level(
            groups, registry_row, _registry_name, condition, _order(order, REGISTRY), False
        )
        super().__init__(level, lambda registry: registry, per_page, start)

    def collections(
        self,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> RegistryCollections:
        """The collections in these registries."""
        return RegistryCollections(self.level, filter, order, per_page, start)

    def versions(
        self,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> RegistryVersions:
        """The versions that are linked into these registries."""
        return self.collections().versions(filter, order, per_page, start)

    def __repr__(self) -> str:
        return f"<Registries {self.organization}>"


class RegistryCollections(LevelPages[ArtifactCollection, ArtifactCollection]):
    """Collections of registries, by name unless ordered by name, created_at or updated_at.

    Filters: `name`, `tag`, `description`, `created_at`, `updated_at`, `id`.
    """

    def __init__(
        self,
        registries: Level[Registry],
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        level = Level(
            lambda: map(_collections, registries.parents()),
            collection_row,
            lambda found: (found.name, found.project, found.entity),
            parse(filter, COLLECTION),
            _order(order, COLLECTION),
            registries.grouped or registries.order is not None,
        )
        super().__init__(level, lambda collection: collection, per_page, start)

    def versions(
        self,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> RegistryVersions:
        """The versions in these collections."""
        return RegistryVersions(self.level, filter, order, per_page, start)

    def __repr__(self) -> str:
        return "<RegistryCollections>"


class RegistryVersions(LevelPages[Committed, Artifact]):
    """Versions as collections of registries show them, by collection and number unless ordered.

    Filters: `tag`, `alias`, `version` (`v3` or 3), `metadata.*`, `created_at`, `updated_at`,
    `artifact_size`. Orders: `created_at`, `artifact_size`, `linked_at`.
    """

    def __init__(
        self,
        collections: Level[ArtifactCollection],
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        level = Level(
            lambda: map(_versions, collections.parents()),
            version_row,
            lambda found: (
                found.place.collection,
                found.place.number,
                found.place.project,
                found.place.entity,
            ),
            parse(filter, VERSION),
            None if order is None else parse_order(order, VERSION_ORDER),
            collections.grouped or collections.order is not None,
        )
        super().__init__(level, Artifact._of, per_page, start)

    def __repr__(self) -> str:
        return "<RegistryVersions>"


def one(registry: Registry) -> Level[Registry]:
    """A level of this registry alone."""
    everything = parse(None, REGISTRY)
    return Level(lambda: iter([[registry]]), registry_row, _registry_name, everything, None, False)


def _registry_name(registry: Registry) -> Key:
    return (registry._facts.project,)


def _order(order: str | None, schema: Schema) -> Order | None:
    return None if order is None else parse_order(check_order(order, ORDERS), schema)


def _mapping(filter: object) -> Filter | None:
    if filter is not None and not isinstance(filter, Mapping):
        raise ArgumentTypeInvalid(f"a filter is a dict, not {type(filter).__name__}")
    return filter


def _collections(registries: Sequence[Registry]) -> list[ArtifactCollection]:
    """All collections of these registries, each read once."""

    def read(registry: Registry, name: str) -> ArtifactCollection | None:
        at = registry._workspace, registry.entity, registry._facts.project
        try:
            found = ArtifactCollection.at(*at, name)
        except CollectionNotFound:
            return None  # deleted
        return found if found.name == name else None  # a former name

    with ThreadPoolExecutor(_READERS, "wbart-registry") as executor:
        return [
            found
            for registry in registries
            for found in executor.map(
                lambda name, registry=registry: read(registry, name),
                registry._workspace.catalog.collections(registry.entity, registry._facts.project),
            )
            if found is not None
        ]


def _versions(collections: Sequence[ArtifactCollection]) -> list[Committed]:
    """All live versions of these collections; each source is read once."""
    if not collections:
        return []
    workspace = collections[0]._workspace
    state_of = cache(workspace.catalog.state)

    def read(collection: ArtifactCollection) -> list[Committed]:
        home = collection.entity, collection.project, collection.name
        try:
            return list(versions_of(workspace, home, state_of))
        except CollectionNotFound:
            return []  # deleted meanwhile

    with ThreadPoolExecutor(_READERS, "wbart-registry") as executor:
        return [found for each in executor.map(read, collections) for found in each]
