"""Links: a version seen through a portfolio, which numbers and names it in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wbart import names
from wbart.committed import committed
from wbart.errors import ArgumentInvalid, CollectionNotFound
from wbart.fold.link import check_portfolio
from wbart.fold.version import check_type
from wbart.refs.refpath import link_target
from wbart.registry import home as registryhome
from wbart_storage.tokens import token_hex

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.fold.state import CollectionState
    from wbart.refs.place import Place

_MOST_LINKS = 500


def link(at: Committed, target_path: str, aliases: list[str]) -> Committed:
    """As `Artifact.link`, with checked aliases; a link is linked as its source."""
    source = at.source_place
    workspace, catalog = at.workspace, at.workspace.catalog
    entity, project, name = link_target(
        target_path,
        entity=source.entity,
        project=workspace.project,
        organization=workspace.organization,
    )
    in_registry = project.startswith(names.REGISTRY_PREFIX)
    if in_registry:
        registryhome.check_link(workspace, entity, project, at.type)
    found = _find_target(at, (entity, project, name))
    op: dict[str, object] = {
        "op": "link",
        "id": token_hex(16),
        "source": {
            "entity": source.entity,
            "project": source.project,
            "collection": source.collection,
            "version": source.number,
            "id": at.source.id,
        },
        "aliases": aliases,
        "type": at.type,
    }
    if in_registry:
        registryhome.ensure(workspace, entity, project)
    # The source first: a registry's link must never be without the note that keeps it alive.
    root = name if found is None else found.root
    catalog.commit(*source.home, _note(at, "linked", source, (entity, project, root)))
    ops: list[dict[str, object]] = [op]
    if found is None:
        ops.insert(0, {"op": "create", "type": at.type, "kind": "portfolio", "description": None})
    outcome = catalog.commit(entity, project, name, *ops)[-1]
    state = catalog.known(entity, project, name)
    number = cast(int, outcome["version"])
    return committed(at.workspace, entity, project, name, number, state)


def _find_target(at: Committed, home: tuple[str, str, str]) -> CollectionState | None:
    """The portfolio, None if there is none yet. Raises KindClash, TypeClash before any note."""
    try:
        state = at.workspace.catalog.state(*home)
    except CollectionNotFound:
        return None
    check_portfolio(state)
    check_type(state, at.type)
    return state


def unlink(at: Committed) -> None:
    """As `Artifact.unlink`. The source stays."""
    if not at.is_link:
        raise ArgumentInvalid(
            f"Artifact {at.place.qualified_name} is not a link: use 'Artifact.delete' instead"
        )
    at.workspace.catalog.commit(*at.place.home, {"op": "unlink", "version": at.place.number})
    entity, project, name = at.place.home
    root = at.workspace.catalog.known(entity, project, name).root
    note = _note(at, "unlinked", at.source_place, (entity, project, root))
    at.workspace.catalog.commit(*at.source_place.home, note)


def _note(at: Committed, op: str, source: Place, home: tuple[str, str, str]) -> dict[str, object]:
    """What the source is told, so that it can be asked who links to it, and lives as long.

    home has the portfolio's first name, by which it is found whatever it is called later; so has
    the note for a registry.
    """
    entity, project, name = home
    root = at.workspace.catalog.registries.root(entity, project)
    note: dict[str, object] = {
        "op": op,
        "version": source.number,
        "target": {"entity": entity, "project": root, "collection": name},
    }
    if op == "linked":
        note["registry"] = names.is_registry(project)
    return note


def source(at: Committed) -> Committed:
    """What a link leads to, as it is now; any other version is its own source."""
    if not at.is_link:
        return at
    catalog = at.workspace.catalog
    try:
        state = catalog.state(*at.source_place.home)
    except CollectionNotFound as error:
        raise ArgumentInvalid(
            f"source artifact {at.source_place.qualified_name} cannot be reached"
        ) from error
    place = at.source_place
    return committed(at.workspace, *place.home, place.number, state)


def links(at: Committed) -> list[Committed]:
    """As `Artifact.linked_artifacts`, at most 500."""
    if at.is_link:
        return []
    found: list[Committed] = []
    fresh = at.workspace.catalog.state(*at.place.home).versions[at.place.number]
    for link in fresh.links[:_MOST_LINKS]:
        target = link.target
        project = at.workspace.catalog.registries.called(target.entity, target.project)
        home = target.entity, project, target.collection
        try:
            state = at.workspace.catalog.state(*home)
        except CollectionNotFound:
            continue
        number = state.members.get(at.source.id)
        if number is not None and state.versions[number].live:
            found.append(committed(at.workspace, *home, number, state))
    return found
