"""A stage for a store, with all that fills it, for the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from wbart_manifest.location import PACKED, WHOLE
from wbart_storage.clock import Clock, SystemClock
from wbart_storage.files.fingerprint import Fingerprints
from wbart_storage.objects import Adopts, ObjectStore, ability
from wbart_storage.progress import silent
from wbart_storage.reading.blobs import Blobs, Wanted
from wbart_storage.reading.reader import StoreReader
from wbart_storage.staging.ingest import Ingest, Second, Taken
from wbart_storage.staging.session import Session
from wbart_storage.staging.stage import Stage, settle

OLD = 1_600_000_000
"""A time of files that is long past, so that fingerprints of them are trusted."""


class Rig(NamedTuple):
    """A stage and what fills it."""

    stage: Stage
    ingest: Ingest
    prints: Fingerprints
    store: ObjectStore

    def folder(self, root: Path) -> list[Taken]:
        """Take in a folder."""
        return [each for batch in self.ingest.folder(str(root), silent) for each in batch]

    def seal(self, taken: list[Taken]) -> list[Wanted]:
        """Close the packs; where the files lie then."""
        self.stage.packs.seal()
        self.ingest.finish()
        place = self.stage.packs.place
        return [Wanted(each.path, each.size, each.digest, place(each.location)) for each in taken]

    def publish(self, wanted: list[Wanted]) -> list[str]:
        """Put all that is wanted into the store; the keys that were sent."""
        packs = {each.location.object for each in wanted if each.location.kind == PACKED}
        blobs = {each.digest for each in wanted if each.location.kind == WHOLE}
        keys = self.stage.publish(self.store, sorted(packs), sorted(blobs))
        settle(self.store, keys)
        return keys


@contextmanager
def rigged(
    store: ObjectStore,
    local: Path,
    *,
    clock: Clock | None = None,
    second: Second | None = None,
    pack_size: int = 20_000,
    max_member: int = 5_000,
    early: bool = False,
) -> Iterator[Rig]:
    """A rig for store, with small packs; an early one sends each as it is closed."""
    clock = clock or SystemClock()
    adopts = ability(store, Adopts)
    staging = adopts.staging() if adopts is not None else local / "staging"
    prints = Fingerprints(local / "state.db")
    stage = Stage(Session(staging, clock), "blake3", pack_size=pack_size, min_members=3)
    if early:
        stage.send_early(store)
    with ThreadPoolExecutor(2) as executor:
        ingest = Ingest(
            stage,
            store,
            prints,
            "blake3",
            max_member=max_member,
            now_ns=lambda: int(clock.now() * 1e9),
            executor=executor,
            second=second,
        )
        try:
            yield Rig(stage, ingest, prints, store)
        finally:
            ingest.close()
            stage.close()
            prints.close()


def read_back(store: ObjectStore, wanted: list[Wanted]) -> dict[str, bytes]:
    """The bytes of all that is wanted, as the store has them."""
    blobs = Blobs(StoreReader(store), "blake3")
    return {each.path: bytes(data) for each, data in blobs.read_many(wanted)}


def write_files(root: Path, files: dict[str, bytes], *, old: bool = True) -> Path:
    """Make files below root; old ones are such that their fingerprints may be trusted."""
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        if old:
            os.utime(target, (OLD, OLD))
    return root
