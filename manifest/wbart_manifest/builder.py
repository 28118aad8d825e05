"""Builds a tree from its entries in order, from whole subtrees of an old one, or from both."""

from collections.abc import Sequence

from wbart_manifest import branch, leaf
from wbart_manifest.boundary import Boundary
from wbart_manifest.entry import MAX_SIZE, Entry
from wbart_manifest.errors import EntryInvalid, ManifestError
from wbart_manifest.node import Node
from wbart_manifest.order import Nesting
from wbart_manifest.path import check_column
from wbart_manifest.tree import Nodes, Reader, Shape


class Builder:
    """Cuts a stream of entries into leaves, their descriptors into branches, and so on up.

    The stream is ascending, which whoever feeds it has checked. A node that is kept already, as
    known says, is neither written again nor given another descriptor.
    """

    def __init__(self, nodes: Nodes, algorithm: str, shape: Shape) -> None:
        self.known: dict[bytes, Node] = {}
        self._nodes = nodes
        self._algorithm = algorithm
        self._shape = shape
        self._nesting = Nesting()
        self._entries: list[Entry] = []
        self._boundary = Boundary(1, shape)
        self._levels: list[_Level] = []
        self._wide = b""  # the branch closed last, if it has more children than one

    def feed(self, entries: Sequence[Entry]) -> None:
        """Take the next entries. Raises EntryClash for a file that is a folder among them.

        What lies in subtrees that were taken as they are is not looked at.
        """
        self._nesting.feed([entry.path for entry in entries])
        keys = check_column([entry.path for entry in entries]).split(b"\0") if entries else []
        weights = leaf.entry_weights(entries, list(map(len, keys)))
        start = 0
        for end in self._boundary.ends(keys, weights):
            self._entries += entries[start:end]
            start = end
            self._add(2, self._close_leaf())
        self._entries += entries[start:]

    def feed_node(self, node: Node) -> None:
        """Take the next subtree as it is. Only when aligned(node.level)."""
        self._add(node.level + 1, node)

    def aligned(self, level: int) -> bool:
        """Tell whether a subtree of this level could begin here: nothing below it is half done."""
        return not self._entries and not any(each.pending for each in self._levels[: level - 1])

    def finish(self, reader: Reader) -> Node:
        """Close what is open and return the root. reader is of the old tree or of this one."""
        if not self._levels:
            return self._close_leaf()
        if self._entries:
            self._add(2, self._close_leaf())
        level = 2
        while level - 1 < len(self._levels) or len(self._levels[-1].pending) > 1:
            if self._levels[level - 2].pending:
                self._add(level + 1, self._close_branch(level))
            level += 1
        return self._lowest(self._levels[-1].pending[0], reader)

    def _lowest(self, node: Node, reader: Reader) -> Node:
        """Return the root below a chain of branches with one child each."""
        while node.level > 1 and node.id != self._wide:
            children = reader.branch(node, None)
            if len(children) > 1:
                break
            node = children[0]
        return node

    def _add(self, level: int, child: Node) -> None:
        if level > self._shape.max_level + 1:
            raise ManifestError(f"a tree of more than {self._shape.max_level} levels")
        while len(self._levels) < level - 1:
            self._levels.append(_Level(Boundary(len(self._levels) + 2, self._shape)))
        here = self._levels[level - 2]
        here.pending.append(child)
        key = child.first.encode()
        if here.boundary.ends([key], [len(key)]):
            self._add(level + 1, self._close_branch(level))

    def _close_leaf(self) -> Node:
        entries, self._entries = self._entries, []
        paths = "\0".join([entry.path for entry in entries]).encode()
        logical = leaf.encode_logical(entries, paths, self._algorithm)
        found = leaf.leaf_id(logical, len(entries), self._algorithm)
        if found in self.known:
            return self.known[found]
        size = leaf.total_size(entries)
        if size > MAX_SIZE:
            raise EntryInvalid(f"files of {size} bytes together")
        self._nodes.put(found, leaf.encode(entries, logical, self._algorithm))
        return Node(found, 1, entries[0].path if entries else "", len(entries), size)

    def _close_branch(self, level: int) -> Node:
        here = self._levels[level - 2]
        children, here.pending = here.pending, []
        logical = branch.encode_logical(level, children)
        found = branch.branch_id(logical, len(children), self._algorithm)
        self._wide = found if len(children) > 1 else b""
        if found in self.known:
            return self.known[found]
        count, size = branch.total(children)
        self._nodes.put(found, branch.encode(children, logical))
        return Node(found, level, children[0].first, count, size)


class _Level:
    """One level of branches: where they end, and the children of the one that is open."""

    def __init__(self, boundary: Boundary) -> None:
        self.boundary = boundary
        self.pending: list[Node] = []
