"""The versions of a collection, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from wbart import names
from wbart.committed import Committed, committed
from wbart.errors import CollectionNotFound
from wbart.fold.state import CollectionState
from wbart.projects.listing import Listing, parse_order
from wbart.projects.paginator import Key, Paginator
from wbart.refs.loading import view

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.workspace import Workspace

Home = tuple[str, str, str]

_FIELDS = ("version_index", "created_at", "updated_at", "name", "size", "artifact_size")


class Artifacts(Paginator["Artifact"]):
    """Versions of one collection that are neither deleted nor expired.

    The newest comes first unless an order says otherwise: `version_index` (ascending, also with
    a `+`), `-version_index`, `created_at`, `updated_at`, `name`, `size`. With tags only versions
    that have all of them; `len()` counts only those.
    """

    def __init__(
        self,
        workspace: Workspace,
        home: Home,
        make: Callable[[Committed], Artifact],
        *,
        order: str | None = None,
        tags: str | Sequence[str] | None = None,
        per_page: int | None = None,
        start: str | None = None,
    ) -> None:
        field, descending = parse_order(order, _FIELDS, "-version_index")
        wanted = frozenset(names.tags(tags))
        self._home = home

        def load() -> Iterator[Committed]:
            found = versions_of(workspace, home, cache(workspace.catalog.state))
            return (each for each in found if wanted <= set(each.source.tags))

        source = Listing(load, lambda row: _key(row, field), make, descending)
        super().__init__(source, per_page, start)

    def __repr__(self) -> str:
        return f"<Artifacts {'/'.join(self._home)} ({len(self)})>"


def versions_of(
    workspace: Workspace, home: Home, state_of: Callable[[str, str, str], CollectionState]
) -> Iterator[Committed]:
    """The versions of a collection that are there; a link whose source is gone is not.

    Collections, also those that are linked to, are read by state_of.
    """
    state = state_of(*home)
    for version in list(view(workspace, state, home).live()):
        try:
            found = committed(workspace, *home, version.number, state, state_of)
        except CollectionNotFound:
            continue
        if view(workspace, found.state, found.source_place.home).is_live(found.source):
            yield found


def _key(found: Committed, field: str) -> Key:
    number = found.place.number
    match field:
        case "created_at":
            return (found.created_at, number)
        case "updated_at":
            return (found.updated_at, number)
        case "size" | "artifact_size":
            return (found.source.size, number)
        case _:
            return (number,)  # by version, which all names of one collection differ in
