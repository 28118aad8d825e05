"""Registry: an organisation's project of portfolios, with settings of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, get_args

from wbart import names
from wbart.errors import (
    ArgumentInvalid,
    ArgumentTypeInvalid,
    CollectionNotFound,
    ProjectNotFound,
)
from wbart.projects.collection import ArtifactCollection
from wbart.registry import home as registryhome
from wbart.registry.fold import RegistryFacts, Visibility
from wbart.registry.types import AddOnlyTypes
from wbart_storage.clock import rfc3339
from wbart_storage.tokens import token_hex

if TYPE_CHECKING:
    from wbart.api import Api
    from wbart.registry.listing import RegistryCollections, RegistryVersions
    from wbart.workspace import Workspace


class Registry:
    """What is assigned is stored by `save()`; what was read is a snapshot until `load()`.

    A renamed registry keeps its id and all that is in it; its old name leads nowhere.
    """

    _visibility: Visibility

    def __init__(self, workspace: Workspace, entity: str, facts: RegistryFacts) -> None:
        self._workspace = workspace
        self._entity = entity
        self._take(facts)

    @staticmethod
    def create(
        api: Api,
        organization: str | None,
        name: str,
        visibility: Visibility = "organization",
        description: str | None = None,
        artifact_types: Sequence[str] | None = None,
    ) -> Registry:
        """As `Api.create_registry`."""
        return create(api._workspace, organization, name, visibility, description, artifact_types)

    @property
    def id(self) -> str:
        """Names it for ever."""
        return self._facts.id

    @property
    def name(self) -> str:
        """Its name without the prefix; settable."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        short = registryhome.short_name(name)
        names.registry_project(short)
        self._name = short

    @property
    def full_name(self) -> str:
        """The name of its project, `wandb-registry-<name>`."""
        return names.registry_project(self._name)

    @property
    def entity(self) -> str:
        """The entity to which its project belongs: the organisation's."""
        return self._entity

    @property
    def organization(self) -> str:
        """The organisation, which is called as its entity is."""
        return self._entity

    @property
    def visibility(self) -> Visibility:
        """`organization` or `restricted`; settable. Kept, but nobody is kept out: see the store."""
        return self._visibility

    @visibility.setter
    def visibility(self, value: Visibility) -> None:
        self._visibility = _visibility(value)

    @property
    def allow_all_artifact_types(self) -> bool:
        """Whether artifacts of every type may be linked into it; settable."""
        return self._allow_all

    @allow_all_artifact_types.setter
    def allow_all_artifact_types(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise ArgumentTypeInvalid(f"allow_all_artifact_types is True or False, not {value!r}")
        self._allow_all = value

    @property
    def artifact_types(self) -> AddOnlyTypes:
        """The types that it takes, to which one can only add; those in its `.draft` are unsaved."""
        return self._types

    @property
    def created_at(self) -> str:
        """RFC 3339, UTC."""
        return rfc3339(self._facts.created_at)

    @property
    def updated_at(self) -> str:
        """When its settings were last changed: RFC 3339, UTC."""
        return rfc3339(self._facts.updated_at)

    def collections(
        self,
        filter: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> RegistryCollections:
        """The collections in it; see `RegistryCollections`."""
        from wbart.registry.listing import RegistryCollections, one

        return RegistryCollections(one(self), filter, order, per_page, start)

    def versions(
        self,
        filter: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> RegistryVersions:
        """The versions that are linked into it; see `RegistryVersions`."""
        return self.collections().versions(filter, order, per_page, start)

    def load(self) -> Self:
        """Read it anew; what was assigned and not saved is gone. Raises ProjectNotFound."""
        state = self._workspace.catalog.registries.state(self._entity)
        facts = state.all.get(self.id)
        if facts is None:
            facts = registryhome.find_facts(self._workspace, self._entity, self._facts.project)
        if facts is None or facts.deleted_at is not None:
            raise ProjectNotFound(f"Failed to load registry {self._facts.name!r}: it is deleted")
        self._take(facts)
        return self

    def save(self) -> None:
        """Store what was assigned. NameTaken (a ValueError): another registry has the name."""
        draft = self._types.draft
        if draft and self._allow_all:
            raise ArgumentInvalid(
                "Cannot update artifact types when `allows_all_artifact_types` is True. "
                "Set it to False first."
            )
        changes: dict[str, object] = {"add_types": list(draft)} if draft else {}
        facts = self._facts
        for key, now, before in (
            ("project", self.full_name, facts.project),
            ("description", _description(self.description), facts.description),
            ("visibility", self._visibility, facts.visibility),
            ("allow_all", self._allow_all, facts.allow_all),
        ):
            if now != before:
                changes[key] = now
        if changes:
            registryhome.ensure_written(self._workspace, self._entity, facts)
            op = {"op": "edit", "id": self.id, **changes}
            self._workspace.catalog.registries.commit(self._entity, op)
        self.load()

    def delete(self) -> None:
        """Delete it with all its collections; what they linked stays. Raises ProjectNotFound."""
        catalog, facts = self._workspace.catalog, self._facts
        try:
            project = self.load()._facts.project
        except ProjectNotFound as error:
            raise ProjectNotFound(
                f"Failed to delete registry {facts.name!r}: it is deleted already"
            ) from error
        for state in list(catalog.states(self._entity, project)):
            try:
                ArtifactCollection.at(self._workspace, self._entity, project, state.name).delete()
            except CollectionNotFound:
                continue  # somebody else was quicker
        registryhome.ensure_written(self._workspace, self._entity, self._facts)
        catalog.registries.commit(self._entity, {"op": "delete", "id": self.id})

    def __repr__(self) -> str:
        return f"<Registry {self._entity}/{self.full_name}>"

    def _take(self, facts: RegistryFacts) -> None:
        self._facts = facts
        self._name = facts.name
        self.description = facts.description
        self._visibility = facts.visibility
        self._allow_all = facts.allow_all
        self._types = AddOnlyTypes(facts.types)


def create(
    workspace: Workspace,
    organization: str | None,
    name: str,
    visibility: str,
    description: str | None,
    artifact_types: Sequence[str] | None,
) -> Registry:
    """A new registry; without types it takes all. Raises NameTaken, ArgumentInvalid."""
    entity = registryhome.organization(workspace, organization)
    project = names.registry_project(registryhome.short_name(name))
    types = [names.artifact_type(each) for each in artifact_types or ()]
    there = registryhome.find_facts(workspace, entity, project)
    if there is not None:
        # One without a record of its own must get it, so that the log can refuse.
        registryhome.ensure_written(workspace, entity, there)
    op = {
        "op": "create",
        "id": token_hex(16),
        "project": project,
        "description": _description(description),
        "visibility": _visibility(visibility),
        "allow_all": artifact_types is None,
        "types": sorted(set(types)),
    }
    workspace.catalog.registries.commit(entity, op)
    return find(workspace, organization, name)


def find(workspace: Workspace, organization: str | None, name: str) -> Registry:
    """The registry of this name. Raises ProjectNotFound, "Failed to load registry"."""
    entity = registryhome.organization(workspace, organization)
    return Registry(workspace, entity, registryhome.facts_of(workspace, entity, name))


def _visibility(value: object) -> Visibility:
    for known in get_args(Visibility):
        if value == known:
            found: Visibility = known
            return found
    raise ArgumentInvalid(f"Invalid visibility {value!r}: must be 'organization' or 'restricted'")


def _description(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ArgumentTypeInvalid(f"a description is text, not {type(value).__name__}")
    return value
