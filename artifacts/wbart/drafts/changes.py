"""Storing what was changed of a committed version: only the difference is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart import names
from wbart.committed import committed

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.drafts.facts import Facts


def push_changes(at: Committed, facts: Facts) -> Committed:
    """Write the changed description, metadata, TTL, tags and aliases, and read them back."""
    facts.check()
    edits: dict[str, object] = {}
    if facts.description != at.source.description:
        edits["description"] = facts.description
    if facts.metadata != at.source.metadata:
        edits["metadata"] = facts.metadata
    if not at.is_link and facts.ttl != at.source.ttl:
        edits["ttl"] = facts.ttl
    source_ops: list[dict[str, object]] = []
    if edits:
        source_ops.append({"op": "edit", "version": at.source_place.number, **edits})
    source_ops += _set_op("tag", at.source_place.number, at.source.tags, facts.tags)
    wanted = names.aliases(facts.aliases)
    alias_ops = _set_op("alias", at.place.number, at.aliases, wanted)
    if at.is_link:
        _commit(at, at.source_place.home, source_ops)
        _commit(at, at.place.home, alias_ops)
    else:
        _commit(at, at.place.home, source_ops + alias_ops)
    return fresh(at)


def fresh(at: Committed) -> Committed:
    """The version as the store has it now."""
    state = at.workspace.catalog.state(*at.place.home)
    return committed(at.workspace, *at.place.home, at.place.number, state)


def _set_op(
    op: str, number: int, before: tuple[str, ...] | list[str], after: list[str]
) -> list[dict[str, object]]:
    added = [each for each in after if each not in before]
    removed = [each for each in before if each not in after]
    if not added and not removed:
        return []
    return [{"op": op, "version": number, "add": added, "remove": removed}]


def _commit(at: Committed, home: tuple[str, str, str], ops: list[dict[str, object]]) -> None:
    if ops:
        at.workspace.catalog.commit(*home, *ops)
