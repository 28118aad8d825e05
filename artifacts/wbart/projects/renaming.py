"""Renaming a collection: the new name is reserved, then the collection's own journal takes it.

The journal stays where it is, so a rename moves and copies nothing, and who logs meanwhile is not
disturbed. Whoever dies in between leaves a reservation that leads nowhere, as all readers see:
the same rename completes it, and whoever else wants the name frees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wbart.errors import Conflict, ModelError, Moved, NameTaken
from wbart.fold.ops import Abandon, Release, Rename, Reserve
from wbart_storage.tokens import token_hex

if TYPE_CHECKING:
    from wbart.catalog import Catalog
    from wbart.fold.state import CollectionState, Lead

_TRIES = 16


def rename(
    catalog: Catalog,
    home: tuple[str, str, str],
    new: str,
    ops: Sequence[Mapping[str, object]] = (),
) -> None:
    """As `Catalog.rename`."""
    entity, project, before = home
    root = catalog.state(*home).root
    id_ = _reserve(catalog, entity, project, root, new)
    op = Rename(id=id_, name=new, before=before)
    try:
        catalog.commit_at(entity, project, root, op.to_json(), *ops)
    except ModelError:
        # Refused: the reservation leads nowhere, and nobody should trip over it.
        free(catalog, entity, project, new)
        raise


def free(catalog: Catalog, entity: str, project: str, name: str) -> None:
    """Take back the reservation of a name, unless its rename came to pass."""
    state = catalog.state_at_root(entity, project, name)
    lead = state.head.lead if state is not None else None
    if lead is None:
        return
    # First where the rename would be granted: from then on it never is.
    abandon = Abandon(id=lead.id).to_json()
    if catalog.commit_at(entity, project, lead.root, abandon)[0]["abandoned"]:
        catalog.commit_at(entity, project, name, Release(id=lead.id).to_json())


def _reserve(catalog: Catalog, entity: str, project: str, root: str, new: str) -> str:
    """Have the new name lead to the collection at root; the id under which it may be taken."""
    for _ in range(_TRIES):
        id_ = token_hex(16)
        if new == root:
            return id_
        state = catalog.state_at_root(entity, project, new)
        lead = state.head.lead if state is not None else None
        if lead is not None:
            led = catalog.state_at_root(entity, project, lead.root)
            found = _led(lead, led, root, new)
            if found is not None:
                return found or id_
            free(catalog, entity, project, new)
        elif state is not None and state.head.created_at is not None:
            raise NameTaken(_taken(state, f"{entity}/{project}"))
        try:
            catalog.commit_at(entity, project, new, Reserve(id=id_, root=root).to_json())
        except Moved:
            continue
        return id_
    raise Conflict(f"the name {new!r} goes from hand to hand in '{entity}/{project}'")


def _led(lead: Lead, led: CollectionState | None, root: str, new: str) -> str | None:
    """The id of a rename that was begun and may be completed; "" where any id will do.

    None when the reservation has to go first. Raises NameTaken when it is another's for good.
    """
    took = led is not None and led.head.took(lead.id)
    if lead.root != root:
        if took and led is not None:
            raise NameTaken(f"the name {new!r} leads to collection {led.name!r}")
        return None
    if took:
        return ""
    return None if led is not None and lead.id in led.head.abandoned else lead.id


def _taken(state: CollectionState, where: str) -> str:
    if state.exists and state.name != state.root:
        return f"the name {state.root!r} leads to collection {state.name!r} in {where!r}"
    if state.exists:
        return f"collection {state.root!r} is there already in {where!r}"
    return f"collection {state.root!r} lies in the trash of {where!r}"
