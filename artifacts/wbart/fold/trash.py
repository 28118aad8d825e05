"""How versions go: into the trash, out of it again, and for good."""

from __future__ import annotations

from collections.abc import Iterable

from wbart.errors import ArtifactNotFound, HasAliases, KindClash, TypeClash
from wbart.fold import ops
from wbart.fold.outcome import Outcome
from wbart.fold.state import PORTFOLIO, CollectionState, Moment, Version
from wbart.fold.version import find, touch


def apply(
    state: CollectionState,
    op: ops.Delete | ops.Restore | ops.Purge | ops.Fence,
    moment: Moment,
) -> Outcome:
    """Grant the op, or raise why not. What is so already is granted, and nothing changes."""
    match op:
        case ops.Delete():
            return _delete(state, op, moment)
        case ops.Restore():
            return _restore(state, find(state, op.version), moment)
        case ops.Purge():
            return _purge(state, find(state, op.version), moment)
        case ops.Fence():
            return {"purged": _purge_all(state, op.purged, moment)}


def discard(state: CollectionState, number: int, moment: Moment) -> None:
    """Put a live version into the trash, and let go of its aliases."""
    held = state.versions[number].aliases
    for alias in held:
        state.move(alias, None, moment)
    state.change(number, state="deleted", deleted_at=moment.at, lost_aliases=held)
    touch(state, moment)


def _delete(state: CollectionState, op: ops.Delete, moment: Moment) -> Outcome:
    version = find(state, op.version)
    # Of a link only the link goes, whatever aliases it has; the source keeps its own.
    if version.aliases and not op.delete_aliases and version.source is None:
        raise HasAliases(
            f"artifact '{state.name}:v{op.version}' still has aliases: {', '.join(version.aliases)}"
        )
    if version.live:
        discard(state, op.version, moment)
    return {"version": op.version, "changed": version.live}


def _restore(state: CollectionState, version: Version, moment: Moment) -> Outcome:
    number = version.number
    if version.live:
        return {"version": number, "changed": False, "aliases": list(version.aliases)}
    if version.state == "purged":
        raise ArtifactNotFound(f"artifact '{state.name}:v{number}' is purged: its content is gone")
    if version.source is not None or state.head.kind == PORTFOLIO:
        raise KindClash(f"{state.name}:v{number} was unlinked: link its source again")
    if version.former_type not in (None, state.head.type):
        raise TypeClash(
            f"artifact '{state.name}:v{number}' has type {version.former_type!r}, "
            f"the collection has {state.head.type!r} by now"
        )
    state.change(
        number,
        state="committed",
        deleted_at=None,
        former_type=None,
        lost_aliases=(),
        updated_at=moment.at,
    )
    for alias in version.lost_aliases:
        if alias not in state.aliases:
            state.move(alias, number, moment)
    touch(state, moment)
    return {"version": number, "changed": True, "aliases": list(state.versions[number].aliases)}


def _purge(state: CollectionState, version: Version, moment: Moment) -> Outcome:
    if version.live:
        raise HasAliases(f"artifact '{state.name}:v{version.number}' is not in the trash")
    changed = version.state != "purged"
    if changed:
        state.change(version.number, state="purged", manifest={}, metadata={})
        touch(state, moment)
    return {"version": version.number, "changed": changed}


def _purge_all(state: CollectionState, numbers: Iterable[int], moment: Moment) -> list[int]:
    """Purge those in the trash; a fence never fails, so what is live again stays."""
    found = [number for number in numbers if 0 <= number < len(state.versions)]
    dead = [number for number in found if not state.versions[number].live]
    return [n for n in dead if _purge(state, state.versions[n], moment)["changed"]]
