"""A bit that flips on the way to a server: it refuses the body, or we see it and send it again."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.servers import Server
from tests.servers.proxy import Fault, proxied
from tests.storage.numbering import PREFIX, Numbers, new_intent

from wbart_storage.around.retry import Retry
from wbart_storage.clock import SystemClock
from wbart_storage.errors import ObjectMissing, StorageError
from wbart_storage.journal.journal import Journal
from wbart_storage.objects import ObjectStore, Parts, ability
from wbart_storage.opening import open_objects

METHOD = {"s3": "PUT", "az": "PUT", "gs": "POST"}
BODIES = r"^(?!.*(comp=blocklist|compose))"
"""Requests whose body is an object's, or a part's."""
SERVERS = [
    (name, client)
    for name in ("seaweedfs", "ministack", "moto", "azurite", "fakegcs")
    for client in ("fsspec", "obstore")
    if (name, client) != ("fakegcs", "obstore")  # it has no API that obstore could write to
]
CHANCE = random.Random(3)
SMALL = CHANCE.randbytes(3000)
SEVERAL_PARTS = CHANCE.randbytes(33 << 20)


def create(store: ObjectStore, folder: Path) -> bytes:
    store.create("o/x", SMALL)
    return SMALL


def put(store: ObjectStore, folder: Path) -> bytes:
    store.put("o/x", SMALL)
    return SMALL


def put_file(store: ObjectStore, folder: Path) -> bytes:
    (folder / "x").write_bytes(SMALL)
    store.put("o/x", folder / "x")
    return SMALL


def put_large_file(store: ObjectStore, folder: Path) -> bytes:
    (folder / "x").write_bytes(SEVERAL_PARTS)
    store.put("o/x", folder / "x")
    return SEVERAL_PARTS


def put_parts(store: ObjectStore, folder: Path) -> bytes:
    parts = ability(store, Parts)
    if parts is None:
        return put(store, folder)
    upload = parts.begin("o/x")
    parts.complete("o/x", upload, [parts.part("o/x", upload, 1, SMALL)])
    return SMALL


Way = Callable[[ObjectStore, Path], bytes]
WAYS: list[Way] = [create, put, put_file, put_large_file, put_parts]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("name", "client"), SERVERS)
def test_a_spoilt_body_is_never_taken_for_the_right_one(
    name: str, client: str, way: Way, serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving(name)
    url = f"{server.bucket()}/store"
    method = METHOD[server.protocol]
    with proxied(server) as proxy:
        store = open_objects(url, {**proxy.server.options, "client": client})
        behind = open_objects(url, server.options)
        proxy.faults = [Fault("flip_request", method=method, path=BODIES)]
        with pytest.raises(StorageError) as caught:
            way(store, tmp_path)
        assert caught.value.transient
        assert len(str(caught.value).splitlines()) == 1
        with pytest.raises(ObjectMissing):
            behind.get("o/x")

        proxy.faults = [Fault("flip_request", method=method, path=BODIES, times=1)]
        wanted = way(Retry(store, wait=lambda _: None), tmp_path)
        assert any(each.fault for each in proxy.requests)

    assert behind.get("o/x") == wanted


@pytest.mark.parametrize(("name", "client"), SERVERS)
def test_a_log_stays_whole_though_bodies_are_spoilt(
    name: str, client: str, serving: Callable[[str], Server]
) -> None:
    server = serving(name)
    url = f"{server.bucket()}/store"
    chance = random.Random(1)
    flips = [Fault("flip_request", 0.3, METHOD[server.protocol], BODIES)]
    if client == "fsspec":  # obstore looks at what arrived, and the same bit flipped back hides it
        flips.append(Fault("flip", 0.2, "GET", r"[0-9]\.json"))
    with proxied(server, flips, seed=2) as proxy:
        objects = Retry(open_objects(url, {**proxy.server.options, "client": client}))
        journal = log_of(objects)
        wanted = [new_intent(chance) for _ in range(20)]
        for intent in wanted:
            journal.commit(intent)
        assert any(each.fault == "flip_request" for each in proxy.requests)

    found = log_of(open_objects(url, server.options)).records()
    assert [each.txid for record in found for each in record.intents] == [
        each.txid for each in wanted
    ]


def log_of(store: ObjectStore) -> Journal[list[str]]:
    return Journal(store, PREFIX, Numbers(), algorithm="blake3", clock=SystemClock(), tool="test")
