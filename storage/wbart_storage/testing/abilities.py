"""The contract's chapter on what a store may do beyond the six calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from wbart_storage.errors import KeyInvalid
from wbart_storage.objects import Adopts, Files, ObjectStore, Syncs, ability
from wbart_storage.testing.chapter import DATA, Chapter


class Lending(Chapter):
    """An ability that a store has or lends is honest; one that it has not is skipped."""

    def test_the_file_of_an_object_holds_its_bytes(self, store: ObjectStore) -> None:
        files = ability(store, Files)
        if files is None:
            pytest.skip("the store keeps no local files")
        store.put("o/aa/blob", DATA)

        assert files.path("o/aa/blob").read_bytes() == DATA
        assert not files.path("o/aa/missing").exists()
        with pytest.raises(KeyInvalid):
            files.path("../climbs")

    def test_an_adopted_file_is_an_object_and_gone_from_the_stage(self, store: ObjectStore) -> None:
        adopts, staged = self._staged(store, DATA)

        adopts.adopt("o/aa/blob", staged)

        assert store.get("o/aa/blob") == DATA
        assert not staged.exists()
        assert [stat.key for stat in store.list("")] == ["o/aa/blob"]

    def test_adopting_what_is_there_takes_the_staged_file_away(self, store: ObjectStore) -> None:
        adopts, staged = self._staged(store, DATA)
        store.put("o/aa/blob", DATA)

        adopts.adopt("o/aa/blob", staged)

        assert store.get("o/aa/blob") == DATA
        assert not staged.exists()

    def test_what_is_staged_is_no_object(self, store: ObjectStore) -> None:
        self._staged(store, DATA)

        assert list(store.list("")) == []

    def test_adopted_objects_can_be_synced_twice(self, store: ObjectStore) -> None:
        syncs = ability(store, Syncs)
        if syncs is None:
            pytest.skip("the store defers nothing")
        adopts, staged = self._staged(store, DATA)
        adopts.adopt("o/aa/blob", staged)

        syncs.sync(["o/aa/blob"])
        syncs.sync(["o/aa/blob", "o/aa/blob"])
        syncs.sync([])

        assert store.get("o/aa/blob") == DATA

    @staticmethod
    def _staged(store: ObjectStore, data: bytes) -> tuple[Adopts, Path]:
        adopts = ability(store, Adopts)
        if adopts is None:
            pytest.skip("the store adopts no files")
        staged = adopts.staging() / "staged"
        staged.write_bytes(data)
        return adopts, staged
