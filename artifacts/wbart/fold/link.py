"""How portfolios hold versions of sequences, and what the sequences know of it."""

from __future__ import annotations

from wbart.errors import KindClash
from wbart.fold import ops
from wbart.fold.outcome import Outcome
from wbart.fold.state import PORTFOLIO, CollectionState, LinkedTo, Moment, Version
from wbart.fold.trash import discard
from wbart.fold.version import assign, check_type, check_unused, find, find_live, touch
from wbart.names import LATEST


def apply(
    state: CollectionState,
    op: ops.Link | ops.Unlink | ops.Linked | ops.Unlinked,
    moment: Moment,
) -> Outcome:
    """Grant the op, or raise why not. What is so already is granted, and nothing changes."""
    match op:
        case ops.Link():
            return _link(state, op, moment)
        case ops.Unlink():
            return _unlink(state, op.version, moment)
        case ops.Linked():
            return _linked(state, op)
        case ops.Unlinked():
            return _unlinked(state, op)


def check_portfolio(state: CollectionState) -> None:
    """Raise KindClash unless the collection takes links."""
    if state.head.kind != PORTFOLIO:
        raise KindClash(f"{state.name!r} is a sequence: only a portfolio takes links")


def _link(state: CollectionState, op: ops.Link, moment: Moment) -> Outcome:
    check_portfolio(state)
    check_type(state, op.type)
    number = state.members.get(op.source.id)
    new = number is None
    if number is None:
        check_unused(state, op.id)
        number = len(state.versions)
        state.put(
            Version(
                number=number,
                id=op.id,
                created_at=moment.at,
                seq=moment.seq,
                actor=moment.actor,
                source=op.source,
            )
        )
        touch(state, moment)
    assign(state, number, (*op.aliases, LATEST), moment)
    version = state.versions[number]
    return {"version": number, "id": version.id, "new": new, "aliases": list(version.aliases)}


def _unlink(state: CollectionState, number: int, moment: Moment) -> Outcome:
    version = find(state, number)
    if version.source is None:
        raise KindClash(f"{state.name}:v{number} is not a link; use 'Artifact.delete' instead")
    if version.live:
        discard(state, number, moment)
    return {"version": number, "changed": version.live}


def _linked(state: CollectionState, op: ops.Linked) -> Outcome:
    version = find_live(state, op.version)
    if version.source is not None:
        raise KindClash(f"{state.name}:v{op.version} is a link: link its source")
    link = LinkedTo(op.target, op.registry)
    changed = link not in version.links
    if changed:
        kept = tuple(each for each in version.links if each.target != op.target)
        state.change(op.version, links=(*kept, link))
    if op.registry and version.ttl is not None:
        # For good, as W&B has it: unlinking does not bring it back.
        state.change(op.version, ttl=None)
    return {"version": op.version, "changed": changed}


def _unlinked(state: CollectionState, op: ops.Unlinked) -> Outcome:
    version = find(state, op.version)
    kept = tuple(each for each in version.links if each.target != op.target)
    if kept != version.links:
        state.change(op.version, links=kept)
    return {"version": op.version, "changed": kept != version.links}
