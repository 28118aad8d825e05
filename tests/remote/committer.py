"""A process whose threads each commit versions of their own, when its stdin ends. Run by the tests.

Its one argument is an `Order` as JSON. One line of JSON for each commit goes to stdout.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from wbart.catalog import Catalog
from wbart_manifest.digest import Digest
from wbart_manifest.entry import Entry
from wbart_manifest.location import WHOLE, Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes
from wbart_storage.around.retry import Retry
from wbart_storage.errors import ObjectExists, OutcomeUnknown, StorageError
from wbart_storage.journal import readback
from wbart_storage.journal.readback import Wait
from wbart_storage.journal.record import Intent
from wbart_storage.keys import blob_key
from wbart_storage.objects import ObjectStore
from wbart_storage.store import Store, open_store
from wbart_storage.tokens import token_hex

HOME = "team", "project", "data"


class Order(msgspec.Struct, frozen=True):
    """What a process is to do: commits by each of its threads, whose names are the numbers."""

    url: str
    options: dict[str, Any]
    cache: str
    numbers: list[int]
    commits: int = 1
    blind: bool = False
    """Believe whatever is answered to a create, and never read back."""


class Told(msgspec.Struct, frozen=True):
    """What a committer was told of one commit; no version where it was told of an error."""

    name: str
    """Of the content, and of the alias that came with it."""
    txid: str
    seconds: float
    version: int | None = None
    error: str = ""
    unknown: bool = False


def main(order: Order) -> None:
    """Get ready, say so, wait for the start, commit, and tell how it went."""
    if order.blind:
        _believe_all()
    store = open_store(
        order.url, cache=Path(order.cache), tool="test", storage_options=order.options
    )
    committers = [_Committer(store, number, order.commits) for number in order.numbers]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    with ThreadPoolExecutor(len(committers)) as pool:
        for told in pool.map(lambda each: list(each.run()), committers):
            for each in told:
                sys.stdout.write(msgspec.json.encode(each).decode() + "\n")


class _Committer:
    """One writer, with a catalog that knows nothing of the others'.

    As `wbart put` does he looks at the collection and sends his bytes before he commits.
    """

    def __init__(self, store: Store, number: int, commits: int) -> None:
        names = [f"w{number}-{count}" for count in range(commits)]
        self._journal = Catalog(store, f"writer {number}").journal(*HOME)
        self._journal.read()
        self._ops = {name: _version(store, name) for name in names}

    def run(self) -> Iterator[Told]:
        for name, op in self._ops.items():
            yield self._commit(name, op)

    def _commit(self, name: str, op: dict[str, object]) -> Told:
        txid = token_hex(16)
        start = time.monotonic()
        try:
            _, outcome = self._journal.commit(Intent(txid, name, time.time(), (op,)))
        except ObjectExists:  # only who believes that he lost: so he looks, and tries again
            self._journal.read()
            return self._commit(name, op | {"id": token_hex(16)})
        except StorageError as error:
            seconds, said = time.monotonic() - start, f"{type(error).__name__}: {error}"
            return Told(name, txid, seconds, None, said, isinstance(error, OutcomeUnknown))
        seconds = time.monotonic() - start
        return Told(name, txid, seconds, outcome[0]["version"])  # type: ignore[index]


def _version(store: Store, name: str) -> dict[str, object]:
    """The op that makes a version of one small file, whose bytes are the name."""
    data = name.encode()
    digest = Digest.of(data, store.algorithm)
    entry = Entry("name.txt", len(data), digest.raw, None, Location(WHOLE))
    manifest = Manifest.build(MemoryNodes(), [entry], store.algorithm)
    store.objects.put(blob_key(digest.hex), data)
    return {
        "op": "version", "id": token_hex(16), "type": "dataset", "digest": str(manifest.digest),
        "manifest": manifest.describe(), "aliases": [name], "always": True,
    }  # fmt: skip


def _believe_all() -> None:
    def once(self: Retry, key: str, data: bytes) -> None:
        self.inner.create(key, data)

    def create(store: ObjectStore, key: str, data: bytes, wait: Wait) -> bytes:
        store.create(key, data)
        return data

    Retry.create = once  # type: ignore[method-assign]
    readback.create = create


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Order))
