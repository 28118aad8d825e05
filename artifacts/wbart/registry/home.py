"""Where registries are: which entity is the organisation, and what each registry is about."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from wbart import names
from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, ProjectNotFound, TypeClash
from wbart.registry.fold import RegistryFacts
from wbart_storage.tokens import token_hex

if TYPE_CHECKING:
    from wbart.workspace import Workspace


def organization(workspace: Workspace, name: str | None = None) -> str:
    """The entity of the organisation of this name; of the store's own when there is none.

    A store has one organisation, whose name is its entity's; an entity to which registries were
    copied counts as well. Raises ArgumentInvalid for any other.
    """
    if name is None or name == workspace.organization:
        return workspace.organization
    if not isinstance(name, str) or name not in set(workspace.catalog.registries.organizations()):
        raise ArgumentInvalid(f"Organization entity for {name!r} not found.")
    return name


def all_facts(workspace: Workspace, entity: str) -> list[RegistryFacts]:
    """The registries of an organisation, also those that are there only by what lies in them."""
    catalog = workspace.catalog
    found = {facts.project: facts for facts in catalog.registries.state(entity).live()}
    for project in catalog.projects(entity):
        if project.startswith(names.REGISTRY_PREFIX) and project not in found:
            unwritten = _unwritten(workspace, entity, project)
            if unwritten is not None:
                found[project] = unwritten
    return list(found.values())


def find_facts(workspace: Workspace, entity: str, project: str) -> RegistryFacts | None:
    """The registry that is called so now."""
    found = workspace.catalog.registries.state(entity).find(project)
    return found or _unwritten(workspace, entity, project)


def facts_of(workspace: Workspace, entity: str, name: str) -> RegistryFacts:
    """The registry of this name, with its prefix or without. Raises ProjectNotFound."""
    project = names.registry_project(short_name(name))
    found = find_facts(workspace, entity, project)
    if found is None:
        raise ProjectNotFound(f"Failed to load registry {name!r}: there is none in {entity!r}")
    return found


def short_name(name: object) -> str:
    """The name without the prefix. ArgumentTypeInvalid if it is no text."""
    if not isinstance(name, str):
        raise ArgumentTypeInvalid(f"a registry's name is text, not {type(name).__name__}")
    return name.removeprefix(names.REGISTRY_PREFIX)


def check_link(workspace: Workspace, entity: str, project: str, type: str) -> None:
    """Raise unless an artifact of the type may be linked into the registry.

    A registry that nobody made yet takes all types. ArgumentInvalid: the entity is no organisation.
    """
    owner = organization(workspace, entity)
    facts = workspace.catalog.registries.state(owner).find(project)
    if facts is not None and not facts.takes(type):
        kinds = ", ".join(facts.types) or "none yet"
        raise TypeClash(
            f"Registry {facts.name!r} does not take artifacts of type {type!r}, only: {kinds}"
        )


def ensure(workspace: Workspace, entity: str, project: str) -> str:
    """Let the registry have settings of its own, if it has none yet; its id."""
    book = workspace.catalog.registries
    written = book.state(entity).find(project)
    if written is not None:
        return written.id
    unwritten = _unwritten(workspace, entity, project)
    if unwritten is not None:
        return ensure_written(workspace, entity, unwritten)
    op = {"op": "create", "id": token_hex(16), "project": project, "implicit": True}
    return str(book.commit(entity, op)[0]["id"])


def ensure_written(workspace: Workspace, entity: str, facts: RegistryFacts) -> str:
    """Let the registry have settings of its own; the id that it had without them."""
    book = workspace.catalog.registries
    if facts.id not in book.state(entity).all:
        op = {"op": "create", "id": facts.id, "project": facts.project, "implicit": True}
        return str(book.commit(entity, op)[0]["id"])
    return facts.id


def _unwritten(workspace: Workspace, entity: str, project: str) -> RegistryFacts | None:
    """What counts for a registry that came with a copy: it takes everything.

    Its id follows from where it lies, and it keeps it when its settings are first written.
    """
    heads = [state.head for state in workspace.catalog.states(entity, project)]
    if not heads:
        return None
    root = workspace.catalog.registries.root(entity, project)
    return RegistryFacts(
        id=sha256(f"{entity}/{root}".encode()).hexdigest()[:32],
        project=project,
        root=root,
        created_at=min(head.created_at or 0.0 for head in heads),
        updated_at=max(head.updated_at or head.created_at or 0.0 for head in heads),
        actor="",
    )
