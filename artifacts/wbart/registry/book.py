"""The registries of a store, by organisation: what their journals say, and how to change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wbart.errors import NotCached
from wbart.fold.outcome import Outcome, granted
from wbart.names import REGISTRY_PREFIX
from wbart.registry.fold import RegistryFold, RegistryState
from wbart_storage.errors import ObjectMissing, Offline
from wbart_storage.journal.journal import Journal
from wbart_storage.journal.record import Intent
from wbart_storage.keys import REGISTRIES, registries_prefix, unquote
from wbart_storage.store import Store
from wbart_storage.tokens import token_hex


class RegistryBook:
    """Reads are fresh. Safe to share between threads."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store = store
        self._actor = actor
        self._journals: dict[str, Journal[RegistryState]] = {}

    def organizations(self) -> Iterator[str]:
        """The entities that ever had a registry."""
        for stat in self._store.objects.list(REGISTRIES, "/"):
            if stat.key.endswith("/"):
                yield unquote(stat.key[len(REGISTRIES) : -1])

    def state(self, entity: str) -> RegistryState:
        """The organisation's registries as they are now. Not to be changed."""
        try:
            return self._journal(entity).read()
        except ObjectMissing:
            return RegistryState()
        except Offline as error:
            raise NotCached(
                f"offline, and the registries of {entity} were never read on this machine", error
            ) from error

    def commit(self, entity: str, *ops: Mapping[str, object]) -> list[Outcome]:
        """Do all ops in one step. Raises what stands against one (NameTaken, …); then none."""
        intent = Intent(
            txid=token_hex(16),
            actor=self._actor,
            ts=self._store.clock.now(),
            ops=tuple(dict(op) for op in ops),
        )
        _, outcome = self._journal(entity).commit(intent)
        return granted(outcome)

    def root(self, entity: str, project: str) -> str:
        """The project in the keys of what lies in a project; another only for renamed registries.

        Costs a read for registries, nothing for other projects.
        """
        if not project.startswith(REGISTRY_PREFIX) or "@" in project:
            return project
        return self.state(entity).root(project)

    def called(self, entity: str, root: str) -> str:
        """Undo `root`: what a project of the keys is called now."""
        return self.state(entity).called(root) if root.startswith(REGISTRY_PREFIX) else root

    def _journal(self, entity: str) -> Journal[RegistryState]:
        found = self._journals.get(entity)
        if found is None:
            found = self._store.journal(registries_prefix(entity), RegistryFold())
            found = self._journals.setdefault(entity, found)
        return found
