"""The collections of one store: what their journals say, and the one way to change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wbart.errors import CollectionNotFound, Conflict, Moved, NotCached
from wbart.fold.journal import CollectionFold
from wbart.fold.outcome import Outcome, granted
from wbart.fold.state import CollectionState
from wbart.projects import renaming
from wbart.registry.book import RegistryBook
from wbart_storage.errors import ObjectMissing, Offline
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import Intent, Record
from wbart_storage.keys import collection_prefix, quote, unquote
from wbart_storage.store import Store
from wbart_storage.tokens import token_hex

Op = Mapping[str, object]

_MOST_FOLLOWED = 16
"""How often a commit starts again, since others give the name away and free it."""


class Catalog:
    """All collections of a store. Reads are fresh. Safe to share between threads.

    A name that a collection once had leads to it for ever, in every call; the project of a
    registry is the one that it is called now.
    """

    def __init__(self, store: Store, actor: str) -> None:
        self.store = store
        self.actor = actor
        self.registries = RegistryBook(store, actor)
        self._journals: dict[str, Journal[CollectionState]] = {}
        self._roots: dict[tuple[str, str, str], str] = {}

    def entities(self) -> Iterator[str]:
        """The entities that have a collection."""
        return self._children("c/")

    def projects(self, entity: str) -> Iterator[str]:
        """The projects of an entity that have a collection."""
        for root in self._children(f"c/{quote(entity)}/"):
            project = self.registries.called(entity, root)
            if self.registries.root(entity, project) == root:
                yield project

    def collections(self, entity: str, project: str) -> Iterator[str]:
        """The names of the collections of a project, former names and deleted ones too."""
        home = self.registries.root(entity, project)
        return self._children(f"c/{quote(entity)}/{quote(home)}/")

    def states(self, entity: str, project: str) -> Iterator[CollectionState]:
        """The collections of a project that are there, each once."""
        for name in self.collections(entity, project):
            state = self._find(entity, project, name)
            if state is not None and state.exists and state.name == name:
                yield state

    def exists(self, entity: str, project: str, name: str) -> bool:
        """Whether the collection is there and not deleted."""
        try:
            self.state(entity, project, name)
        except CollectionNotFound:
            return False
        return True

    def state(self, entity: str, project: str, name: str) -> CollectionState:
        """The collection as it is now. Raises CollectionNotFound. Not to be changed.

        Its `name` is another when this one is a former name.
        """
        state = self._find(entity, project, name)
        if state is None or not state.exists:
            raise CollectionNotFound(f"collection {name!r} not found in '{entity}/{project}'")
        return state

    def known(self, entity: str, project: str, name: str) -> CollectionState:
        """The collection as the last read or commit here left it: for who has just committed."""
        return self.journal_at(entity, project, self._root(entity, project, name)).known()

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
        for _ in range(_MOST_FOLLOWED):
            root = self._root(entity, project, name)
            try:
                return self.commit_at(entity, project, root, *ops)
            except Moved:
                if self._find(entity, project, name) is None:
                    self._make_way(entity, project, name, ops)
        raise Conflict(f"the name {name!r} goes from hand to hand in '{entity}/{project}'")

    def rename(self, entity: str, project: str, name: str, new: str, *ops: Op) -> None:
        """Let the collection be called new, and do ops, in one step.

        Raises NameTaken, and Conflict when somebody renames it at the same time.
        """
        renaming.rename(self, (entity, project, name), new, ops)

    def journal(self, entity: str, project: str, name: str) -> Journal[CollectionState]:
        """The journal of a collection, which may not exist yet."""
        if (entity, self.registries.root(entity, project), name) not in self._roots:
            self._find(entity, project, name)
        return self.journal_at(entity, project, self._root(entity, project, name))

    def commit_at(self, entity: str, project: str, root: str, *ops: Op) -> list[Outcome]:
        """As `commit`, to the journal that lies below this very name. Raises Moved too."""
        intent = Intent(
            txid=token_hex(16),
            actor=self.actor,
            ts=self.store.clock.now(),
            ops=tuple(dict(op) for op in ops),
        )
        _, outcome = self.journal_at(entity, project, root).commit(intent)
        return granted(outcome)

    def state_at_root(self, entity: str, project: str, root: str) -> CollectionState | None:
        """What the journal below this very name says; None if there is none."""
        return self._read(entity, self.registries.root(entity, project), root)

    def _read(self, entity: str, home: str, root: str) -> CollectionState | None:
        try:
            return self._journal(entity, home, root).read()
        except ObjectMissing:
            return None
        except Offline as error:
            where = f"{entity}/{home}/{root}"
            raise NotCached(
                f"offline, and {where} was never read on this machine", error
            ) from error

    def journal_at(self, entity: str, project: str, root: str) -> Journal[CollectionState]:
        """The journal that lies below this very name."""
        return self._journal(entity, self.registries.root(entity, project), root)

    def _journal(self, entity: str, home: str, root: str) -> Journal[CollectionState]:
        prefix = collection_prefix(entity, home, root)
        journal = self._journals.get(prefix)
        if journal is None:
            journal = self.store.journal(prefix, CollectionFold(root))
            journal = self._journals.setdefault(prefix, journal)
        return journal

    def _find(self, entity: str, project: str, name: str) -> CollectionState | None:
        """The collection that the name leads to. That it leads there is known for ever."""
        home = self.registries.root(entity, project)
        state = self._read(entity, home, self._roots.get((entity, home, name), name))
        if state is None or state.head.lead is None:
            return state
        lead = state.head.lead
        led = self._read(entity, home, lead.root)
        if led is None or not led.head.took(lead.id):
            return None
        self._roots[entity, home, name] = lead.root
        return led

    def _root(self, entity: str, project: str, name: str) -> str:
        """The name below which the collection's journal lies, as far as it was ever read here."""
        return self._roots.get((entity, self.registries.root(entity, project), name), name)

    def _make_way(self, entity: str, project: str, name: str, ops: tuple[Op, ...]) -> None:
        """Free a name that is reserved only, for ops that make a collection of it."""
        if all(op.get("op") != "create" for op in ops):
            raise CollectionNotFound(f"collection {name!r} not found in '{entity}/{project}'")
        renaming.free(self, entity, project, name)

    def _children(self, prefix: str) -> Iterator[str]:
        for stat in self.store.objects.list(prefix, "/"):
            if stat.key.endswith("/"):
                yield unquote(stat.key[len(prefix) : -1])
