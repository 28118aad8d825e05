"""How a collection comes to be, changes as a whole, is deleted and made anew."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from wbart.errors import ArgumentInvalid, CollectionNotFound, KindClash
from wbart.fold import ops
from wbart.fold.outcome import Outcome
from wbart.fold.state import PORTFOLIO, CollectionState, Head, Moment
from wbart.fold.trash import discard
from wbart.fold.version import check_type
from wbart.names import is_reserved


def apply(state: CollectionState, op: ops.Create | ops.Collection, moment: Moment) -> Outcome:
    """Grant the op, or raise why not."""
    if isinstance(op, ops.Create):
        return _create(state, op, moment)
    return _edit(state, op, moment)


def _create(state: CollectionState, op: ops.Create, moment: Moment) -> Outcome:
    if not state.exists:
        _make_room(state, op, moment)
        state.head = Head(
            op.type,
            op.kind,
            op.description,
            created_at=moment.at,
            names=state.head.names,
            abandoned=state.head.abandoned,
        )
        return {"created": True}
    check_type(state, op.type)
    if op.kind != state.head.kind:
        raise KindClash(f"{state.name!r} is a {state.head.kind}, not a {op.kind}")
    return {"created": False}


def _make_room(state: CollectionState, op: ops.Create, moment: Moment) -> None:
    """Whoever makes a deleted collection anew does not get the old versions, but their numbers
    stay used. They lie in the trash, and can be restored while the type is the same.
    """
    former = None if op.type == state.head.type else state.head.type
    for version in list(state.versions):
        if version.live:
            discard(state, version.number, moment)
        if former is not None and version.state != "purged" and version.former_type is None:
            state.change(version.number, former_type=former)


def _edit(state: CollectionState, op: ops.Collection, moment: Moment) -> Outcome:
    before = state.head
    if before.created_at is None or (before.deleted_at is not None and op.deleted is UNSET):
        raise CollectionNotFound(f"collection {state.name!r} not found")
    head = before
    if op.type is not UNSET and op.type != before.type:
        _check_retype(state, op.type)
        head = replace(head, type=op.type)
    if op.description is not UNSET:
        head = replace(head, description=op.description)
    if op.tags is not UNSET:
        head = replace(head, tags=tuple(dict.fromkeys(op.tags)))
    if op.deleted is not UNSET and op.deleted != (before.deleted_at is not None):
        head = replace(head, deleted_at=moment.at if op.deleted else None)
    if head != before:
        state.head = replace(head, updated_at=moment.at)
    return {"changed": head != before}


def _check_retype(state: CollectionState, type_: str) -> None:
    if state.head.kind == PORTFOLIO:
        raise KindClash(f"{state.name!r} is a portfolio: its type cannot be changed")
    if is_reserved(state.head.type):
        raise ArgumentInvalid(f"{state.head.type!r} is an internal type and cannot be changed")
    if is_reserved(type_):
        raise ArgumentInvalid(
            f"Artifact type {type_!r} is reserved for internal use. Please use a different type."
        )
