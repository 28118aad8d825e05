"""The collections of one store: what their journals say, and the one way to change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wbart.errors import CollectionNotFound
from wbart.fold import CollectionFold
from wbart.outcome import Outcome, granted
from wbart.state import CollectionState
from wbart_storage.errors import ObjectMissing
from wbart_storage.journal import Journal
from wbart_storage.keys import collection_prefix, quote, unquote
from wbart_storage.record import Intent, Record
from wbart_storage.store import Store
from wbart_storage.tokens import token_hex

Op = Mapping[str, object]


class Catalog:
    """All collections of a store. Reads are fresh. Safe to share between threads."""

    def __init__(self, store: Store, actor: str) -> None:
        self.store = store
        self.actor = actor
        self._journals: dict[str, Journal[CollectionState]] = {}

    def entities(self) -> Iterator[str]:
        """The entities that have a collection."""
        return self._children("c/")

    def projects(self, entity: str) -> Iterator[str]:
        """The projects of an entity that have a collection."""
        return self._children(f"c/{quote(entity)}/")

    def collections(self, entity: str, project: str) -> Iterator[str]:
        """The names of the collections of a project, deleted ones too."""
        return self._children(f"c/{quote(entity)}/{quote(project)}/")

    def exists(self, entity: str, project: str, name: str) -> bool:
        """Whether the collection is there and not deleted."""
        try:
            self.state(entity, project, name)
        except CollectionNotFound:
            return False
        return True

    def state(self, entity: str, project: str, name: str) -> CollectionState:
        """The collection as it is now. Raises CollectionNotFound. Not to be changed."""
        state = self._find(entity, project, name)
        if state is None or not state.exists:
            raise CollectionNotFound(f"collection {name!r} not found in '{entity}/{project}'")
        return state

    def known(self, entity: str, project: str, name: str) -> CollectionState:
        """The collection as the last read or commit here left it: for who has just committed."""
        return self.journal(entity, project, name).known()

    def state_at(self, entity: str, project: str, name: str, seconds: float) -> CollectionState:
        """The collection as it was at a time, in seconds since the epoch."""
        self.state(entity, project, name)
        return self.journal(entity, project, name).state_at(seconds)

    def records(self, entity: str, project: str, name: str) -> Iterator[Record]:
        """Everything that ever happened to the collection, oldest first."""
        return self.journal(entity, project, name).records()

    def commit(self, entity: str, project: str, name: str, *ops: Op) -> list[Outcome]:
        """Do all ops in one step and return their outcomes.

        Raises what stands against an op (TypeClash, HasAliases, …); then none of them is done.
        """
        intent = Intent(
            txid=token_hex(16),
            actor=self.actor,
            ts=self.store.clock.now(),
            ops=tuple(dict(op) for op in ops),
        )
        _, outcome = self.journal(entity, project, name).commit(intent)
        return granted(outcome)

    def journal(self, entity: str, project: str, name: str) -> Journal[CollectionState]:
        """The journal of a collection, which may not exist yet."""
        prefix = collection_prefix(entity, project, name)
        journal = self._journals.get(prefix)
        if journal is None:
            journal = self.store.journal(prefix, CollectionFold(name))
            journal = self._journals.setdefault(prefix, journal)
        return journal

    def _find(self, entity: str, project: str, name: str) -> CollectionState | None:
        try:
            return self.journal(entity, project, name).read()
        except ObjectMissing:
            return None

    def _children(self, prefix: str) -> Iterator[str]:
        for stat in self.store.objects.list(prefix, "/"):
            if stat.key.endswith("/"):
                yield unquote(stat.key[len(prefix) : -1])
