"""Nodes as objects: stored once, read once, and not all of them kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.storage.blobstore import blake3, noise

from wbart_storage.around.trace import Call, Trace
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import ObjectMissing, StoreUnavailable
from wbart_storage.keys import node_key
from wbart_storage.reading import nodes as nodes_module
from wbart_storage.reading.nodes import StoredNodes
from wbart_storage.testing.faulty import Faulty


def some(count: int, size: int = 100) -> dict[bytes, bytes]:
    made = (noise(size, n) for n in range(count))
    return {blake3(data): data for data in made}


def test_nodes_come_back() -> None:
    store = MemoryObjects()
    nodes = StoredNodes(store)
    nodes.put_all(some(50))
    nodes.put_all({})

    assert {name: StoredNodes(store).get(name) for name in some(50)} == some(50)
    assert {each.key for each in store.list("")} == {node_key(name.hex()) for name in some(50)}


def test_a_node_is_asked_for_once() -> None:
    calls: list[Call] = []
    store = MemoryObjects()
    [(name, data)] = some(1).items()
    StoredNodes(store).put(name, data)
    nodes = StoredNodes(Trace(store, calls.append))

    assert [nodes.get(name) for _ in range(5)] == [data] * 5
    assert [call.name for call in calls] == ["get"]


def test_a_node_that_was_just_put_is_not_asked_for() -> None:
    calls: list[Call] = []
    nodes = StoredNodes(Trace(MemoryObjects(), calls.append))
    [(name, data)] = some(1).items()
    for _ in range(3):
        nodes.put(name, data)

    assert nodes.get(name) == data
    assert [call.name for call in calls] == ["put"] * 3
    assert nodes._size == len(data)


def test_a_node_of_an_epoch_is_another_object() -> None:
    store = MemoryObjects()
    store.put(node_key("ab" * 32, 3), b"of epoch 3")
    nodes = StoredNodes(store)

    assert nodes.get(b"\xab" * 32, 3) == b"of epoch 3"
    with pytest.raises(ObjectMissing):
        nodes.get(b"\xab" * 32)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes_module, "_KEPT_BYTES", 1000)
    nodes = StoredNodes(MemoryObjects())
    nodes.put_all(some(50))
    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(nodes.get, [*some(50)] * 4))

    assert found == [*some(50).values()] * 4
    assert sum(map(len, nodes._kept.values())) <= 1000


def test_a_node_that_cannot_be_stored_is_reported() -> None:
    for at in range(20):
        nodes = StoredNodes(Faulty(MemoryObjects(), at))
        with pytest.raises(StoreUnavailable):
            nodes.put_all(some(20))
