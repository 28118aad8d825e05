"""A process that adds and downloads much, and tells how much memory it took. Run by the tests.

Arguments: a folder with `source/`, and `local` or `distant`. Prints the peak of its resident
memory in MiB after adding, and after downloading too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from wbart_manifest.location import PACKED, WHOLE
from wbart_storage.backends.local import LocalObjects
from wbart_storage.clock import SystemClock
from wbart_storage.config import StoreConfig
from wbart_storage.objects import ObjectStat, ObjectStore
from wbart_storage.progress import silent
from wbart_storage.reading.blobs import Wanted
from wbart_storage.reading.fetch import Fetch
from wbart_storage.staging.stage import settle
from wbart_storage.store import Store


class Distant:
    """A store whose objects nobody can reach but by its calls."""

    def __init__(self, inner: ObjectStore) -> None:
        self.create = inner.create
        self.put = inner.put
        self.get = inner.get
        self.delete = inner.delete
        self.stat = inner.stat
        self._inner = inner

    def list(self, prefix: str, delimiter: str = "") -> Iterator[ObjectStat]:
        return self._inner.list(prefix, delimiter)


def peak() -> int:
    """The peak of this process's resident memory so far, in MiB.

    Not by getrusage: its figure begins with that of the process that started this one.
    """
    [told] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(told) >> 10


def store_of(folder: Path, kind: str) -> Store:
    """The store; a distant one is read by requests, though it lies on this disk."""
    place = folder / "store"
    place.mkdir()
    objects: ObjectStore = LocalObjects(place)
    if kind == "distant":
        objects = Distant(objects)
    return Store(
        str(place), objects, StoreConfig(), folder / "cache", SystemClock(), "test", lambda _: 10**9
    )


def add(store: Store, root: Path) -> list[Wanted]:
    """Take a folder in and publish it."""
    stage, prints = store.stage(), store.fingerprints()
    with ThreadPoolExecutor(4) as executor:
        ingest = store.ingest(stage, prints, executor, None)
        taken = [each for batch in ingest.folder(str(root), silent) for each in batch]
        stage.packs.seal()
        ingest.finish()
        place = stage.packs.place
        wanted = [Wanted(each.path, each.size, each.digest, place(each.location)) for each in taken]
        packs = {each.location.object for each in wanted if each.location.kind == PACKED}
        blobs = {each.digest for each in wanted if each.location.kind == WHOLE}
        settle(store.objects, stage.publish(store.objects, packs, blobs))
        ingest.close()
    stage.close()
    prints.close()
    return wanted


def main(folder: Path, kind: str) -> None:
    store = store_of(folder, kind)
    wanted = add(store, folder / "source")
    added = peak()
    for _ in Fetch(store.reading(), str(folder / "out"), jobs=4).run(wanted):
        pass
    sys.stdout.write(f"{added} {peak()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
