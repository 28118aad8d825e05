"""The fold of a collection: what each op of its journal does to the state.

An intent is granted whole or not at all. An op that this release does not know refuses its intent
(see `ops`). All outcomes depend on the log alone, never on the clock or the reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from wbart.errors import CollectionNotFound, Conflict, Error
from wbart.fold import collection as fold_collection
from wbart.fold import link as fold_link
from wbart.fold import name as fold_name
from wbart.fold import ops
from wbart.fold import state as states
from wbart.fold import trash as fold_trash
from wbart.fold import version as fold_version
from wbart.fold.outcome import Outcome, refusal
from wbart.fold.state import CollectionState, Moment, Version
from wbart.names import version_number

if TYPE_CHECKING:
    from wbart_storage.journal.record import Intent, Record


class CollectionFold:
    """The meaning of a collection's journal; see `wbart_storage.journal.fold.Fold`.

    The root is the name below which the journal lies.
    """

    def __init__(self, root: str = "") -> None:
        self._root = root

    def initial(self) -> CollectionState:
        """A collection that nobody has created yet."""
        return CollectionState(self._root)

    def apply(self, state: CollectionState, intent: Intent, record: Record) -> object:
        """Grant the intent or refuse it; see `wbart.fold.outcome` for the answer."""
        moment = Moment(record.seq, record.hlc, intent.actor)
        outcomes: list[Outcome] = []
        state.begin()
        for index, document in enumerate(intent.ops):
            try:
                outcomes.append(apply_op(state, ops.decode(document), moment))
            except Error as error:
                state.rollback()
                return refusal(error, index)
        return outcomes

    def dump(self, state: CollectionState) -> object:
        """The state as JSON-able value."""
        return states.dump(state)

    def load(self, dumped: object) -> CollectionState:
        """The state that was dumped; ValueError if it is none."""
        return states.load(dumped, self._root)


_NAMES = (ops.Reserve, ops.Release, ops.Abandon)
_ALWAYS = (ops.Create, ops.Collection, ops.Purge, ops.Fence, *_NAMES)
"""What a collection that is not there, or is deleted, can still be asked for."""


def apply_op(state: CollectionState, op: ops.AnyOp, moment: Moment) -> Outcome:
    """Grant one op; raises an Error of ours, having changed nothing that counts."""
    if not isinstance(op, (*_NAMES, ops.Fence)):
        fold_name.check_not_led(state)
    if not state.exists and not isinstance(op, _ALWAYS):
        raise CollectionNotFound(f"collection {state.name!r} not found")
    if op.expect is not None:
        _check(state, op.expect)
    match op:
        case ops.Create() | ops.Collection():
            return fold_collection.apply(state, op, moment)
        case ops.Log() | ops.Alias() | ops.Tag() | ops.Edit():
            return fold_version.apply(state, op, moment)
        case ops.Delete() | ops.Restore() | ops.Purge() | ops.Fence():
            return fold_trash.apply(state, op, moment)
        case ops.Reserve() | ops.Release() | ops.Rename() | ops.Abandon():
            return fold_name.apply(state, op, moment)
        case _:
            return fold_link.apply(state, op, moment)


def _check(state: CollectionState, expect: ops.Expect) -> None:
    newest = None if state.newest is None else state.versions[state.newest].digest
    if expect.latest_digest is not UNSET and expect.latest_digest != newest:
        raise Conflict(f"{state.name}: the newest version is another by now")
    if expect.next is not UNSET and expect.next != len(state.versions):
        raise Conflict(f"{state.name}: the next version is v{len(state.versions)} by now")
    for alias, number in expect.aliases.items():
        if state.aliases.get(alias) != number:
            raise Conflict(f"{state.name}:{alias} has moved")
    for text, ttl in expect.ttl.items():
        version = _numbered(state, text)
        if version is None or not version.live or version.ttl != ttl:
            raise Conflict(f"{state.name}:v{text} is deleted, or its TTL is another by now")


def _numbered(state: CollectionState, text: str) -> Version | None:
    number = version_number(f"v{text}")
    return state.versions[number] if number is not None and number < len(state.versions) else None
