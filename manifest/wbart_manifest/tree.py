"""The tree: where its nodes end, where they are kept, and how one is read.

A node ends where the path says so, and nowhere else: so an edit and a rebuild cut alike.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, runtime_checkable

from wbart_manifest import branch, leaf
from wbart_manifest.entry import Entry
from wbart_manifest.errors import ManifestCorrupt
from wbart_manifest.node import MAX_ITEMS, Node

__all__ = ["FORMAT", "MemoryNodes", "Node", "Nodes", "Reader", "Rereads", "Shape"]

T = TypeVar("T")
_REREADS = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """Where nodes end. The format's is FORMAT; others exist so that tests can have tiny nodes."""

    leaf_mask: int = 0x7FF
    branch_mask: int = 0x1FF
    max_items: int = MAX_ITEMS
    max_text: int = 4 << 20
    """A node ends with the item that brings its bytes of text to this."""
    max_level: int = 8


FORMAT: Final = Shape()


class Nodes(Protocol):
    """Keeps nodes by id. A node never changes, so every method may be repeated."""

    def get(self, node_id: bytes, epoch: int = 0) -> bytes:
        """Return the bytes of a node. Raises what the store raises when it has none."""
        ...

    def put(self, node_id: bytes, data: bytes) -> None:
        """Keep the bytes of a node; one that is there already may stay as it is.

        get finds it from then on, however late the store itself is written.
        """


@runtime_checkable
class Rereads(Protocol):
    """Nodes that come from far away, and may have been damaged on the way."""

    def again(self, node_id: bytes, epoch: int = 0) -> bytes:
        """As `Nodes.get`, from where they really lie, since what came was wrong."""
        ...


class MemoryNodes:
    """Nodes in a dict, for tests and for manifests that are never stored."""

    def __init__(self) -> None:
        self._nodes: dict[bytes, bytes] = {}

    def get(self, node_id: bytes, epoch: int = 0) -> bytes:
        try:
            return self._nodes[node_id]
        except KeyError:
            raise LookupError(f"no node {node_id.hex()}") from None

    def put(self, node_id: bytes, data: bytes) -> None:
        self._nodes.setdefault(node_id, data)

    def __len__(self) -> int:
        return len(self._nodes)


class Reader:
    """Reads nodes and checks each against what its parent says of it. Keeps the last few.

    Safe to share between threads, as far as the nodes are.
    """

    def __init__(self, nodes: Nodes, algorithm: str, inline: dict[bytes, bytes]) -> None:
        self._nodes = nodes
        self._algorithm = algorithm
        self.inline = inline
        """Nodes that came with their manifest, and that the store may not have."""
        self._leaves: dict[bytes, list[Entry]] = {}
        self._branches: dict[bytes, list[Node]] = {}

    def data(self, node: Node) -> bytes:
        """Return the bytes of a node, unchecked."""
        found = self.inline.get(node.id)
        return self._nodes.get(node.id, node.epoch) if found is None else found

    def leaf(self, node: Node, upper: str | None, *, keep: bool = False) -> Sequence[Entry]:
        """Return the entries of a leaf, which end before the path upper. keep: likely again."""
        entries = self._leaves.get(node.id)
        if entries is None:
            entries = self._read(node, _checked_leaf)
            if keep:
                _remember(self._leaves, node.id, entries, 4)
        if upper is not None and entries and entries[-1].path >= upper:
            raise ManifestCorrupt(f"node {node.id.hex()} reaches into the next one")
        return entries

    def branch(self, node: Node, upper: str | None) -> Sequence[Node]:
        """Return the children of a branch, whose paths all end before upper."""
        children = self._branches.get(node.id)
        if children is None:
            children = self._read(node, _checked_branch)
            _remember(self._branches, node.id, children, 16)
        if upper is not None and children[-1].first >= upper:
            raise ManifestCorrupt(f"node {node.id.hex()} reaches into the next one")
        return children

    def _read(self, node: Node, check: Callable[[bytes, Node, str], T]) -> T:
        """The node, checked; read again where that may help."""
        nodes, data = self._nodes, self.data(node)
        for _ in range(_REREADS if isinstance(nodes, Rereads) else 0):
            try:
                return check(data, node, self._algorithm)
            except ManifestCorrupt:
                if node.id in self.inline or not isinstance(nodes, Rereads):
                    raise
                data = nodes.again(node.id, node.epoch)
        return check(data, node, self._algorithm)


def _checked_leaf(data: bytes, node: Node, algorithm: str) -> list[Entry]:
    with _named(node):
        found, entries = leaf.decode(data, algorithm)
    count, size = len(entries), leaf.total_size(entries)
    _check(node, found, 1, entries[0].path if entries else "", count, size)
    return entries


def _checked_branch(data: bytes, node: Node, algorithm: str) -> list[Node]:
    with _named(node):
        found, level, children = branch.decode(data, algorithm)
    count, size = sum(child.count for child in children), sum(child.size for child in children)
    _check(node, found, level, children[0].first, count, size)
    return children


@contextmanager
def _named(node: Node) -> Iterator[None]:
    """What is wrong with the bytes of a node, told with its name."""
    try:
        yield
    except ManifestCorrupt as error:
        raise ManifestCorrupt(f"node {node.id.hex()}: {error}") from error


def _check(node: Node, found: bytes, level: int, first: str, count: int, size: int) -> None:
    if found != node.id:
        raise ManifestCorrupt(f"node {node.id.hex()} holds the bytes of {found.hex()}")
    if (level, count, size) != (node.level, node.count, node.size) or first != (
        node.first or first
    ):
        raise ManifestCorrupt(f"node {node.id.hex()} is not what its parent says")


def _remember(kept: dict[bytes, T], key: bytes, value: T, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        # Oldest first; another thread may have dropped it in between, which is as good.
        kept.pop(next(iter(kept), b""), None)
