"""Manifests: the sorted entries of one version, as a tree that is cheap to change."""

import struct
from base64 import b64decode, b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Self

from wbart_manifest import leaf
from wbart_manifest.builder import Builder
from wbart_manifest.digest import ALGORITHMS, Digest, check_algorithm, domain
from wbart_manifest.edits import Applied, Edit, Edits, batches
from wbart_manifest.entry import MAX_SIZE, Entry
from wbart_manifest.errors import EntryClash, ManifestCorrupt
from wbart_manifest.node import Node
from wbart_manifest.tree import FORMAT, Nodes, Reader, Shape

LABEL = "wbart-manifest-v1"
INLINE = 32 << 10
"""Bytes of a leaf object that may travel inside a journal record."""

_path_of = attrgetter("path")
_first_of = attrgetter("first")
_TOTALS = struct.Struct("<QQ")


class Manifest:
    """The entries of one version, sorted by path. Never changes; edit returns another.

    Reading it holds a few leaves in memory, whatever its size. A node that is not what it
    should be raises ManifestCorrupt or ManifestUnsupported; the store's errors pass through.
    """

    def __init__(self, nodes: Nodes, root: Node, algorithm: str, *, shape: Shape = FORMAT) -> None:
        self.root = root
        self.algorithm = check_algorithm(algorithm)
        self.nodes = nodes
        self.shape = shape
        self.reader = Reader(nodes, algorithm, {})

    @classmethod
    def build(
        cls, nodes: Nodes, entries: Iterable[Entry], algorithm: str, *, shape: Shape = FORMAT
    ) -> Self:
        """Write the manifest of entries, which come in ascending order of path.

        Raises EntryClash, EntryInvalid, PathInvalid or DigestInvalid for what cannot stand in it.
        """
        builder = Builder(nodes, check_algorithm(algorithm), shape)
        for batch in batches(entries):
            builder.feed(batch)
        root = builder.finish(Reader(nodes, algorithm, {}))
        return cls(nodes, root, algorithm, shape=shape)

    @classmethod
    def empty(cls, nodes: Nodes, algorithm: str) -> Self:
        """Write the manifest without entries."""
        return cls.build(nodes, (), algorithm)

    @classmethod
    def from_inline(cls, nodes: Nodes, data: bytes, algorithm: str) -> Self:
        """Return the manifest whose only leaf is given, and which nodes need not hold."""
        node_id, entries = leaf.decode(data, check_algorithm(algorithm))
        first = entries[0].path if entries else ""
        manifest = cls(
            nodes, Node(node_id, 1, first, len(entries), leaf.total_size(entries)), algorithm
        )
        manifest.reader.inline[node_id] = data
        return manifest

    @property
    def digest(self) -> Digest:
        """The version's identity: covers paths, sizes, contents and references, no locations."""
        totals = _TOTALS.pack(self.count, self.size)
        return Digest(self.algorithm, domain(LABEL, self.algorithm, self.root.id, totals))

    @property
    def count(self) -> int:
        """How many entries there are."""
        return self.root.count

    @property
    def size(self) -> int:
        """Bytes of content of all entries, those of unknown size counted as none."""
        return self.root.size

    def entries(self, prefix: str = "", after: str | None = None) -> Iterator[Entry]:
        """Yield the entries whose path starts with the text prefix and comes after `after`."""
        start = prefix if after is None or after < prefix else after
        for rows in self._leaves(self.root, start, prefix, None):
            at = bisect_left(rows, start, key=_path_of)
            at += after is not None and at < len(rows) and rows[at].path == after
            if not prefix:
                yield from rows[at:] if at else rows
                continue
            for entry in rows[at:]:
                if not entry.path.startswith(prefix):
                    return
                yield entry

    def get(self, path: str) -> Entry | None:
        """Return the entry of a path, or None. Reads one node of each level."""
        node, upper = self.root, None
        while node.level > 1:
            children = self.reader.branch(node, upper)
            at = max(bisect_right(children, path, key=_first_of) - 1, 0)
            upper = children[at + 1].first if at + 1 < len(children) else upper
            node = children[at]
        rows = self.reader.leaf(node, upper, keep=True)
        at = bisect_left(rows, path, key=_path_of)
        return rows[at] if at < len(rows) and rows[at].path == path else None

    def has_folder(self, path: str) -> bool:
        """Tell whether there are entries below path."""
        return next(self.entries(path + "/"), None) is not None

    def edit(self, edits: Iterable[Edit]) -> "Manifest":
        """Return the manifest with some entries put or, where None is given, removed.

        Edits come in ascending order of path, each path once. Reads and writes only the nodes
        that change; the result is the one that build gives, whatever the way there.
        """
        if not self.count:
            added = _added(Edits(edits))
            return Manifest.build(self.nodes, added, self.algorithm, shape=self.shape)
        builder = Builder(self.nodes, self.algorithm, self.shape)
        applied = Applied(self.reader, builder, Edits(edits))
        applied.copy(self.root, None)
        root = builder.finish(self.reader)
        if root.id == self.root.id:
            return self
        edited = Manifest(self.nodes, root, self.algorithm, shape=self.shape)
        edited._refuse_clashes(applied.must_be_free, applied.must_be_files)
        return edited

    def inline(self) -> bytes | None:
        """Return the bytes of the only leaf when they may travel in a record, else None."""
        if self.root.level > 1:
            return None
        data = self.reader.data(self.root)
        return data if len(data) <= INLINE else None

    def describe(self) -> dict[str, object]:
        """Return what a journal record carries of this manifest, fit for JSON."""
        root = self.root
        described: dict[str, object] = {
            "root": root.id.hex(),
            "level": root.level,
            "count": root.count,
            "size": root.size,
        }
        if root.epoch:
            described["epoch"] = root.epoch
        data = self.inline()
        if data is not None:
            described["inline"] = b64encode(data).decode()
        return described

    @classmethod
    def restore(cls, nodes: Nodes, described: Mapping[str, object], algorithm: str) -> Self:
        """Return the manifest that describe told of. Raises ManifestCorrupt for anything else."""
        root = _described_root(described, check_algorithm(algorithm))
        inline = described.get("inline")
        if inline is None:
            return cls(nodes, root, algorithm)
        if not isinstance(inline, str):
            raise ManifestCorrupt("a described manifest whose leaf is not text")
        try:
            data = b64decode(inline, validate=True)
        except ValueError as error:
            raise ManifestCorrupt("a described manifest whose leaf is not base64") from error
        manifest = cls.from_inline(nodes, data, algorithm)
        if manifest._totals() != (root.id, root.level, root.count, root.size):
            raise ManifestCorrupt("a described manifest that is not its own leaf's")
        return manifest

    def _totals(self) -> tuple[bytes, int, int, int]:
        return self.root.id, self.root.level, self.root.count, self.root.size

    def _leaves(
        self, node: Node, start: str, prefix: str, upper: str | None
    ) -> Iterator[Sequence[Entry]]:
        if node.level == 1:
            yield self.reader.leaf(node, upper, keep=bool(prefix))
            return
        children = self.reader.branch(node, upper)
        at = max(bisect_right(children, start, key=_first_of) - 1, 0)
        for number in range(at, len(children)):
            first = children[number].first
            if first > prefix and not first.startswith(prefix):
                return
            before = children[number + 1].first if number + 1 < len(children) else upper
            yield from self._leaves(children[number], start, prefix, before)

    def _refuse_clashes(self, must_be_free: set[str], must_be_files: set[str]) -> None:
        for folder in sorted(must_be_free):
            if self.get(folder) is not None:
                raise EntryClash(folder, next(self.entries(folder + "/")).path)
        for path in sorted(must_be_files):
            below = next(self.entries(path + "/"), None)
            if below is not None:
                raise EntryClash(path, below.path)


def _added(edits: Edits) -> Iterator[Entry]:
    while batch := edits.take(None):
        yield from (entry for _, entry in batch if entry is not None)


def _described_root(described: Mapping[str, object], algorithm: str) -> Node:
    root, level = described.get("root"), _number(described, "level", FORMAT.max_level)
    try:
        node_id = bytes.fromhex(root) if isinstance(root, str) else b""
    except ValueError:
        node_id = b""
    if len(node_id) != ALGORITHMS[algorithm] or not level:
        raise ManifestCorrupt("a described manifest without a root")
    count, size = _number(described, "count", MAX_SIZE), _number(described, "size", MAX_SIZE)
    epoch = _number(described, "epoch", 0xFFFFFFFF) if "epoch" in described else 0
    return Node(node_id, level, "", count, size, epoch)


def _number(described: Mapping[str, object], name: str, most: int) -> int:
    value = described.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ManifestCorrupt(f"a described manifest whose {name} is not a number")
    return value
