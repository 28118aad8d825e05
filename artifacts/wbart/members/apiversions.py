"""What an Api finds of versions: the members that `Api` has for artifacts and their collections."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wbart.artifact import Artifact
from wbart.errors import ArgumentInvalid, NotFound, TypeClash
from wbart.members.apistate import ApiState
from wbart.projects.project import ArtifactCollections, ArtifactType, ArtifactTypes, find_type
from wbart.projects.versions import Artifacts
from wbart.refs.loading import load
from wbart.refs.refpath import Ref
from wbart.registry import registry
from wbart.registry.listing import Registries

if TYPE_CHECKING:
    from wbart.projects.collection import ArtifactCollection
    from wbart.registry.registry import Registry


class ApiVersions(ApiState):
    """Artifacts, collections, types and registries."""

    # Artifacts.

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """The version that `[[entity/]project/]name[:alias]`, or any reference, names.

        Raises ArtifactNotFound, and TypeClash when it has another type than the one asked for.
        """
        if not name:
            raise ArgumentInvalid("You must specify name= to fetch an artifact.")
        return Artifact._of(load(self._workspace, name, type))

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
        at = self._workspace
        ref = Ref.parse_collection(name).within(at.entity, at.project, at.organization)
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
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        start: str | None = None,
    ) -> ArtifactCollections:
        """The collections of a type in a project, portfolios included, by name.

        Mongo-style filters know `name`, `tag`, `description` and the times. Orders are `name`,
        `created_at` and `updated_at`; one without a sign is ascending.
        """
        entity, project = self._project(project_name)
        return ArtifactCollections(
            self._workspace,
            entity,
            project,
            type_name,
            filters=filters,
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

    # Registries.

    def registries(
        self,
        organization: str | None = None,
        filter: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> Registries:
        """The registries of an organisation; filters and orders are those of `Registries`."""
        given = organization or self._overrides.get("organization")
        return Registries(self._workspace, given, filter, order, per_page, start)

    def registry(self, name: str, organization: str | None = None) -> Registry:
        """The registry of this name, with its prefix or without. Raises ProjectNotFound."""
        given = organization or self._overrides.get("organization")
        return registry.find(self._workspace, given, name)

    def create_registry(
        self,
        name: str,
        visibility: str = "organization",
        organization: str | None = None,
        description: str | None = None,
        artifact_types: Sequence[str] | None = None,
    ) -> Registry:
        """A new registry; it takes artifacts of every type unless some are named.

        Raises NameTaken, NameInvalid, ArgumentInvalid (ValueErrors all).
        """
        given = organization or self._overrides.get("organization")
        return registry.create(
            self._workspace, given, name, visibility, description, artifact_types
        )
