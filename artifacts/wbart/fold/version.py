"""How versions come into a collection, and what may change of them afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import UNSET
from msgspec.structs import replace

from wbart.errors import AliasInvalid, ArtifactNotFound, Conflict, KindClash, TtlInvalid, TypeClash
from wbart.fold import ops
from wbart.fold.outcome import Outcome
from wbart.fold.state import PORTFOLIO, CollectionState, Moment, Version
from wbart.names import LATEST
from wbart.ttl import expiry

_LIKE_VERSION = re.compile(r"v[0-9]+")


def apply(
    state: CollectionState, op: ops.Log | ops.Alias | ops.Tag | ops.Edit, moment: Moment
) -> Outcome:
    """Grant the op, or raise why not."""
    match op:
        case ops.Log():
            return _log(state, op, moment)
        case ops.Alias():
            return _alias(state, op, moment)
        case ops.Tag():
            return _tag(state, op, moment)
        case ops.Edit():
            return _edit(state, op, moment)


def find(state: CollectionState, number: int) -> Version:
    """The version of that number, live or not; ArtifactNotFound."""
    if not 0 <= number < len(state.versions):
        raise ArtifactNotFound(f"artifact membership '{state.name}:v{number}' not found")
    return state.versions[number]


def find_live(state: CollectionState, number: int) -> Version:
    """The live version of that number; ArtifactNotFound."""
    version = find(state, number)
    if not version.live:
        raise ArtifactNotFound(f"artifact '{state.name}:v{number}' is {version.state}")
    return version


def check_type(state: CollectionState, type_: str | None) -> None:
    """Raise TypeClash unless the type is the collection's, or nobody says."""
    if type_ is not None and type_ != state.head.type:
        raise TypeClash(
            f"Artifact {state.name} already exists with type {state.head.type!r}; "
            f"cannot create another with type {type_!r}"
        )


def check_unused(state: CollectionState, id_: str) -> None:
    """Raise Conflict if a version or membership has this id."""
    if id_ in state.ids:
        raise Conflict(f"{state.name}:v{state.ids[id_]} has the id {id_!r} already")


def assign(
    state: CollectionState, number: int, aliases: Iterable[str], moment: Moment
) -> list[str]:
    """Move the aliases to the version; those that were not there before.

    What is refused here is part of the format; `names.aliases` refuses more, before anything is
    stored.
    """
    wanted = list(dict.fromkeys(aliases))
    for alias in wanted:
        if not alias or "/" in alias or ":" in alias or _LIKE_VERSION.fullmatch(alias):
            raise AliasInvalid(f"not an alias: {alias!r}")
    return [alias for alias in wanted if state.move(alias, number, moment)]


def _log(state: CollectionState, op: ops.Log, moment: Moment) -> Outcome:
    if state.head.kind == PORTFOLIO:
        raise KindClash(f"{state.name!r} is a portfolio: link to it instead of logging")
    check_type(state, op.type)
    again = state.ids.get(op.id)
    if again is not None and state.versions[again].digest == op.digest:
        # The same commit once more, by a committer who never heard that it had landed.
        return _logged(state.versions[again], new=False, ignored=False)
    same = None if op.always else _same(state, op, moment)
    if same is None:
        check_unused(state, op.id)
        return _logged(_append(state, op, moment), new=True, ignored=False)
    assign(state, same.number, (*op.aliases, LATEST), moment)
    _add_tags(state, same.number, op.tags, moment)
    return _logged(same, new=False, ignored=same.metadata != op.metadata)


def _same(state: CollectionState, op: ops.Log, moment: Moment) -> Version | None:
    """The newest live version, when it has the same content and has not expired by itself."""
    newest = None if state.newest is None else state.versions[state.newest]
    if newest is None or newest.digest != op.digest:
        return None
    ends = None if newest.in_registry else expiry(newest.created_at, newest.ttl, None)
    return newest if ends is None or ends > moment.at else None


def _append(state: CollectionState, op: ops.Log, moment: Moment) -> Version:
    version = Version(
        number=len(state.versions),
        id=op.id,
        created_at=moment.at,
        seq=moment.seq,
        actor=moment.actor,
        digest=op.digest,
        wandb=op.wandb,
        manifest=op.manifest,
        size=_whole(op.manifest.get("size")),
        count=_whole(op.manifest.get("count")),
        metadata=op.metadata,
        description=op.description,
        ttl=op.ttl,
        logged_by=op.logged_by,
        history_step=op.history_step,
        storage_region=op.storage_region,
        base=op.base,
        tags=tuple(dict.fromkeys(op.tags)),
        origin=op.origin,
    )
    state.put(version)
    assign(state, version.number, (*op.aliases, LATEST), moment)
    touch(state, moment)
    return version


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _logged(version: Version, *, new: bool, ignored: bool) -> Outcome:
    return {
        "version": version.number,
        "id": version.id,
        "new": new,
        "metadata_ignored": ignored,
    }


def _alias(state: CollectionState, op: ops.Alias, moment: Moment) -> Outcome:
    version = find_live(state, op.version)
    moved = assign(state, version.number, op.add, moment)
    for alias in op.remove:
        if alias not in op.add and state.aliases.get(alias) == version.number:
            state.move(alias, None, moment)
            moved.append(alias)
    if moved:
        state.change(version.number, updated_at=moment.at)
    return _changed(state, version.number, bool(moved))


def _tag(state: CollectionState, op: ops.Tag, moment: Moment) -> Outcome:
    version = _own(state, op.version)
    kept = [tag for tag in version.tags if tag not in op.remove]
    tags = tuple(dict.fromkeys((*kept, *op.add)))
    if tags != version.tags:
        state.change(version.number, tags=tags, updated_at=moment.at)
    return _changed(state, version.number, tags != version.tags)


def _add_tags(state: CollectionState, number: int, tags: Iterable[str], moment: Moment) -> None:
    _tag(state, ops.Tag(version=number, add=tuple(tags)), moment)


def _edit(state: CollectionState, op: ops.Edit, moment: Moment) -> Outcome:
    version = _own(state, op.version)
    wanted = {"description": op.description, "metadata": op.metadata, "ttl": op.ttl}
    changes = {
        name: value
        for name, value in wanted.items()
        if value is not UNSET and getattr(version, name) != value
    }
    if version.in_registry and changes.get("ttl") is not None:
        raise TtlInvalid(f"{state.name}:v{op.version} is linked to a registry: it cannot expire")
    if changes:
        state.change(version.number, updated_at=moment.at, **changes)
    return _changed(state, version.number, bool(changes))


def _own(state: CollectionState, number: int) -> Version:
    """A live version whose tags, texts and TTL are its own, not its source's."""
    version = find_live(state, number)
    if version.source is not None:
        raise KindClash(f"{state.name}:v{number} is a link: change its source, or unlink it first")
    return version


def touch(state: CollectionState, moment: Moment) -> None:
    """Note that the collection as a whole has changed."""
    state.head = replace(state.head, updated_at=moment.at)


def _changed(state: CollectionState, number: int, changed: bool) -> Outcome:
    return {"version": number, "changed": changed, "aliases": list(state.versions[number].aliases)}
