"""From a reference to an artifact: by name, at a time, or by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.committed import committed
from wbart.errors import ArgumentTypeInvalid, ArtifactNotFound, CollectionNotFound, TypeClash
from wbart.refs.refpath import Ref
from wbart.refs.resolve import View
from wbart.refs.selector import Selector

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.fold.state import CollectionState
    from wbart.workspace import Workspace


def load(
    workspace: Workspace, ref: Ref | str, type: str | None = None, at: float | None = None
) -> Committed:
    """The version that a reference names, at a time. Raises ArtifactNotFound, TypeClash."""
    if not isinstance(ref, Ref | str):
        raise ArgumentTypeInvalid(f"an artifact is named by text, not {ref!r}")
    meant = (Ref.parse(ref) if isinstance(ref, str) else ref).within(
        workspace.entity, workspace.project, workspace.organization
    )
    if meant.selector.kind == "id":
        return load_by_id(workspace, meant.selector.value)
    home = str(meant.entity), str(meant.project), meant.name
    try:
        state = workspace.catalog.state(*home)
    except CollectionNotFound as error:
        raise _not_found(workspace, meant) from error
    if type is not None and state.head.type != type:
        raise TypeClash(
            f"artifact {meant.name!r} has type {state.head.type!r}, not the type {type!r}"
        )
    moment = at if at is not None else meant.at
    version = view(workspace, state, home).get(meant.selector, moment)
    try:
        found = committed(workspace, *home, version.number, state)
    except CollectionNotFound as error:
        raise ArtifactNotFound(f"artifact {meant.name!r} links to what is deleted") from error
    if found.is_link:
        source = found.source_place
        _check_live(workspace, found.state, source.home, source.number)
    return found


def _check_live(
    workspace: Workspace, state: CollectionState, home: tuple[str, str, str], number: int
) -> None:
    """Raise ArtifactNotFound unless the version can be used."""
    view(workspace, state, home).get(Selector("version", f"v{number}"))


def view(workspace: Workspace, state: CollectionState, home: tuple[str, str, str]) -> View:
    """The collection as it stands now."""
    return View(state, workspace.store.clock.now(), None, f"{home[0]}/{home[1]}")


def load_by_id(workspace: Workspace, id: str, hint: str | None = None) -> Committed:
    """The source version of that id; looked for where the hint says first, then everywhere.

    If nobody has it, a copy of the version of that id is meant.
    """
    if hint is not None:
        try:
            found = load(workspace, hint)
        except ArtifactNotFound:
            pass
        else:
            if found.source.id == id:
                return found
    everything = _all(workspace)
    for number_of in (_logged, _copied):
        for entity, project, name, state in everything:
            number = number_of(state, id)
            if number is not None and state.head.kind == "sequence":
                _check_live(workspace, state, (entity, project, name), number)
                return committed(workspace, entity, project, name, number, state)
    raise ArtifactNotFound(f"no artifact with the id {id!r}")


def _logged(state: CollectionState, id: str) -> int | None:
    return state.ids.get(id)


def _copied(state: CollectionState, id: str) -> int | None:
    """The newest live copy of the version of that id, under whatever id of its own."""
    copies = (each for each in reversed(state.versions) if each.live and each.origin is not None)
    return next((each.number for each in copies if each.origin and each.origin.id == id), None)


def _all(workspace: Workspace) -> list[tuple[str, str, str, CollectionState]]:
    catalog = workspace.catalog
    return [
        (entity, project, state.name, state)
        for entity in catalog.entities()
        for project in catalog.projects(entity)
        for state in catalog.states(entity, project)
    ]


def _not_found(workspace: Workspace, ref: Ref) -> ArtifactNotFound:
    """W&B's words for a project, or a version, that is not there."""
    entity, project = str(ref.entity), str(ref.project)
    if not any(True for _ in workspace.catalog.collections(entity, project)):
        return ArtifactNotFound(f"project {project!r} not found under entity {entity!r}")
    return ArtifactNotFound(
        f"artifact membership '{ref.name}{ref.selector}' not found in '{entity}/{project}'"
    )
