"""Api: everything that is in a store, for scripts outside of runs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wbart import names, runpath, runs
from wbart.artifact import Artifact
from wbart.collectionversions import Artifacts
from wbart.errors import ArgumentInvalid, NotFound, TypeClash
from wbart.project import (
    ArtifactCollections,
    ArtifactType,
    ArtifactTypes,
    Project,
    Projects,
    find_type,
)
from wbart.refpath import Ref
from wbart.surroundings import open_workspace

if TYPE_CHECKING:
    from wbart.collection import ArtifactCollection
    from wbart.publicrun import PublicRun
    from wbart.settings import Settings
    from wbart.workspace import Workspace


class Api:
    """Reads a store, always fresh. Errors about names and things are CommError and ValueError both.

    Names without an entity or a project have those of overrides (`{"entity":, "project":}`), of
    the active run, or of the surroundings.
    """

    def __init__(
        self,
        overrides: Mapping[str, Any] | None = None,
        timeout: int | None = None,
        api_key: str | None = None,
        *,
        store: str | os.PathLike[str] | None = None,
        settings: Settings | Mapping[str, object] | None = None,
    ) -> None:
        """Nothing is opened yet. timeout and api_key are W&B's, and mean nothing here."""
        self._overrides = dict(overrides or {})
        self._store = store
        self._given = settings

    @cached_property
    def _workspace(self) -> Workspace:
        said = self._overrides
        return open_workspace(self._store, said.get("entity"), said.get("project"), self._given)

    @property
    def default_entity(self) -> str:
        """The entity of names that have none."""
        return self._workspace.entity

    @property
    def settings(self) -> dict[str, Any]:
        """Entity, project and store that apply, and what else overrides said."""
        found = self._workspace
        applied = {"entity": found.entity, "project": found.project, "store": found.store.url}
        return {"base_url": None, "organization": None, "run": None, **self._overrides, **applied}

    @property
    def api_key(self) -> str | None:
        """None: a store has its own credentials."""
        return None

    def flush(self) -> None:
        """Do nothing: what is asked is always read anew. Kept for scripts that call it."""

    # Artifacts.

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """The version that `[[entity/]project/]name[:alias]`, or any reference, names.

        Raises ArtifactNotFound, and TypeClash when it has another type than the one asked for.
        """
        if not name:
            raise ArgumentInvalid("You must specify name= to fetch an artifact.")
        return self._workspace.load(name, type=type)

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether `artifact` would find it; a store that does not answer still raises."""
        try:
            self.artifact(name, type)
        except (NotFound, TypeClash, ArgumentInvalid):
            return False
        return True

    def artifacts(
        self,
        type_name: str,
        name: str,
        order: str | None = None,
        per_page: int | None = None,
        tags: str | Sequence[str] | None = None,
        start: str | None = None,
    ) -> Artifacts:
        """The versions of a collection, newest first. An order without a sign is ascending.

        Orders are `version_index`, `created_at`, `updated_at` and `size`; tags are those that a
        version must have all of.
        """
        found = self.artifact_collection(type_name, name)
        home = found.entity, found.project, found.name
        return Artifacts(
            self._workspace,
            home,
            Artifact._of,
            order=order,
            tags=tags,
            per_page=per_page,
            start=start,
        )

    def artifact_versions(
        self, type_name: str, name: str, per_page: int | None = None
    ) -> Artifacts:
        """Deprecated: use `artifacts`."""
        warnings.warn(
            "Api.artifact_versions() is deprecated, use Api.artifacts() instead",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.artifacts(type_name, name, per_page=per_page)

    # Collections and types.

    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """The collection `[[entity/]project/]name`. Raises CollectionNotFound, RefInvalid.

        A collection of another type is not found.
        """
        ref = Ref.parse_collection(name).within(self._workspace.entity, self._workspace.project)
        home = ArtifactType(self._workspace, str(ref.entity), str(ref.project), type_name)
        return home.collection(ref.name)

    def artifact_collection_exists(self, name: str, type: str) -> bool:
        """Whether `artifact_collection` would find it."""
        try:
            self.artifact_collection(type, name)
        except (NotFound, ArgumentInvalid):
            return False
        return True

    def artifact_collections(
        self,
        project_name: str | None,
        type_name: str,
        per_page: int | None = None,
        order: str | None = None,
        start: str | None = None,
    ) -> ArtifactCollections:
        """The collections of a type in a project, portfolios included, by name.

        Orders are `name`, `created_at` and `updated_at`; one without a sign is ascending.
        """
        entity, project = self._project(project_name)
        return ArtifactCollections(
            self._workspace,
            entity,
            project,
            type_name,
            order=order,
            per_page=per_page,
            start=start,
        )

    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        """A type in a project. Raises TypeNotFound, ProjectNotFound."""
        return find_type(self._workspace, *self._project(project), type_name)

    def artifact_types(self, project: str | None = None, start: str | None = None) -> ArtifactTypes:
        """The types of the collections of a project."""
        return ArtifactTypes(self._workspace, *self._project(project), start=start)

    # Projects and runs.

    def project(self, name: str, entity: str | None = None) -> Project:
        """The project of that name, which need not hold anything yet."""
        owner = self.default_entity if entity is None else names.entity(entity)
        return Project(self._workspace, owner, names.project(name))

    def projects(self, entity: str | None = None, per_page: int | None = None) -> Projects:
        """The projects of an entity."""
        owner = self.default_entity if entity is None else names.entity(entity)
        return Projects(self._workspace, owner, per_page)

    def run(self, path: str = "") -> PublicRun:
        """The run at `[[entity/]project/]id`. Raises RunNotFound."""
        found = runpath.parse(
            path or self._overrides.get("run") or "",
            entity=self._workspace.entity,
            project=self._workspace.project,
        )
        return runs.find(self._workspace, found)

    def _project(self, text: str | None) -> tuple[str, str]:
        """Entity and project of `entity/project` or `project`."""
        owner, slash, name = (text or self._workspace.project).strip(" /").rpartition("/")
        entity = names.entity(owner) if slash else self._workspace.entity
        return entity, names.project(name)

    def __repr__(self) -> str:
        return f"<Api {self._workspace.store.url}>"
