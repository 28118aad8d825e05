"""The content of an artifact before it is committed: a tree, and the newest edits on top of it.

Edits are gathered in a dict and folded into the tree whenever there are many, so that a draft of
any size stays in bounded memory; the tree's nodes wait in memory until the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wbart_manifest.entry import Entry, same_content
from wbart_manifest.errors import EntryClash
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import Node, Nodes, Rereads
from wbart_storage.errors import ObjectMissing

_GATHERED = 131_072
"""Edits that are kept beside the tree; at about 300 bytes each."""


class LayeredNodes:
    """New nodes in memory above those of a store."""

    def __init__(self, below: Nodes | None) -> None:
        self.new: dict[bytes, bytes] = {}
        self._below = below

    def get(self, node_id: bytes, epoch: int = 0) -> bytes:
        """The node's bytes, from memory or from below."""
        data = self.new.get(node_id)
        if data is not None:
            return data
        if self._below is None:
            raise ObjectMissing(f"t/{node_id.hex()}")
        return self._below.get(node_id, epoch)

    def again(self, node_id: bytes, epoch: int = 0) -> bytes:
        """As `get`, but for what lies below, where it can be read anew."""
        if node_id in self.new or not isinstance(self._below, Rereads):
            return self.get(node_id, epoch)
        return self._below.again(node_id, epoch)

    def put(self, node_id: bytes, data: bytes) -> None:
        """Keep a new node."""
        self.new[node_id] = data


class Draft:
    """A mutable, ordered map from paths to entries. Serves one thread at a time."""

    def __init__(self, algorithm: str, base: Manifest | None = None) -> None:
        self.algorithm = algorithm
        self._tree = (
            Manifest.empty(LayeredNodes(None), algorithm) if base is None else layered(base)[0]
        )
        self._edits: dict[str, Entry | None] = {}
        self._folders: set[str] = set()
        """Folders that were seen to lie below no file, since the last fold."""
        self._unseen = False
        """Whether there are edits whose folders are not among these."""

    def put(self, entry: Entry, *, overwrite: bool = False) -> Entry:
        """Add an entry; the same content again is fine.

        Raises EntryClash, and changes nothing, when the path holds other content already, is a
        folder, or lies below a file.
        """
        held = self.get(entry.path) if self._edits or self._tree.count else None
        if held is not None and not overwrite:
            if not same_content(held, entry):
                raise EntryClash(entry.path)
            return held
        if held is None:
            self._refuse_clash(entry.path)
        self._edits[entry.path] = entry
        if len(self._edits) >= _GATHERED:
            self.fold()
        return entry

    def get(self, path: str) -> Entry | None:
        """The entry of the path."""
        if path in self._edits:
            return self._edits[path]
        return self._tree.get(path) if self._tree.count else None

    def remove(self, path: str) -> list[Entry]:
        """Remove the entry of the path, or all below it when it is a folder; return them."""
        held = self.get(path)
        found = [held] if held is not None else self.below(path)
        for entry in found:
            self._edits[entry.path] = None
        return found

    def replace(self, entry: Entry) -> None:
        """Put an entry, whatever its path held.

        The caller knows that what it may clash with is gone: a file that is a folder now, or the
        files of a folder that is a file now. That goes, too.
        """
        self._unseen = True
        self._edits[entry.path] = entry
        if len(self._edits) >= _GATHERED:
            self.fold()

    def discard(self, path: str) -> None:
        """Remove the entry of the path, if there is one."""
        self._edits[path] = None
        if len(self._edits) >= _GATHERED:
            self.fold()

    def below(self, folder: str) -> list[Entry]:
        """The entries below a folder."""
        return list(self.manifest().entries(f"{folder}/"))

    def manifest(self) -> Manifest:
        """The draft as it is now."""
        self.fold()
        return self._tree

    def fold(self) -> None:
        """Fold the gathered edits into the tree. Raises EntryClash for a file that is a folder."""
        if self._edits:
            edits, self._edits = self._edits, {}
            try:
                self._tree = self._edited(sorted(edits.items()))
            except BaseException:
                self._edits = edits
                raise
        self._folders.clear()
        self._unseen = False

    def _edited(self, edits: list[tuple[str, Entry | None]]) -> Manifest:
        try:
            return self._tree.edit(edits)
        except EntryClash:
            if not self._unseen:
                raise
        return self._cleared([path for path, entry in edits if entry is not None]).edit(edits)

    def _cleared(self, paths: list[str]) -> Manifest:
        """The tree without what cannot stand beside files of these paths."""
        tree, above = self._tree, set[str]()
        for path in paths:
            while (path := path.rpartition("/")[0]) and path not in above:
                above.add(path)
        tree = tree.edit([(path, None) for path in sorted(above) if tree.get(path) is not None])
        for path in paths:
            if tree.has_folder(path):
                # Trees never change: this one is read while the next is made of it.
                tree = tree.edit((each.path, None) for each in tree.entries(f"{path}/"))
        return tree

    @contextmanager
    def whole_or_not(self) -> Iterator[None]:
        """If the block raises, the draft is what it was before."""
        tree, edits = self._tree, dict(self._edits)
        try:
            yield
        except BaseException:
            self._tree, self._edits = tree, edits
            self._folders.clear()
            self._unseen = True
            raise

    def entries(self) -> Iterator[Entry]:
        """All entries, sorted by path."""
        if self._tree.count:
            return self.manifest().entries()
        # Nothing was folded yet: a tree would be built only to be read back.
        return (entry for _, entry in sorted(self._edits.items()) if entry is not None)

    def _refuse_clash(self, path: str) -> None:
        """Raise EntryClash for a path that is a folder already, or that lies below a file."""
        if self._unseen:
            self.fold()
        if path in self._folders or (self._tree.count and self._tree.has_folder(path)):
            below = self.below(path)
            if below:
                raise EntryClash(path, below[0].path)
            self._folders.clear()  # what is to be a file now was a folder once
        folder, seen = path.rpartition("/")[0], list[str]()
        while folder and folder not in self._folders:
            if self.get(folder) is not None:
                raise EntryClash(folder, path)
            seen.append(folder)
            folder = folder.rpartition("/")[0]
        self._folders.update(seen)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever put in."""
        return not self._edits and not self._tree.count

    @property
    def has_tree(self) -> bool:
        """Whether there is a tree below the newest edits."""
        return self._tree.count > 0

    def edits_above(self, root: Node) -> list[tuple[str, Entry | None]] | None:
        """The newest edits, sorted, if the tree below them has this root."""
        return sorted(self._edits.items()) if self._tree.root == root else None

    @property
    def unchanged_root(self) -> Node | None:
        """The tree's root, if there are no edits on top of it."""
        return None if self._edits else self._tree.root


def layered(base: Manifest) -> tuple[Manifest, LayeredNodes]:
    """The base over nodes of its own, in which new ones gather.

    A leaf that came with its record lies in no store, so it is among the new ones.
    """
    nodes = LayeredNodes(base.nodes)
    if base.inline() is not None:
        nodes.put(base.root.id, base.reader.data(base.root))
    return Manifest(nodes, base.root, base.algorithm), nodes
