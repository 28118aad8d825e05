"""Nodes of manifests as objects, with the last few kept in memory.

Storage does not know what is in a node: whoever asks for one checks it against its id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from wbart_storage.keys import node_key
from wbart_storage.objects import ObjectStore

_KEPT_BYTES = 16 << 20
_WRITERS = 16


class StoredNodes:
    """The nodes of one store. Safe to share between threads: at worst a node is read twice."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[bytes, int], bytes] = OrderedDict()
        self._size = 0

    def get(self, node_id: bytes, epoch: int = 0) -> bytes:
        """The bytes of a node; raises ObjectMissing."""
        data = self._kept.get((node_id, epoch))
        if data is None:
            data = self._store.get(node_key(node_id.hex(), epoch))
            self._keep((node_id, epoch), data)
        return data

    def again(self, node_id: bytes, epoch: int = 0) -> bytes:
        """As `get`, but from the store itself: what came before was wrong."""
        data = self._store.get(node_key(node_id.hex(), epoch))
        self._keep((node_id, epoch), data)
        return data

    def put(self, node_id: bytes, data: bytes) -> None:
        """Store a node, durable when this returns."""
        self._store.put(node_key(node_id.hex()), data)
        self._keep((node_id, 0), data)  # the next version is an edit of this one

    def put_all(self, nodes: Mapping[bytes, bytes]) -> None:
        """Store many nodes at once: each costs an fsync or a request, and those overlap."""
        if not nodes:
            return
        with ThreadPoolExecutor(min(_WRITERS, len(nodes)), "wbart-nodes") as executor:
            for _ in executor.map(self.put, nodes.keys(), nodes.values()):
                pass

    def _keep(self, key: tuple[bytes, int], data: bytes) -> None:
        if key in self._kept:
            return
        self._size += len(data) - len(self._kept.pop(key, b""))
        self._kept[key] = data
        while self._size > _KEPT_BYTES:
            try:
                self._size -= len(self._kept.popitem(last=False)[1])
            except KeyError:
                break  # another thread emptied it
