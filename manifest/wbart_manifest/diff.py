"""The difference of two manifests, found by reading only the nodes in which they differ."""

from collections.abc import Iterator, Sequence

import msgspec

from wbart_manifest.entry import Entry, same_content
from wbart_manifest.errors import ManifestError
from wbart_manifest.manifest import Manifest
from wbart_manifest.node import Node
from wbart_manifest.tree import Reader


class Change(msgspec.Struct, frozen=True, gc=False):
    """One path that two manifests disagree about; None where it is not there."""

    path: str
    before: Entry | None
    after: Entry | None


def diff(a: Manifest, b: Manifest) -> Iterator[Change]:
    """Yield the changes from a to b in ascending order of path. Locations are no change.

    Both manifests use one algorithm. Reads O(changed nodes), holds one leaf of each.
    """
    if a.algorithm != b.algorithm:
        # Other digests would make every node and entry look changed.
        raise ManifestError(f"a {a.algorithm} manifest has no difference to a {b.algorithm} one")
    old, new = _Cursor(a.root, a.reader), _Cursor(b.root, b.reader)
    while not (old.done and new.done):
        if old.node is not None and new.node is not None and old.node.id == new.node.id:
            old.skip()
            new.skip()
        elif old.is_before(new):
            old.open()
        elif new.is_before(old):
            new.open()
        else:
            yield from _step(old, new)


def _step(old: "_Cursor", new: "_Cursor") -> Iterator[Change]:
    """Compare the next entry of each side; both stand at one, or at the end."""
    before, after = old.entry, new.entry
    if after is None or (before is not None and before.path < after.path):
        before, after = old.take(), None
    elif before is None or after.path < before.path:
        before, after = None, new.take()
    else:
        before, after = old.take(), new.take()
    if before is None and after is not None:
        yield Change(after.path, None, after)
    elif before is not None and (after is None or not same_content(before, after)):
        yield Change(before.path, before, after)


class _Cursor:
    """A place in a tree: before a subtree not yet opened, or before an entry of an open leaf."""

    def __init__(self, root: Node, reader: Reader) -> None:
        self._reader = reader
        self._ahead = [root]
        self._rows: Sequence[Entry] = ()
        self._at = 0

    @property
    def entry(self) -> Entry | None:
        """The next entry, when a leaf is open."""
        return self._rows[self._at] if self._at < len(self._rows) else None

    @property
    def node(self) -> Node | None:
        """The next subtree, when no leaf is open."""
        return self._ahead[-1] if self._ahead and self._at == len(self._rows) else None

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return not self._ahead and self._at == len(self._rows)

    def is_before(self, other: "_Cursor") -> bool:
        """Tell whether the subtree here must be opened before the other side can go on."""
        mine, theirs = self.node, other.node
        if mine is None:
            return False
        if theirs is None:
            return other.entry is None or mine.first <= other.entry.path
        # The lower one may be found whole inside the higher one, so the higher opens first.
        return (mine.first, -mine.level) <= (theirs.first, -theirs.level)

    def skip(self) -> None:
        """Pass the next subtree by."""
        self._ahead.pop()

    def open(self) -> None:
        """Read the next subtree, one level down."""
        node = self._ahead.pop()
        if node.level == 1:
            self._rows, self._at = self._reader.leaf(node, None), 0
        else:
            self._ahead += reversed(self._reader.branch(node, None))

    def take(self) -> Entry:
        """Return the next entry of the open leaf and pass it."""
        self._at += 1
        return self._rows[self._at - 1]
