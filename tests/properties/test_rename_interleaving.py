"""Any interleaving of renames and logging on a store with bad days: no version is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.interleaving import BadDays, Turns

from wbart.catalog import Catalog
from wbart.errors import CollectionNotFound, Conflict
from wbart.fold.journal import CollectionFold
from wbart.fold.state import CollectionState
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.clock import FixedClock
from wbart_storage.config import StoreConfig
from wbart_storage.errors import StorageError
from wbart_storage.journal.journal import Journal
from wbart_storage.objects import ObjectStore
from wbart_storage.store import Store

NAMES = ("a", "b", "c")
CREATE = {"op": "create", "type": "dataset"}


class Story(Catalog):
    """A catalog whose waits are turns of the others."""

    def __init__(self, objects: ObjectStore, turns: Turns) -> None:
        config = StoreConfig()
        super().__init__(
            Store("memory://", objects, config, Path("none"), FixedClock(), "test"), "ann"
        )
        self._turns = turns

    def journal_at(self, entity: str, project: str, root: str) -> Journal[CollectionState]:
        prefix = f"c/{entity}/{project}/{root}/"
        if prefix not in self._journals:
            self._journals[prefix] = Journal(
                self.store.objects,
                prefix,
                CollectionFold(root),
                algorithm="blake3",
                clock=self.store.clock,
                tool="test",
                wait=lambda seconds: self._turns.step(),
                threads=1,
            )
        return self._journals[prefix]


def version(id_: str) -> dict[str, object]:
    return {"op": "version", "id": id_, "digest": f"blake3:{id_}", "manifest": {}, "always": True}


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.3]))
@settings(max_examples=120)
def test_all_readers_agree_and_no_version_is_lost(seed: int, rate: float) -> None:
    chance = random.Random(seed)
    turns = Turns(chance)
    inner = MemoryObjects()
    store = BadDays(inner, turns, chance, rate)
    told: dict[str, str] = {}
    renamed: list[tuple[str, str]] = []

    def logger(name: str) -> Callable[[], None]:
        def act() -> None:
            catalog = Story(store, turns)
            for _ in range(3):
                id_ = f"{chance.getrandbits(128):032x}"
                try:
                    catalog.commit("e", "p", name, CREATE, version(id_))
                except StorageError:
                    continue
                told[id_] = name

        return act

    def renamer() -> None:
        catalog = Story(store, turns)
        for _ in range(3):
            before, after = chance.sample(NAMES, 2)
            try:
                catalog.rename("e", "p", before, after)
            except (StorageError, Conflict, CollectionNotFound):
                continue
            renamed.append((before, after))

    turns.run([logger(chance.choice(NAMES)), logger(chance.choice(NAMES)), renamer, renamer])
    store.settle()

    reader = Story(inner, turns)
    found = {state.name: state for state in reader.states("e", "p")}
    held = {id_: state for state in found.values() for id_ in state.ids}
    for id_, name in told.items():
        assert id_ in held
        assert reader.state("e", "p", name) is held[id_]
    assert sum(len(state.ids) for state in found.values()) == len(held)
    for before, after in renamed:
        assert reader.state("e", "p", before) is reader.state("e", "p", after)
    # Whatever dangles is in nobody's way.
    for name in NAMES:
        reader.commit("e", "p", name, CREATE, version(f"{chance.getrandbits(128):032x}"))
