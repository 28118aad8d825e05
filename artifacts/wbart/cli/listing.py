"""What `ls` finds: collections by pattern, each with its newest version, or versions of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from wbart.cli import words
from wbart.cli.facts import version_facts
from wbart.committed import committed
from wbart.errors import CollectionNotFound, RefInvalid
from wbart.fold.state import Version
from wbart.refs.resolve import View

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Globs for entity, project and name; and for versions, when versions are asked for."""

    entity: str
    project: str
    name: str
    version: str | None

    @classmethod
    def parse(cls, text: str, entity: str, project: str) -> Pattern:
        """Read a pattern; what it leaves unsaid is the default. Raises RefInvalid."""
        left, colon, version = text.partition(":")
        parts = (f"{left}*" if left.endswith("/") else left).split("/")
        if len(parts) > 3 or not all(parts):
            raise RefInvalid(f"not a pattern of [[ENTITY/]PROJECT/]NAME: {text!r}")
        full = (entity, project, "*")[: 3 - len(parts)] + tuple(parts)
        return cls(full[0], full[1], full[2], version or "*" if colon else None)

    @property
    def exact(self) -> bool:
        """Whether one collection is named, not a pattern of them."""
        return not _GLOB & set(self.entity + self.project + self.name)


@dataclass(frozen=True, slots=True)
class Listed:
    """A version that was found, or a collection without any."""

    entity: str
    project: str
    name: str
    type: str
    kind: str
    at: Committed | None

    @property
    def qualified_name(self) -> str:
        """The version's qualified name, or the collection's."""
        if self.at is not None:
            return self.at.place.qualified_name
        return f"{self.entity}/{self.project}/{self.name}"


def listed(
    workspace: Workspace, pattern: Pattern, type_: str | None, *, trash: bool
) -> Iterator[Listed]:
    """Find what the pattern means. Raises CollectionNotFound for a plain name that is not there."""
    for entity, project, name in _collections(workspace, pattern):
        try:
            state = workspace.catalog.state(entity, project, name)
        except CollectionNotFound:
            if pattern.exact:
                raise
            continue
        if type_ is not None and state.head.type != type_:
            continue
        if state.name != name and not pattern.exact:
            continue  # a former name
        view = View(state, workspace.store.clock.now())
        for version in _versions(view, pattern, trash=trash):
            at = None
            if version is not None:
                at = committed(workspace, entity, project, name, version.number, state)
            yield Listed(entity, project, state.name, state.head.type, state.head.kind, at)


def facts(item: Listed) -> dict[str, object]:
    """The version's facts, or the collection's where there is no version."""
    collection = {"collection": item.name, "kind": item.kind}
    if item.at is not None:
        return {**version_facts(item.at), **collection}
    return {
        "qualified_name": item.qualified_name,
        "entity": item.entity,
        "project": item.project,
        "name": item.name,
        "version": None,
        "type": item.type,
        **collection,
    }


def rows(items: Iterable[Listed], home: tuple[str, str]) -> Iterator[str]:
    """W&B's columns (type, time, size, name), then the aliases."""
    return words.table((_row(item, home) for item in items), right=(2,))


def _row(item: Listed, home: tuple[str, str]) -> tuple[str, ...]:
    inside = (item.entity, item.project) == home
    if item.at is None:
        name = item.name if inside else item.qualified_name
        return item.type, "-", "-", name, "(no versions)"
    at = item.at
    return (
        item.type,
        words.moment(at.updated_at),
        words.size(at.source.size),
        at.place.name if inside else at.place.qualified_name,
        f"[{', '.join(at.aliases)}]" if at.aliases else "",
    )


def _collections(workspace: Workspace, pattern: Pattern) -> Iterator[tuple[str, str, str]]:
    catalog = workspace.catalog
    if pattern.exact:
        yield pattern.entity, pattern.project, pattern.name
        return
    for entity in _matching(pattern.entity, catalog.entities()):
        for project in _matching(pattern.project, catalog.projects(entity)):
            for name in _matching(pattern.name, catalog.collections(entity, project)):
                yield entity, project, name


def _matching(glob: str, found: Iterator[str]) -> list[str]:
    return sorted(name for name in found if fnmatchcase(name, glob))


def _versions(view: View, pattern: Pattern, *, trash: bool) -> Iterator[Version | None]:
    """The versions to list; None stands for a collection without any."""
    if trash:
        yield from (each for each in reversed(view.state.versions) if each.state == "deleted")
    elif pattern.version is not None or pattern.exact:
        yield from (each for each in view.live() if _fits(each, pattern.version or "*"))
    else:
        yield view.newest()


def _fits(version: Version, glob: str) -> bool:
    return any(fnmatchcase(name, glob) for name in (f"v{version.number}", *version.aliases))
