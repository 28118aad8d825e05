"""How a collection takes another name, and what the journal at that name says of it.

A rename is two intents: the new name's journal gets a reservation, then the collection's own
journal takes the name. The second is what counts; see N20 in artifacts/README.md.
"""

from __future__ import annotations

from msgspec.structs import replace

from wbart.errors import Conflict, Moved, NameTaken
from wbart.fold import ops
from wbart.fold.outcome import Outcome
from wbart.fold.state import CollectionState, Lead, Moment, Naming


def apply(
    state: CollectionState,
    op: ops.Reserve | ops.Release | ops.Rename | ops.Abandon,
    moment: Moment,
) -> Outcome:
    """Grant the op, or raise why not. What is so already is granted, and nothing changes."""
    match op:
        case ops.Reserve():
            return _reserve(state, op)
        case ops.Release():
            return _release(state, op)
        case ops.Rename():
            return _rename(state, op, moment)
        case ops.Abandon():
            return _abandon(state, op)


def check_not_led(state: CollectionState) -> None:
    """Raise Moved when the name belongs to another collection, or may come to."""
    if state.head.lead is not None:
        raise Moved(f"the name {state.root!r} is that of another collection, or reserved for it")


def _reserve(state: CollectionState, op: ops.Reserve) -> Outcome:
    lead = Lead(op.id, op.root)
    if state.head.lead == lead:
        return {"changed": False}
    check_not_led(state)
    if state.head.created_at is not None:
        raise NameTaken(f"collection {state.root!r} is there already")
    state.head = replace(state.head, lead=lead)
    return {"changed": True}


def _release(state: CollectionState, op: ops.Release) -> Outcome:
    lead = state.head.lead
    if lead is None or lead.id != op.id:
        return {"changed": False}
    state.head = replace(state.head, lead=None)
    return {"changed": True}


def _rename(state: CollectionState, op: ops.Rename, moment: Moment) -> Outcome:
    head = state.head
    if head.took(op.id):
        return {"name": state.name, "changed": False}
    if op.id in head.abandoned:
        raise Conflict(f"somebody else took the name {op.name!r} before {op.before!r} had it")
    if state.name != op.before:
        raise Conflict(f"collection {op.before!r} is called {state.name!r} by now")
    naming = Naming(op.id, op.name, moment.at, moment.actor)
    state.head = replace(head, names=(*head.names, naming), updated_at=moment.at)
    return {"name": op.name, "changed": True}


def _abandon(state: CollectionState, op: ops.Abandon) -> Outcome:
    """What was granted stays: the answer tells it."""
    head = state.head
    took = head.took(op.id)
    if not took and op.id not in head.abandoned:
        state.head = replace(head, abandoned=(*head.abandoned, op.id))
    return {"abandoned": not took}
