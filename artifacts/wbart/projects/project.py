"""Projects, and the collections and types in them, a page at a time."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from wbart.errors import CollectionNotFound, ProjectNotFound, TypeNotFound
from wbart.kept import documents
from wbart.projects.collection import ArtifactCollection
from wbart.projects.listing import Listing, parse_order
from wbart.projects.paginator import Key, Paginator
from wbart.query import holds, parse
from wbart.registry.fields import COLLECTION, collection_row
from wbart.runs.runs import paths, projects_with_runs
from wbart_storage.keys import project_documents

if TYPE_CHECKING:
    from wbart.sweeps.sweeps import Sweeps
    from wbart.workspace import Workspace

_READERS = 16
_FIELDS = ("name", "created_at", "updated_at")
_KEYS: dict[str, Callable[[ArtifactCollection], Key]] = {
    "name": lambda found: (found.name,),
    "created_at": lambda found: (found.created_at, found.name),
    "updated_at": lambda found: (found.updated_at, found.name),
}


def all_of(workspace: Workspace, entity: str, project: str) -> list[ArtifactCollection]:
    """All collections of a project, read at once: each costs a request or two.

    Raises ProjectNotFound when there is nothing in the project.
    """
    found = list(workspace.catalog.collections(entity, project))
    if not found and not has_more(workspace, entity, project):
        raise ProjectNotFound(f"project {project!r} not found under entity {entity!r}")

    def read(name: str) -> ArtifactCollection | None:
        try:
            collection = ArtifactCollection.at(workspace, entity, project, name)
        except CollectionNotFound:
            return None  # deleted
        return collection if collection.name == name else None  # a former name

    with ThreadPoolExecutor(_READERS, "wbart-collections") as executor:
        return [each for each in executor.map(read, found) if each is not None]


def has_more(workspace: Workspace, entity: str, project: str) -> bool:
    """Whether a project has a run or a document, or was made by `create`."""
    said = workspace.store.objects.list(project_documents(entity, project))
    return any(said) or next(paths(workspace, entity, project), None) is not None


def create(workspace: Workspace, entity: str, project: str) -> None:
    """Make a project, unless it is there; one that is used is there in any case."""
    documents.create(workspace, project_documents(entity, project, "about"), {"name": project})


class ArtifactCollections(Paginator[ArtifactCollection]):
    """Collections of one type in a project, portfolios included; by name unless ordered.

    Orders are `name`, `created_at` and `updated_at`, ascending unless a `-` stands before them.
    """

    def __init__(
        self,
        workspace: Workspace,
        entity: str,
        project: str,
        type: str | None,
        *,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        """filters are Mongo-style: `name`, `tag`, `description`, `created_at`, `updated_at`."""
        field, descending = parse_order(order, _FIELDS, "name")
        condition = parse(filters, COLLECTION)
        self._label = f"{entity}/{project}"

        def load() -> Iterator[ArtifactCollection]:
            return (
                found
                for found in all_of(workspace, entity, project)
                if type in (None, found.type) and holds(condition, collection_row(found))
            )

        source = Listing(load, _KEYS[field], lambda found: found, descending)
        super().__init__(source, per_page, start)

    def __repr__(self) -> str:
        return f"<ArtifactCollections {self._label} ({len(self)})>"


class ArtifactType:
    """A type of artifacts in a project."""

    def __init__(self, workspace: Workspace, entity: str, project: str, name: str) -> None:
        self._workspace = workspace
        self.entity = entity
        self.project = project
        self.name = name

    @property
    def id(self) -> str:
        """An opaque text that names it in its store."""
        return f"{self.entity}/{self.project}/{self.name}"

    def collections(
        self,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> ArtifactCollections:
        """The collections of this type."""
        return ArtifactCollections(
            self._workspace,
            self.entity,
            self.project,
            self.name,
            filters=filters,
            order=order,
            per_page=per_page,
            start=start,
        )

    def collection(self, name: str) -> ArtifactCollection:
        """The collection of that name. Raises CollectionNotFound, also when its type is another."""
        found = ArtifactCollection.at(self._workspace, self.entity, self.project, name)
        if found.type != self.name:
            raise CollectionNotFound(
                f"collection {name!r} of type {self.name!r} not found in "
                f"'{self.entity}/{self.project}'"
            )
        return found

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name}>"


class ArtifactTypes(Paginator[ArtifactType]):
    """The types that the collections of a project have, by name."""

    def __init__(
        self,
        workspace: Workspace,
        entity: str,
        project: str,
        *,
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        self._label = f"{entity}/{project}"

        def load() -> set[str]:
            return {found.type for found in all_of(workspace, entity, project)}

        def make(name: str) -> ArtifactType:
            return ArtifactType(workspace, entity, project, name)

        super().__init__(Listing(load, lambda name: (name,), make), per_page, start)

    def __repr__(self) -> str:
        return f"<ArtifactTypes {self._label} ({len(self)})>"


def find_type(workspace: Workspace, entity: str, project: str, name: str) -> ArtifactType:
    """The type of that name. Raises TypeNotFound when no collection has it."""
    if all(found.type != name for found in all_of(workspace, entity, project)):
        raise TypeNotFound(f"artifact type {name!r} not found in '{entity}/{project}'")
    return ArtifactType(workspace, entity, project, name)


class Project:
    """A namespace of collections and runs; there as soon as something is in it."""

    def __init__(self, workspace: Workspace, entity: str, name: str) -> None:
        self._workspace = workspace
        self.entity = entity
        self.name = name

    @property
    def id(self) -> str:
        """An opaque text that names it in its store."""
        return f"{self.entity}/{self.name}"

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        return ""

    def artifacts_types(self, per_page: int | None = None) -> ArtifactTypes:
        """The types of its collections."""
        return ArtifactTypes(self._workspace, self.entity, self.name, per_page=per_page)

    def collections(
        self,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> ArtifactCollections:
        """Its collections, of whatever type."""
        return ArtifactCollections(
            self._workspace,
            self.entity,
            self.name,
            None,
            filters=filters,
            order=order,
            per_page=per_page,
            start=start,
        )

    def sweeps(self, per_page: int | None = None) -> Sweeps:
        """Its sweeps, oldest first."""
        from wbart.sweeps.sweeps import Sweeps

        return Sweeps(self._workspace, self.entity, self.name, per_page)

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Its collections as a table; a hidden one is folded."""
        rows = "".join(
            f"<tr><td>{html.escape(found.name)}</td><td>{html.escape(found.type)}</td></tr>"
            for found in self.collections()
        )
        title = f"<summary>{html.escape(self.id)}</summary>"
        opened = "" if hidden else " open"
        style = f"max-height:{int(height)}px;overflow:auto"
        return f"<details{opened} style='{style}'>{title}<table>{rows}</table></details>"

    def __repr__(self) -> str:
        return f"<Project {self.entity}/{self.name}>"


class Projects(Paginator[Project]):
    """The projects of an entity that were made or have something, by name."""

    PER_PAGE = 200

    def __init__(self, workspace: Workspace, entity: str, per_page: int | None = None) -> None:
        self.entity = entity

        def load() -> set[str]:
            return {
                *workspace.catalog.projects(entity),
                *projects_with_runs(workspace, entity),
                *documents.children(workspace.store.objects, project_documents(entity, "")[:-1]),
            }

        def make(name: str) -> Project:
            return Project(workspace, entity, name)

        super().__init__(Listing(load, lambda name: (name,), make), per_page)

    def __repr__(self) -> str:
        return f"<Projects {self.entity}>"
