"""Registries, what is in them, and the versions in that: lists that are filtered level by level.

Nothing is read before a list is looked at. Without an order of its parents a list is ordered as a
whole. When a parent is ordered, what belongs to one parent stays together, in the parents' order;
then no cursor could name a place in it, so `start`, `cursor` and `len()` are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from wbart import registryhome
from wbart.artifact import Artifact
from wbart.collection import ArtifactCollection
from wbart.collectionversions import versions_of
from wbart.committed import Committed
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, CollectionNotFound
from wbart.paginator import Key, Paginator
from wbart.query import Condition, Order, Schema, holds, parse, parse_order
from wbart.query.order import check_order
from wbart.registry import Registry
from wbart.registryfields import (
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

if TYPE_CHECKING:
    from wbart.workspace import Workspace

R = TypeVar("R")
T = TypeVar("T")
Filter = Mapping[str, Any]
_READERS = 16


class Grouped(ArgumentInvalid, ArgumentTypeInvalid):
    """A list whose parents are ordered cannot tell it. A TypeError, too, as of any such list."""


@dataclass(frozen=True)
class Level(Generic[R]):
    """The rows of one level: groups of them, each of one parent if parents are ordered."""

    groups: Callable[[], Iterator[list[R]]]
    row: Callable[[R], Mapping[str, object]]
    identity: Callable[[R], Key]
    condition: Condition
    order: Order | None
    grouped: bool
    """Whether a parent, or a parent's parent, is ordered."""

    def parents(self) -> Iterator[list[R]]:
        """The groups for the level below: each row alone when they are in an order."""
        rows = self.rows()
        if self.grouped or self.order is not None:
            yield from ([row] for row in rows)
        else:
            yield list(rows)

    def rows(self) -> Iterator[R]:
        """The rows that fulfil the condition, in order."""
        for group in self.groups():
            found = [(self.row(each), each) for each in group]
            kept = [pair for pair in found if holds(self.condition, pair[0])]
            kept.sort(key=lambda pair: self.identity(pair[1]))
            if self.order is not None:
                kept.sort(key=_by(self.order))
            yield from (each for _, each in kept)


def _by(order: Order) -> Callable[[tuple[Mapping[str, object], object]], Any]:
    key = order.key(lambda row: "")  # those that are equal stay as they are
    return lambda pair: key(pair[0])


class LevelPages(Paginator[T], Generic[R, T]):
    """A page of one level after the other; see this module."""

    PER_PAGE = 100

    def __init__(
        self,
        level: Level[R],
        make: Callable[[R], T],
        per_page: int | None,
        start: str | None,
    ) -> None:
        if level.grouped and start is not None:
            raise ArgumentInvalid("start cannot be used when the parents are ordered")
        self.level = level
        super().__init__(_Rows(level, make), per_page, start)

    @property
    def cursor(self) -> str | None:
        """As a paginator's; ArgumentInvalid when the parents are ordered."""
        if self.level.grouped:
            raise ArgumentInvalid("there is no cursor when the parents are ordered")
        return super().cursor

    def __bool__(self) -> bool:
        return self._reaches(0)


@dataclass(frozen=True)
class _Rows(Generic[R, T]):
    """A level as the source of a paginator. An item's key is its order's value and its name."""

    level: Level[R]
    make: Callable[[R], T]

    def items(self, after: Key | None) -> Iterator[tuple[Key, T]]:
        """The rest of the rows after the one of that name, or where it would be."""
        rows: Iterator[R] = self.level.rows()
        if after is not None:
            rows = self._after(list(rows), after)
        for row in rows:
            yield self._key(row), self.make(row)

    def count(self) -> int:
        """How many rows there are. Raises Grouped."""
        if self.level.grouped:
            raise Grouped("a list has no length when its parents are ordered")
        return sum(1 for _ in self.level.rows())

    def _key(self, row: R) -> Key:
        order = self.level.order
        value = None if order is None else self.level.row(row).get(order.field.column)
        ordered = (value,) if isinstance(value, str | int | float) else ("",)
        return (*ordered, *self.level.identity(row))

    def _after(self, rows: list[R], after: Key) -> Iterator[R]:
        order, identity = self.level.order, self.level.identity
        at = next((i for i, row in enumerate(rows) if identity(row) == after[1:]), None)
        if at is not None:
            return iter(rows[at + 1 :])
        # It is gone by now: go on where it was.
        try:
            if order is None:
                return (row for row in rows if identity(row) > after[1:])
            sign = -1 if order.descending else 1
            return (row for row in rows if _beyond(self._key(row), after, sign))
        except TypeError as error:
            raise ArgumentInvalid("the cursor is of another list") from error


def _beyond(key: Key, after: Key, sign: int) -> bool:
    if key[0] != after[0]:
        less: bool = after[0] < key[0]  # type: ignore[operator]
        return less is (sign == 1)
    return key[1:] > after[1:]


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
