"""Many processes commit to one collection at once; what they were told, and what must hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.remote.committer import HOME, Order, Told
from tests.servers import Server

from wbart.catalog import Catalog
from wbart.fold.state import CollectionState
from wbart_manifest.manifest import Manifest
from wbart_storage.keys import collection_prefix
from wbart_storage.reading.blobs import Wanted
from wbart_storage.store import Store, create_store, open_store


def new_collection(server: Server, folder: Path) -> Store:
    """A new store on the server, in which the collection exists and has no version yet."""
    url = f"{server.bucket()}/store"
    create_store(url, storage_options=server.options)
    store = open_store(url, cache=folder, tool="test", storage_options=server.options)
    create = {"op": "create", "type": "dataset", "kind": "sequence", "description": None}
    Catalog(store, "test").commit(*HOME, create)
    return store


def race(
    store: Store,
    options: Mapping[str, Any],
    processes: Sequence[Sequence[int]],
    *,
    commits: int = 1,
    blind: bool = False,
) -> list[Told]:
    """What each commit was told, by processes that are all ready before the first one starts.

    A process has a thread for each of its numbers.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    barrier, gate = os.pipe()
    children = []
    for numbers in processes:
        cache = str(store.local.parent)
        order = Order(store.url, dict(options), cache, list(numbers), commits, blind)
        spelled = msgspec.json.encode(order).decode()
        command = [sys.executable, "-m", "tests.remote.committer", spelled]
        child = subprocess.Popen(
            command, stdin=barrier, stdout=subprocess.PIPE, text=True, env=environment
        )
        children.append(child)
    os.close(barrier)
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    os.close(gate)
    told = []
    for child in children:
        out, _ = child.communicate()
        assert child.returncode == 0
        told += [msgspec.json.decode(line, type=Told) for line in out.splitlines()]
    return told


def check(store: Store, told: Sequence[Told]) -> None:
    """What was acknowledged is there, once; what was refused is not; nothing else is."""
    catalog = Catalog(store, "test")
    state = catalog.state(*HOME)
    txids = [
        intent.txid
        for record in catalog.records(*HOME)  # raises where the log is not dense or chained
        for intent in record.intents
    ][1:]
    acknowledged = {each.txid: each for each in told if each.version is not None}
    open_ones = {each.txid for each in told if each.unknown}

    assert len(state.versions) == len(set(txids))
    assert acknowledged.keys() <= set(txids) <= acknowledged.keys() | open_ones
    assert len({each.version for each in acknowledged.values()}) == len(acknowledged)
    for each in acknowledged.values():
        assert each.version is not None
        assert state.aliases[each.name] == each.version
        assert content(store, state, each.version) == each.name.encode()


def content(store: Store, state: CollectionState, version: int) -> bytes:
    """The bytes of the one file of a version."""
    manifest = Manifest.restore(store.nodes, state.versions[version].manifest, store.algorithm)
    [entry] = manifest.entries()
    assert entry.size is not None
    assert entry.location is not None
    return store.blobs.read(Wanted(entry.path, entry.size, entry.digest, entry.location))


def percentile(told: Sequence[Told], share: float) -> float:
    """The seconds that this share of all commits did not exceed."""
    seconds = sorted(each.seconds for each in told)
    return seconds[min(len(seconds) - 1, int(len(seconds) * share))]


def letters(store: Store) -> list[str]:
    """The keys of all letters that wait in the collection's inbox."""
    return [stat.key for stat in store.objects.list(f"{collection_prefix(*HOME)}inbox/")]
