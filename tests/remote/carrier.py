"""A process that puts one file into a store, or gets it from there. Run by the tests.

Arguments: `put` or `get`, the store's URL and options (JSON), this machine's folder, and the
file. A put file becomes the blob of its digest; a got one is written below `<folder>/out`.
Prints the peak of its resident memory in MiB.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.storage.memory_user import peak

from wbart_manifest.digest import hasher
from wbart_manifest.location import WHOLE, Location
from wbart_storage.reading.blobs import Wanted
from wbart_storage.reading.fetch import Fetch
from wbart_storage.store import Store, create_store, open_store


def make_store(url: str, options: Mapping[str, Any]) -> None:
    """Make the store that carriers use."""
    create_store(url, storage_options=options)


def opened(url: str, options: Mapping[str, Any], local: Path) -> Store:
    """The store, with caches of its own below local."""
    return open_store(
        url,
        cache=local / "cache",
        tool="test",
        storage_options=options,
        cache_room=lambda _: 10**10,
    )


def wanted(path: Path) -> Wanted:
    """The file as a blob of a store."""
    state = hasher("blake3", threads=2)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            state.update(piece)
    size = path.stat().st_size
    return Wanted(path.name, size, state.digest(), Location(WHOLE, length=size))


def put(store: Store, path: Path) -> None:
    """Stage and publish the file."""
    stage = store.stage()
    try:
        digest, _ = stage.large(str(path))
        stage.publish(store.objects, [], [digest])
    finally:
        stage.close()


def get(store: Store, path: Path, target: Path, *, skip_cache: bool = False) -> None:
    """Write the blob that the file is below target."""
    reading = store.reading(skip_cache=skip_cache)
    for _ in Fetch(reading, str(target), jobs=2).run([wanted(path)]):
        pass


def carrying(
    what: str, url: str, options: Mapping[str, Any], local: Path, path: Path
) -> subprocess.Popen[str]:
    """Such a process."""
    command = sys.executable, "-m", "tests.remote.carrier"
    return subprocess.Popen(
        [*command, what, url, json.dumps(dict(options)), str(local), str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def main(what: str, url: str, options: str, folder: str, file: str) -> None:
    store = opened(url, json.loads(options), Path(folder))
    if what == "put":
        put(store, Path(file))
    else:
        get(store, Path(file), Path(folder, "out"), skip_cache=what == "get past the cache")
    sys.stdout.write(f"{peak()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
